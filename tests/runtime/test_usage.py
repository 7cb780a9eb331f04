"""From reports to the store: by business day, together, and nothing is lost while the store is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi, PolicyName
from nfemu.model.usage import Usage
from nfemu.runtime import usage as usage_module
from nfemu.runtime.usage import KEPT, UsageBook
from tests.fakes.faults import Faults
from tests.fakes.ports import FakeClock
from tests.fakes.store import MemoryStore

SHANGHAI = ZoneInfo("Asia/Shanghai")
LATE = datetime(2026, 11, 1, 23, 59, tzinfo=SHANGHAI)
FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 2)
IMSI = Imsi("460001380013800")


def used(up: int, down: int = 0, group: str = "portal") -> Usage:
    return Usage(IMSI, PolicyName("arrears"), group, up, down)


class World:
    def __init__(self) -> None:
        self.faults = Faults()
        self.store = MemoryStore(self.faults)
        self.clock = FakeClock(LATE)
        self.days = 0
        self.zone: tzinfo = SHANGHAI
        self.book = UsageBook(self.store, self.clock, lambda: self.zone, self.day_began)

    def day_began(self) -> None:
        self.days += 1


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.book.load()
    yield world
    await world.book.stop()


async def test_reports_add_up_by_business_day(world: World) -> None:
    world.book.add([used(1, 10), used(2, 20, "payment")])
    world.book.add([used(3, 30)])
    world.clock.time += timedelta(minutes=2)
    world.book.add([used(5)])
    assert await world.book.of(IMSI, FIRST) == [used(2, 20, "payment"), used(4, 40)]
    assert await world.book.of(IMSI, SECOND) == [used(5)]
    assert world.book.ends_at() == datetime(2026, 11, 3, tzinfo=SHANGHAI)


async def test_what_cannot_be_stored_waits(world: World) -> None:
    world.faults.fail("store", after=1)
    world.book.add([used(1)])
    world.clock.time += timedelta(minutes=2)
    world.book.add([used(2)])
    with pytest.raises(Unavailable):
        await world.book.store()
    world.book.add([used(4)])
    await world.book._store_or_wait()
    world.faults.heal()
    assert await world.book.of(IMSI, FIRST) == [used(1)]
    assert await world.book.of(IMSI, SECOND) == [used(6)]


async def test_a_new_process_knows_what_was_used_that_day(world: World) -> None:
    world.book.add([used(1, 2), used(3, 4, "payment")])
    await world.book.stop()
    again = UsageBook(world.store, world.clock, lambda: SHANGHAI, world.day_began)
    await again.load()
    assert again.used_at_start() == {(IMSI, PolicyName("arrears")): 10}
    world.clock.time += timedelta(minutes=2)
    assert again.used_at_start() == {}


async def test_a_new_day_is_noticed_once_and_old_ones_are_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_module, "_LOOK_EVERY_S", 0)
    world.book.add([used(1)])
    world.book.look_at_the_day()
    assert world.days == 0
    await world.book.store()
    world.clock.time += KEPT + timedelta(days=1)
    world.book.start()
    while await world.store.usage_of_day(FIRST):  # noqa: ASYNC110 (the book runs in this loop: turn it)
        await asyncio.sleep(0)
    assert world.days == 1
    world.faults.fail("store")
    await world.book._forget()


async def test_a_changed_time_zone_changes_the_day(world: World) -> None:
    """Late in the evening in Shanghai it is still the same day in Greenwich, and was so for longer."""
    world.clock.time += timedelta(minutes=2)
    world.book.look_at_the_day()
    assert (world.book.today(), world.days) == (SECOND, 1)
    world.zone = UTC
    world.book.look_at_the_day()
    assert (world.book.today(), world.days) == (SECOND - timedelta(days=1), 2)
    assert world.book.ends_at() == datetime.combine(SECOND, time(), UTC)
