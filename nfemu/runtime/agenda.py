"""Duties that fall due in business time, such as the expiry of a payment order.

A duty is derived from what is stored (a payment and its `expires_at`), so the agenda itself needs no storing: it
is filled again at start. On the wall clock it waits; on the test clock nothing happens until somebody advances
it, and then everything that falls due happens in order, each at its own time.
"""

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nfemu.carrier.ports import Clock
from nfemu.model.errors import NfemuError
from nfemu.runtime.clocks import TestClock

_log = logging.getLogger(__name__)
_RETRY = timedelta(seconds=5)
_LONGEST_WAIT = 3600.0
"""Seconds; the wall clock may be stepped while the timer sleeps."""
_PATIENCE_S = 5.0
"""How long a start waits for what is due."""


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """`run` says what happened, or None where the duty had become moot. Raises an NfemuError: it is tried again."""

    due_at: datetime
    order: int
    run: Callable[[], Awaitable[str | None]] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Happening:
    """What a duty did, and when in business time."""

    at: datetime
    text: str


class Agenda:
    """Duties by the time at which they fall due; equal times in the order in which they were added."""

    def __init__(self, clock: Clock, patience_s: float = _PATIENCE_S) -> None:
        self.horizon: datetime | None = None
        """Where the test clock is being moved to; None while it stands."""
        self._clock = clock
        self._patience_s = patience_s
        self._duties: list[Duty] = []
        self._added = 0
        self._timer: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        """One duty at a time, whoever has it run."""

    def add(self, due_at: datetime, run: Callable[[], Awaitable[str | None]]) -> None:
        self._added += 1
        heapq.heappush(self._duties, Duty(due_at, self._added, run))
        self._changed.set()

    async def start(self) -> None:
        """Do what is due, and on the wall clock wait for duties from then on.

        Much may be due, such as a look at each of ten thousand accounts under another policy: then the rest is done
        while the carrier serves, and whoever moves the clock waits for it.
        """
        begun = asyncio.Event()
        self._timer = asyncio.create_task(self._keep(begun))
        heard = asyncio.create_task(begun.wait())
        await asyncio.wait({self._timer, heard}, timeout=self._patience_s, return_when=asyncio.FIRST_COMPLETED)
        heard.cancel()
        if self._timer.done():
            await self._timer

    async def _keep(self, begun: asyncio.Event) -> None:
        await self._run_due_alone()
        begun.set()
        if not isinstance(self._clock, TestClock):
            await self._wait()

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.wait([self._timer])

    async def run_due(self) -> list[Happening]:
        """Run what is due now; what happened, in order. Raises the first failure, its duty kept."""
        happened = []
        async with self._turn:
            while self._is_due():
                duty = heapq.heappop(self._duties)
                try:
                    text = await duty.run()
                except NfemuError:
                    heapq.heappush(self._duties, duty)
                    raise
                if text is not None:
                    happened.append(Happening(duty.due_at, text))
        return happened

    async def advance(self, clock: TestClock, to: datetime) -> list[Happening]:
        """Move the test clock to `to`, stopping at every duty on the way.

        Raises Conflict, InvalidInput; Unavailable: the clock stands where the failure was.
        """
        self.horizon = to
        try:
            happened = await self.run_due()
            while self._duties and self._duties[0].due_at <= to:
                await clock.move(self._duties[0].due_at)
                happened += await self.run_due()
            await clock.move(to)
        finally:
            self.horizon = None
        return happened

    async def _wait(self) -> None:
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout(self._seconds()):
                    await self._changed.wait()
            except TimeoutError:
                await self._run_due_alone()

    def _seconds(self) -> float:
        if not self._duties:
            return _LONGEST_WAIT
        return min(_LONGEST_WAIT, max(0.0, (self._duties[0].due_at - self._clock.now()).total_seconds()))

    async def _run_due_alone(self) -> None:
        """As `run_due`, with nobody to tell of a failure: it is logged, and its duty waits."""
        async with self._turn:
            while self._is_due():
                duty = heapq.heappop(self._duties)
                try:
                    await duty.run()
                except NfemuError as error:
                    _log.warning("a duty failed and is tried again in %s: %s", _RETRY, error)
                    self.add(self._clock.now() + _RETRY, duty.run)

    def _is_due(self) -> bool:
        return bool(self._duties) and self._duties[0].due_at <= self._clock.now()
