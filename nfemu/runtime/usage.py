"""What lines have used, on its way from the enforcement points to the store: by business day, a commit every few
seconds for all lines together (G7).

What was reported and not stored yet is in memory only. A control process that is killed loses that, the last five
seconds; one that ends in order loses nothing. Octets count in the day in which their report arrives, so around midnight
up to a second of them is counted in the day after.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, tzinfo

from nfemu.bss.detection import next_day
from nfemu.carrier.ports import Clock, Store
from nfemu.model.errors import NfemuError
from nfemu.model.identity import Imsi, PolicyName
from nfemu.model.usage import Usage

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_STORE_EVERY = 5
"""Looks."""
KEPT = timedelta(days=62)
"""How long a day's use is kept."""

Key = tuple[Imsi, PolicyName]


class UsageBook:
    """`zone` is the carrier's, which a reload may change; `day_began` is called when the day has become another one,
    `stored` with what has become durable."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        zone: Callable[[], tzinfo],
        day_began: Callable[[], None],
        stored: Callable[[Sequence[Usage]], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self._day_began = day_began
        self._stored = stored
        self._day = self.today()
        self._waiting: dict[tuple[date, Imsi, PolicyName, str], tuple[int, int]] = {}
        self._at_start: dict[Key, int] = {}
        self._storing = asyncio.Lock()
        self._work: asyncio.Task[None] | None = None

    def today(self) -> date:
        """The business day, in the carrier's zone."""
        return self._clock.now().astimezone(self._zone()).date()

    def ends_at(self) -> datetime:
        """Of the business day."""
        return next_day(self._zone(), self._clock.now())

    def used_at_start(self) -> dict[Key, int]:
        """What lines had used in this business day before this process began; nothing in a later day."""
        return self._at_start if self._day == self.today() else {}

    async def load(self) -> None:
        """Raises Unavailable."""
        self._day = self.today()
        self._at_start.clear()
        for each in await self._store.usage_of_day(self._day):
            key = (each.imsi, each.policy)
            self._at_start[key] = self._at_start.get(key, 0) + each.up + each.down

    def start(self) -> None:
        self._work = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Store what waits, if that is possible."""
        await self.abandon()
        await self._store_or_wait()

    async def abandon(self) -> None:
        """Store nothing any more."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])

    def add(self, usage: Sequence[Usage]) -> None:
        """A point's report."""
        self._wait(self.today(), usage)

    async def of(self, imsi: Imsi, day: date) -> list[Usage]:
        """What the line has used that day, as far as reported. Raises Unavailable."""
        await self.store()
        return await self._store.usage(imsi, day)

    async def store(self) -> None:
        """Everything that waits. Raises Unavailable: it goes on waiting."""
        async with self._storing:
            waiting, self._waiting = self._waiting, {}
            by_day: dict[date, list[Usage]] = {}
            for (day, imsi, policy, group), (up, down) in waiting.items():
                by_day.setdefault(day, []).append(Usage(imsi, policy, group, up, down))
            while by_day:
                day = min(by_day)
                try:
                    await self._store.add_usage(day, by_day[day])
                except NfemuError:
                    for each, usage in by_day.items():
                        self._wait(each, usage)
                    raise
                self._stored(by_day.pop(day))

    def look_at_the_day(self) -> None:
        """Called whenever business time may have moved."""
        if self._day != self.today():
            self._at_start.clear()
            self._day = self.today()
            self._day_began()

    def _wait(self, day: date, usage: Sequence[Usage]) -> None:
        for each in usage:
            key = (day, each.imsi, each.policy, each.group)
            up, down = self._waiting.get(key, (0, 0))
            self._waiting[key] = (up + each.up, down + each.down)

    async def _run(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            looks += 1
            before = self._day
            self.look_at_the_day()
            if looks % _STORE_EVERY == 0:
                await self._store_or_wait()
            if before != self._day:
                await self._forget()

    async def _store_or_wait(self) -> None:
        try:
            await self.store()
        except NfemuError as error:
            _log.warning("what lines have used could not be stored and waits: %s", error)

    async def _forget(self) -> None:
        try:
            await self._store.forget_usage(self._day - KEPT)
        except NfemuError as error:
            _log.warning("what lines used long ago could not be forgotten: %s", error)
