"""Nonces that were used: whoever signs anew uses none twice, so a second one is a replay.

They are remembered by this process alone. What was signed before it began may have been used in the one before, so it
is a replay as well: whoever means it signs anew, as providers and merchants do with every attempt. Timestamps are whole
seconds, and no process is killed and there again within one.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta


class Nonces:
    """Kept for as long as the timestamp that goes with them could pass. `wall` is aware wall time."""

    def __init__(self, wall: Callable[[], datetime], freshness: timedelta) -> None:
        self._wall = wall
        self._kept_for = 2 * freshness
        self._heard: OrderedDict[str, datetime] = OrderedDict()
        self._began = int(wall().timestamp())

    def is_replay(self, nonce: str, signed_at: int) -> bool:
        """Whether it was used before, or may have been; it is from now on. `signed_at`: its timestamp, in seconds."""
        if signed_at < self._began:
            return True
        now = self._wall()
        while self._heard and next(iter(self._heard.values())) < now:
            self._heard.popitem(last=False)
        if nonce in self._heard:
            return True
        self._heard[nonce] = now + self._kept_for
        return False
