"""How a connection keeps to the limits of its flow (G7), which may be others from one moment to the next.

Whoever waits by limits that hold no longer has waited long enough: what it waits for was passed under them.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import TypeVar

from nfemu.gateway.engine.limiter import Limiter

Waited = TypeVar("Waited")


class Pacing:
    """Of one flow. `essential`: also past the daily cap."""

    __slots__ = ("_waiting", "essential", "limiter")

    def __init__(self) -> None:
        """There are no limits yet."""
        self.limiter: Limiter | None = None
        self.essential = True
        self._waiting: list[asyncio.Timeout] = []

    @property
    def rate(self) -> int:
        """Bits per second that hold now; 0: none."""
        return self.limiter.rate if self.limiter is not None else 0

    def change(self, limiter: Limiter | None, *, essential: bool) -> None:
        """The flow goes on within other limits, at once where it waits by those of before."""
        self.essential = essential
        if limiter is self.limiter:
            return
        self.limiter = limiter
        while self._waiting:
            self._waiting.pop().reschedule(0)

    async def pace(self, octets: int) -> None:
        """Return when it may go on, having passed `octets` since it last did; at once past the cap."""
        limiter = self.limiter
        if limiter is not None and (self.essential or not limiter.ends(octets)):
            await self._unless_changed(limiter.pace(octets))

    async def enter(self, octets: int) -> bool:
        """The same for a connection that has passed nothing: see Limiter."""
        while (limiter := self.limiter) is not None:
            entered = await self._unless_changed(limiter.enter(octets))
            if entered is not None:
                return entered
        return True

    def is_over(self) -> bool:
        """Is it past the daily cap, with nothing that paying needs?"""
        return not self.essential and self.limiter is not None and self.limiter.exceeded()

    async def _unless_changed(self, waiting: Coroutine[None, None, Waited]) -> Waited | None:
        """None: the limits are others now."""
        changed = asyncio.timeout(None)
        with contextlib.suppress(TimeoutError):
            async with changed:
                self._waiting.append(changed)
                try:
                    return await waiting
                finally:
                    if changed in self._waiting:
                        self._waiting.remove(changed)
        return None
