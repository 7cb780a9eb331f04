"""Duties in business time: in order, each at its own time, kept until they succeed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from nfemu.model.errors import Conflict, Unavailable
from nfemu.runtime import agenda as module
from nfemu.runtime import clocks
from nfemu.runtime.agenda import Agenda, Happening
from tests.fakes.ports import FakeClock
from tests.fakes.store import MemoryStore

START = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Diary:
    """Duties that write down when they ran."""

    def __init__(self, clock: clocks.TestClock) -> None:
        self.clock = clock
        self.entries: list[tuple[str, datetime]] = []
        self.broken: set[str] = set()

    def duty(self, name: str, text: str | None = "done") -> Callable[[], Awaitable[str | None]]:
        async def run() -> str | None:
            if name in self.broken:
                raise Unavailable("disk full; try again")
            self.entries.append((name, self.clock.now()))
            return text and f"{name} {text}"

        return run


def fresh() -> tuple[clocks.TestClock, Agenda, Diary]:
    clock = clocks.TestClock(MemoryStore(), START)
    return clock, Agenda(clock), Diary(clock)


async def test_advancing_runs_everything_in_order_at_its_own_time() -> None:
    clock, agenda, diary = fresh()
    agenda.add(START + 3 * MINUTE, diary.duty("c"))
    agenda.add(START + MINUTE, diary.duty("a"))
    agenda.add(START + MINUTE, diary.duty("b", None))
    agenda.add(START + 9 * MINUTE, diary.duty("d"))
    happened = await agenda.advance(clock, START + 5 * MINUTE)
    assert happened == [Happening(START + MINUTE, "a done"), Happening(START + 3 * MINUTE, "c done")]
    assert diary.entries == [("a", START + MINUTE), ("b", START + MINUTE), ("c", START + 3 * MINUTE)]
    assert clock.now() == START + 5 * MINUTE


async def test_a_duty_that_fails_stops_the_clock_there_and_is_kept() -> None:
    clock, agenda, diary = fresh()
    agenda.add(START + MINUTE, diary.duty("a"))
    diary.broken.add("a")
    with pytest.raises(Unavailable):
        await agenda.advance(clock, START + 5 * MINUTE)
    assert clock.now() == START + MINUTE
    diary.broken.clear()
    assert len(await agenda.advance(clock, START + 5 * MINUTE)) == 1


async def test_the_past_is_refused() -> None:
    clock, agenda, _ = fresh()
    with pytest.raises(Conflict):
        await agenda.advance(clock, START - MINUTE)


async def test_on_the_wall_clock_a_duty_runs_when_its_time_has_come() -> None:
    """Added while the agenda sleeps, due now: it must wake up."""
    clock = FakeClock(START)
    agenda = Agenda(clock)
    await agenda.start()
    ran = asyncio.Event()

    async def run() -> str | None:
        ran.set()
        return None

    await asyncio.sleep(0)
    agenda.add(START + MINUTE, run)
    await asyncio.sleep(0)
    assert not ran.is_set()
    agenda.add(START, run)
    await asyncio.wait_for(ran.wait(), 5)
    await agenda.stop()


async def test_a_start_on_the_wall_clock_does_what_is_due_before_it_returns() -> None:
    agenda = Agenda(FakeClock(START))
    ran = []

    async def run() -> str | None:
        await asyncio.sleep(0)
        ran.append(START)
        return None

    agenda.add(START, run)
    agenda.add(START + MINUTE, run)
    await agenda.start()
    assert ran == [START]
    await agenda.stop()


async def test_a_start_does_not_wait_for_ever_and_whoever_moves_the_clock_does() -> None:
    """Such as for a look at every account, ten thousand of them, under another policy."""
    clock = clocks.TestClock(MemoryStore(), START)
    agenda = Agenda(clock, patience_s=0.0)
    go_on = asyncio.Event()
    ran = []

    async def run() -> str | None:
        await go_on.wait()
        ran.append(clock.now())
        return "done"

    agenda.add(START, run)
    await agenda.start()
    assert ran == []
    moving = asyncio.create_task(agenda.advance(clock, START + MINUTE))
    go_on.set()
    assert await moving == []
    assert ran == [START]
    assert clock.now() == START + MINUTE
    await agenda.stop()


async def test_what_breaks_a_start_is_told() -> None:
    agenda = Agenda(FakeClock(START))

    async def run() -> str | None:
        raise ValueError("a defect")

    agenda.add(START, run)
    with pytest.raises(ValueError, match="a defect"):
        await agenda.start()


async def test_on_the_wall_clock_a_failed_duty_waits_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY", timedelta(0))
    agenda = Agenda(FakeClock(START))
    tries = 0
    done = asyncio.Event()

    async def run() -> str | None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Unavailable("disk full; try again")
        done.set()
        return "done"

    agenda.add(START, run)
    await agenda.start()
    await asyncio.wait_for(done.wait(), 5)
    assert tries == 2
    await agenda.stop()


async def test_an_agenda_that_never_started_can_be_stopped() -> None:
    await Agenda(FakeClock(START)).stop()
