"""Duties of accounts: in order, each at its own moment, none held up by another one, none lost."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from nfemu.carrier.ports import PutDuty
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.errors import Unavailable
from nfemu.model.identity import AccountId
from nfemu.runtime import agenda as agendas
from nfemu.runtime import clocks
from nfemu.runtime.agenda import Agenda, Happening
from nfemu.runtime.calendar import Calendar
from tests.fakes.faults import Faults
from tests.fakes.ports import FakeClock
from tests.fakes.store import MemoryStore

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ZHANG, LI, WANG = (AccountId(name) for name in ("zhang", "li", "wang"))


class FailingReads(MemoryStore):
    """Its duties cannot be read where `duties` fails."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._reading = faults

    async def next_duty(self) -> AccountDuty | None:
        with self._reading.point("duties"):
            return await super().next_duty()


class Diary:
    """Duties that are done once, or moved on by `step`; those of `stuck` accounts fail."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.store = FailingReads(faults or Faults())
        self.clock = clocks.TestClock(self.store, START)
        self.agenda = Agenda(self.clock)
        self.calendar = Calendar(self.store, self.agenda, self.clock, self._do)
        self.stuck: set[AccountId] = set()
        self.step: timedelta | None = None
        self.done: list[tuple[AccountDuty, datetime]] = []

    async def plan(self, account: AccountId, due_at: datetime, kind: DutyKind = DutyKind.FEES) -> None:
        await self.store.commit([PutDuty(account, kind, due_at)])

    async def _do(self, duty: AccountDuty) -> str | None:
        if duty.account in self.stuck:
            raise Unavailable("disk full; try again")
        after = None if self.step is None else duty.due_at + self.step
        await self.store.commit([PutDuty(duty.account, duty.kind, after)])
        self.done.append((duty, self.clock.now()))
        return None if duty.kind is DutyKind.DUNNING else f"{duty.account}: {duty.kind.name.lower()}"


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def test_each_duty_is_a_happening_at_its_own_moment(diary: Diary) -> None:
    await diary.plan(WANG, START + 2 * DAY)
    await diary.plan(ZHANG, START + DAY, DutyKind.CREDIT)
    await diary.plan(LI, START + DAY)
    await diary.plan(LI, START + DAY, DutyKind.DUNNING)
    await diary.plan(ZHANG, START + 5 * DAY)
    await diary.calendar.start()
    happened = await diary.agenda.advance(diary.clock, START + 3 * DAY)
    assert happened == [
        Happening(START + DAY, "li: fees"),
        Happening(START + DAY, "zhang: credit"),
        Happening(START + 2 * DAY, "wang: fees"),
    ]
    assert [at for _, at in diary.done] == [START + DAY] * 3 + [START + 2 * DAY]


async def test_a_duty_that_moves_on_comes_again(diary: Diary) -> None:
    diary.step = DAY
    await diary.plan(ZHANG, START + DAY)
    await diary.calendar.start()
    await diary.agenda.advance(diary.clock, START + 30 * DAY)
    assert [duty.due_at for duty, _ in diary.done] == [START + days * DAY for days in range(1, 31)]


async def test_what_was_missed_is_done_in_its_order_for_its_own_moment(diary: Diary) -> None:
    await diary.plan(ZHANG, START - 2 * DAY)
    await diary.plan(LI, START - 3 * DAY)
    await diary.calendar.start()
    happened = await diary.agenda.run_due()
    assert happened == [Happening(START - 3 * DAY, "li: fees"), Happening(START - 2 * DAY, "zhang: fees")]


async def test_what_is_planned_meanwhile_for_an_earlier_moment_comes_first(diary: Diary) -> None:
    await diary.plan(ZHANG, START + 2 * DAY)
    await diary.calendar.start()
    await diary.plan(LI, START + DAY)
    diary.calendar.watch(START + DAY)
    happened = await diary.agenda.advance(diary.clock, START + 3 * DAY)
    assert [each.at for each in happened] == [START + DAY, START + 2 * DAY]


async def test_a_duty_that_is_not_there_any_more_does_nothing(diary: Diary) -> None:
    await diary.plan(ZHANG, START + DAY)
    await diary.calendar.start()
    await diary.plan(ZHANG, START + 3 * DAY)
    assert await diary.agenda.advance(diary.clock, START + 2 * DAY) == []
    assert await diary.agenda.advance(diary.clock, START + 3 * DAY) == [Happening(START + 3 * DAY, "zhang: fees")]


async def test_a_duty_that_fails_holds_up_no_other_and_is_done_later(diary: Diary) -> None:
    diary.stuck = {LI}
    for account in (LI, WANG, ZHANG):
        await diary.plan(account, START + DAY)
    await diary.calendar.start()
    with pytest.raises(Unavailable, match="disk full"):
        await diary.agenda.advance(diary.clock, START + 2 * DAY)
    assert [duty.account for duty, _ in diary.done] == [WANG, ZHANG]
    assert diary.clock.now() == START + DAY
    diary.stuck.clear()
    assert await diary.agenda.advance(diary.clock, START + 2 * DAY) == [Happening(START + DAY, "li: fees")]


async def test_on_the_wall_clock_a_start_does_what_was_missed_and_tries_again_what_failed(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agendas, "_RETRY", timedelta(0))
    agenda = Agenda(FakeClock(START))
    tried = asyncio.Event()

    async def do(duty: AccountDuty) -> str | None:
        if duty.account == WANG and not tried.is_set():
            tried.set()
            raise Unavailable("disk full; try again")
        await diary.store.commit([PutDuty(duty.account, duty.kind, None)])
        diary.done.append((duty, START))
        return None

    await diary.plan(ZHANG, START - DAY)
    await diary.plan(LI, START - 40 * DAY)
    await diary.plan(WANG, START - 50 * DAY)
    await Calendar(diary.store, agenda, FakeClock(START), do).start()
    await agenda.start()
    assert [duty.account for duty, _ in diary.done] == [LI, WANG, ZHANG]
    await agenda.stop()


async def test_looks_do_not_breed_more_looks(diary: Diary) -> None:
    diary.step = DAY
    for days, account in enumerate((ZHANG, LI, WANG)):
        await diary.plan(account, START + DAY - days * timedelta(hours=1))
        diary.calendar.watch(START + DAY - days * timedelta(hours=1))
    await diary.agenda.advance(diary.clock, START + 30 * DAY)
    assert len(diary.done) == 90
    assert len(diary.agenda._duties) == 1


async def test_a_store_that_is_away_between_two_duties_ends_no_look_out() -> None:
    faults = Faults()
    diary = Diary(faults)
    for account in (ZHANG, LI):
        await diary.plan(account, START + DAY)
    await diary.calendar.start()
    faults.fail("duties")
    with pytest.raises(Unavailable):
        await diary.agenda.advance(diary.clock, START + 2 * DAY)
    faults.heal()
    await diary.agenda.advance(diary.clock, START + 2 * DAY)
    assert [duty.account for duty, _ in diary.done] == [LI, ZHANG]
