"""Clocks. Business time is the wall's or a test clock's; the wall itself is never moved (architecture, section 7)."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from nfemu.carrier.ports import Store
from nfemu.model.errors import Conflict, InvalidInput


class WallClock:
    """Business time that is wall time. Implements `carrier.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class TestClock:
    """Business time that moves forward when told and only then; it stays where it is over a restart.

    Implements `carrier.ports.Clock`. `start` is where it begins when it has never run.
    """

    __test__ = False  # the name is the user's word for it, not pytest's

    def __init__(self, store: Store, start: datetime) -> None:
        self._store = store
        self._now = _aware(start)

    def now(self) -> datetime:
        return self._now

    async def load(self) -> None:
        """Go to where the clock stood; a first start is recorded. Raises Unavailable."""
        stood = await self._store.read_clock()
        if stood is None:
            await self._store.write_clock(self._now)
        else:
            self._now = stood

    async def move(self, to: datetime) -> None:
        """Durable before it is visible. Raises Conflict for the past, InvalidInput without a zone, Unavailable."""
        if _aware(to) < self._now:
            raise Conflict(
                f"the test clock stands at {self._now.isoformat()} and only moves forward; `{to.isoformat()}` is past"
            )
        await self._store.write_clock(to)
        self._now = to


async def leave_test_clock(store: Store, wall: datetime) -> None:
    """Business time goes over to the wall clock, and the test clock's position is forgotten.

    Raises Conflict where business time would go back: entries would be booked before those that are there, orders
    and holds would last until the wall clock has caught up. Raises Unavailable.
    """
    stood = await store.read_clock()
    if stood is None:
        return
    if stood > wall:
        raise Conflict(
            f"the test clock of this state stands at {stood.isoformat(timespec='seconds')}, ahead of the wall clock, "
            "and business time never goes back; go on with `nfemu up --clock test`, or empty the state by `nfemu reset`"
        )
    await store.write_clock(None)


@dataclass(frozen=True, slots=True)
class Trace:
    """The time since a trigger. Counted on the monotonic clock, so that a step of the wall clock never shows."""

    began: datetime
    """Wall time."""
    mark: float
    """The monotonic clock then, seconds."""

    @classmethod
    def begin(cls) -> Self:
        return cls(datetime.now(UTC), time.monotonic())

    @classmethod
    def since(cls, began: datetime) -> Self:
        """Go on with a trigger that an earlier process saw."""
        return cls(began, time.monotonic() - (datetime.now(UTC) - began).total_seconds())

    def stamp(self) -> tuple[datetime, float]:
        """Wall time now, and the milliseconds since the trigger."""
        elapsed = time.monotonic() - self.mark
        return self.began + timedelta(seconds=elapsed), round(elapsed * 1000, 3)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidInput(f"time `{moment.isoformat()}` has no zone; write it like 2026-11-01T08:00:00+08:00")
    return moment
