"""Clocks: the wall's, and the test clock that only moves forward and survives a restart."""

from datetime import UTC, datetime, timedelta

import pytest

from nfemu.model.errors import Conflict, InvalidInput, Unavailable
from nfemu.runtime import clocks
from tests.fakes.faults import Faults
from tests.fakes.store import MemoryStore

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_wall_clock_knows_its_zone() -> None:
    assert clocks.WallClock().now().tzinfo is UTC


async def test_the_test_clock_stands_still_until_moved_and_stays_there() -> None:
    store = MemoryStore()
    clock = clocks.TestClock(store, START)
    await clock.load()
    assert clock.now() == START
    await clock.move(START + DAY)
    again = clocks.TestClock(store, START)
    await again.load()
    assert again.now() == START + DAY


async def test_it_never_moves_back() -> None:
    clock = clocks.TestClock(MemoryStore(), START)
    with pytest.raises(Conflict, match="only moves forward"):
        await clock.move(START - DAY)
    with pytest.raises(InvalidInput, match="has no zone"):
        await clock.move(datetime(2027, 1, 1))  # noqa: DTZ001 - the point of the test
    assert clock.now() == START


async def test_a_move_that_is_not_stored_has_not_happened() -> None:
    faults = Faults()
    clock = clocks.TestClock(MemoryStore(faults), START)
    faults.fail("store")
    with pytest.raises(Unavailable):
        await clock.move(START + DAY)
    assert clock.now() == START


def test_a_trace_counts_from_its_trigger() -> None:
    trace = clocks.Trace.begin()
    (at, elapsed), (later, more) = trace.stamp(), trace.stamp()
    assert trace.began <= at <= later
    assert 0 <= elapsed <= more


def test_a_resumed_trace_goes_on_counting() -> None:
    began = datetime.now(UTC) - timedelta(seconds=90)
    at, elapsed = clocks.Trace.since(began).stamp()
    assert 90_000 <= elapsed < 150_000
    assert abs(at - datetime.now(UTC)) < timedelta(seconds=60)


async def test_the_wall_clock_takes_over_from_a_test_clock_that_it_has_passed() -> None:
    """The next test clock does not fall back behind what was booked on the wall clock."""
    store = MemoryStore()
    await clocks.leave_test_clock(store, START)
    await clocks.TestClock(store, START).load()
    await clocks.leave_test_clock(store, START)
    again = clocks.TestClock(store, START + DAY)
    await again.load()
    assert again.now() == START + DAY


async def test_the_wall_clock_does_not_take_business_time_back() -> None:
    store = MemoryStore()
    await clocks.TestClock(store, START + DAY).load()
    with pytest.raises(Conflict, match=r"stands at 2026-11-02T00:00:00\+00:00, ahead .* or empty the state"):
        await clocks.leave_test_clock(store, START)
    assert await store.read_clock() == START + DAY
