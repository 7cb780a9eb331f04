"""Nonces that were used: whoever signs anew uses none twice, so a second one is a replay."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta


class Nonces:
    """Kept for as long as the timestamp that goes with them could pass. `wall` is aware wall time."""

    def __init__(self, wall: Callable[[], datetime], freshness: timedelta) -> None:
        self._wall = wall
        self._kept_for = 2 * freshness
        self._heard: OrderedDict[str, datetime] = OrderedDict()

    def is_replay(self, nonce: str) -> bool:
        """Whether it was used before; it is from now on."""
        now = self._wall()
        while self._heard and next(iter(self._heard.values())) < now:
            self._heard.popitem(last=False)
        if nonce in self._heard:
            return True
        self._heard[nonce] = now + self._kept_for
        return False
