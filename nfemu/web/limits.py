"""How often somebody may be wrong: guesses at tickets, PINs, tokens and signatures, counted per caller.

Only failures count, and only against whoever made them: nobody locks out somebody else, and whoever is right is
turned away only where a right guess would be a danger (`Attempts.check`).
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_address

from starlette.requests import HTTPConnection

from nfemu.model.errors import NfemuError

_CALLERS = 10_000
"""Remembered at most; the one who was wrong longest ago is forgotten first."""
_UE_PREFIX = 64
"""What one phone has of IPv6 (TS 23.401 clause 5.3.1.2.2): it chooses the rest of its address itself."""


class TooMany(NfemuError):
    """Wrong too often (HTTP 429). `retry_after`: whole seconds until the next attempt counts."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many wrong attempts; try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(slots=True)
class _Count:
    began: float
    failures: int = 0


class Attempts:
    """At most `allowed` failures of one caller in `window_s` seconds. `clock` is monotonic, in seconds."""

    def __init__(self, allowed: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = allowed
        self._window_s = window_s
        self._clock = clock
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def check(self, caller: str) -> None:
        """Before what can be guessed. Raises TooMany."""
        count = self._counts.get(caller)
        if count is None or count.failures < self._allowed:
            return
        left = count.began + self._window_s - self._clock()
        if left > 0:
            raise TooMany(math.ceil(left))
        del self._counts[caller]

    def failed(self, caller: str) -> None:
        """Count one. Raises TooMany where the caller had used them up before."""
        self.check(caller)
        now = self._clock()
        count = self._counts.get(caller)
        if count is None or now - count.began >= self._window_s:
            count = self._counts[caller] = _Count(now)
        count.failures += 1
        self._counts.move_to_end(caller)
        if len(self._counts) > _CALLERS:
            self._counts.popitem(last=False)


def caller_of(connection: HTTPConnection) -> str:
    """Who is asking, by address: the UE's as the gateway vouches for it, or that of a client of the API."""
    if connection.client is None:
        return ""
    address = ip_address(connection.client.host)
    if address.version == 4:
        return str(address)
    return str(IPv6Network((int(address), _UE_PREFIX), strict=False).network_address)
