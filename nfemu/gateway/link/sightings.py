"""Blocked requests on their way to the control process: lines, not requests, and at most one message a second."""

import asyncio
from collections.abc import Callable

from nfemu.carrier.ports import LineState
from nfemu.gateway.link.messages import Blocked, BlockedLine
from nfemu.model.identity import Msisdn

INTERVAL_S = 1.0
MOST_LINES = 1000
"""Per message. Whoever finds no place is reported with the next request that is refused."""


class Sightings:
    """The first one goes out at once; what follows within `INTERVAL_S` goes out together at its end."""

    def __init__(self, send: Callable[[Blocked], None]) -> None:
        self._send = send
        self._waiting: dict[Msisdn, int] = {}
        self._pause: asyncio.TimerHandle | None = None

    def blocked(self, state: LineState) -> None:
        if state.msisdn in self._waiting or len(self._waiting) < MOST_LINES:
            self._waiting[state.msisdn] = state.version
        if self._pause is None:
            self._flush()

    def drop(self) -> None:
        """The link has ended; nobody is to be told."""
        self._waiting.clear()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _flush(self) -> None:
        self._pause = None
        if self._waiting:
            self._send(Blocked(tuple(BlockedLine(msisdn, version) for msisdn, version in self._waiting.items())))
            self._waiting.clear()
            self._pause = asyncio.get_running_loop().call_later(INTERVAL_S, self._flush)
