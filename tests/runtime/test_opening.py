"""Opening hours on the business clock: every change is told when it falls due, and old plans are forgotten."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, Hours
from nfemu.runtime.agenda import Agenda
from nfemu.runtime.clocks import TestClock
from nfemu.runtime.opening import OpeningHours
from tests.fakes.store import MemoryStore

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 2, 7, 0, tzinfo=SHANGHAI)


def quiz(opens: int, closes: int) -> list[DestinationGroup]:
    return [DestinationGroup(GroupName("quiz"), ("quiz.test",), hours=Hours(time(opens), time(closes)))]


async def test_every_change_is_told_in_the_carriers_zone() -> None:
    clock = TestClock(MemoryStore(), MORNING.astimezone(UTC))
    agenda = Agenda(clock)
    told: list[datetime] = []

    async def tell(at: datetime) -> None:
        told.append(at)

    opening = OpeningHours(clock.now, SHANGHAI, agenda.add, tell, lambda: agenda.horizon, lambda _: True)
    await opening.tell_now()
    opening.plan(quiz(8, 20), SHANGHAI)
    happened = await agenda.advance(clock, MORNING + timedelta(hours=25, minutes=30))
    assert [(each.at.astimezone(SHANGHAI).hour, each.text) for each in happened] == [
        (8, "group `quiz` opens"),
        (20, "group `quiz` closes"),
        (8, "group `quiz` opens"),
    ]
    assert [(at.hour, at.tzinfo) for at in told] == [(7, SHANGHAI), (8, SHANGHAI), (20, SHANGHAI), (8, SHANGHAI)]

    opening.plan(quiz(9, 10), SHANGHAI)
    happened = await agenda.advance(clock, MORNING + timedelta(hours=40))
    assert [(each.at.astimezone(SHANGHAI).hour, each.text) for each in happened] == [
        (9, "group `quiz` opens"),
        (10, "group `quiz` closes"),
    ]


async def test_without_hours_nothing_is_planned() -> None:
    clock = TestClock(MemoryStore(), MORNING)
    agenda = Agenda(clock)

    async def tell(_: datetime) -> None:
        raise AssertionError

    opening = OpeningHours(clock.now, SHANGHAI, agenda.add, tell, lambda: agenda.horizon, lambda _: True)
    opening.plan([DestinationGroup(GroupName("news"), ("news.test",))], SHANGHAI)
    assert await agenda.advance(clock, MORNING + timedelta(days=3)) == []


async def test_years_are_not_gone_through_day_by_day() -> None:
    """What is told in the end is what time it is then."""
    clock = TestClock(MemoryStore(), MORNING)
    agenda = Agenda(clock)
    told: list[datetime] = []

    async def tell(at: datetime) -> None:
        told.append(at)

    opening = OpeningHours(clock.now, SHANGHAI, agenda.add, tell, lambda: agenda.horizon, lambda _: True)
    opening.plan(quiz(8, 20), SHANGHAI)
    await agenda.advance(clock, MORNING + timedelta(days=30_000, hours=2))
    assert len(told) == 5
    assert told[-1] == MORNING + timedelta(days=30_000, hours=1)
    assert agenda.horizon is None


async def test_what_concerns_nobody_is_told_to_the_points_only() -> None:
    clock = TestClock(MemoryStore(), MORNING)
    agenda = Agenda(clock)
    told: list[datetime] = []

    async def tell(at: datetime) -> None:
        told.append(at)

    opening = OpeningHours(clock.now, SHANGHAI, agenda.add, tell, lambda: agenda.horizon, lambda _: False)
    opening.plan(quiz(8, 20), SHANGHAI)
    assert await agenda.advance(clock, MORNING + timedelta(hours=2)) == []
    assert len(told) == 1
