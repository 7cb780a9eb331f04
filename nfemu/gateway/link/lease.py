"""A point's lease: the right to serve until a moment that counts from when it was asked for."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from nfemu.gateway.link.messages import LinkError


class Lease:
    """`length_s` seconds from each question that was answered; `lapsed` is called when the time is up."""

    def __init__(self, length_s: float = 0.0, lapsed: Callable[[], Awaitable[None]] | None = None) -> None:
        self._length_s = length_s
        self._lapsed = lapsed
        self._until = 0.0
        self._asked: dict[int, float] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()

    async def begun(self) -> None:
        """Return when it has been granted for the first time."""
        await self._begun.wait()

    def runs(self) -> bool:
        return time.monotonic() < self._until

    def asked(self, number: int) -> None:
        """Question `number` goes out now."""
        self._asked[number] = time.monotonic()

    def granted(self, number: int) -> None:
        """Question `number` was answered. Raises LinkError when it was never asked."""
        asked_at = self._asked.get(number)
        if asked_at is None:
            raise LinkError(f"a lease that was not asked for ({number})")
        self._asked = {later: at for later, at in self._asked.items() if later > number}
        self._until = asked_at + self._length_s
        self._begun.set()
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(self._until - time.monotonic(), self._expire)

    def drop(self) -> None:
        """It never runs again, and nobody is told."""
        self._until = 0.0
        if self._alarm is not None:
            self._alarm.cancel()

    def _expire(self) -> None:
        """The control process hangs: what is open is closed, as if it had gone."""
        if self._lapsed is not None:
            self._closing = asyncio.ensure_future(self._lapsed())
