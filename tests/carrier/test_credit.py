"""Credit levels on the calendar of a whole carrier (S20): earned, told, kept over crashes, and explained."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nfemu.bss.credit import DEFAULT_CARD, CreditInput, CreditRules, Scorecard, next_recompute
from nfemu.carrier.ports import PutAccount
from nfemu.model import events
from nfemu.model.account import Account, AccountKind
from nfemu.model.duties import DutyKind
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.identity import AccountId, Msisdn
from nfemu.model.money import Money
from tests.fakes.faults import Crash
from tests.fakes.world import LI, START, WANG, WANG_SECOND, ZHANG, World, notification, rules

DAY = timedelta(days=1)
MONTH = 30 * DAY
FEE = Money(5900)
KNOWN_AT_ONCE = replace(DEFAULT_CARD, min_months=0)


def scored(card: Scorecard = DEFAULT_CARD) -> World:
    return World(replace(rules(), credit=CreditRules(card)))


async def pay(world: World, msisdn: Msisdn, amount: Money) -> None:
    order = await world.service.order_immediate(msisdn, amount)
    await world.service.settle(notification(order, f"trade-{order.no}"))


async def level(world: World, msisdn: Msisdn) -> int:
    return (await world.service.status(msisdn)).account.level


async def changes(world: World, msisdn: Msisdn) -> list[dict[str, str]]:
    timeline = await world.service.timeline(msisdn)
    return [dict(event.detail) for event in timeline if event.name == events.CREDIT_LEVEL_CHANGED]


async def half_a_year(world: World) -> list[str]:
    """Both are charged the same; one tops up before, the other when the line has been stopped for a week."""
    happened = []
    await pay(world, LI, FEE)
    for _ in range(6):
        await pay(world, LI, FEE)
        for each in (ZHANG, LI):
            await world.service.charge(each, FEE)
        happened += await world.service.advance_clock(7 * DAY)
        await pay(world, ZHANG, FEE)
        happened += await world.service.advance_clock(MONTH - 7 * DAY)
    return [each.text for each in happened]


async def test_who_pays_ahead_earns_another_level_than_who_is_stopped_first() -> None:
    """S20: same charges, payments of the same size; what differs is whether they came before the stop or after."""
    world = scored()
    await world.start()
    happened = await half_a_year(world)
    assert (await level(world, ZHANG), await level(world, LI)) == (1, 7)
    assert happened == ["credit level: 138****8001 5 → 7, score 95", "credit level: 138****8000 5 → 1, score 10"]
    assert await changes(world, ZHANG) == [{"old": "5", "new": "1", "score": "10"}]
    assert await changes(world, LI) == [{"old": "5", "new": "7", "score": "95"}]
    await world.service.stop()


async def test_what_was_earned_is_not_taken_away_by_the_configuration() -> None:
    world = scored()
    await world.start()
    await half_a_year(world)
    await world.store.commit([PutAccount(Account(AccountId("li"), AccountKind.PERSONAL, "CNY", Money(2000), 1))])
    await world.restart()
    assert await level(world, LI) == 7
    await world.service.stop()


async def test_an_account_is_computed_from_its_first_entry_on_and_no_other_is() -> None:
    world = scored(KNOWN_AT_ONCE)
    await world.start()
    assert await world.store.next_duty() is None
    await world.service.charge(ZHANG, Money(100))
    due = next_recompute(world.rules.credit, AccountId("zhang"), START)
    (duty,) = await world.store.duties(AccountId("zhang"))
    assert (duty.kind, duty.due_at) == (DutyKind.CREDIT, due)
    assert datetime(2026, 12, 1, tzinfo=UTC) <= due < datetime(2026, 12, 1, 6, tzinfo=UTC)
    await world.service.advance_clock(due - START - timedelta(seconds=1))
    await pay(world, ZHANG, Money(100))
    assert await level(world, ZHANG) == 5
    (happened,) = await world.service.advance_clock(timedelta(seconds=1))
    assert (happened.at, happened.text) == (due, "credit level: 138****8000 5 → 6, score 85")
    (duty,) = await world.store.duties(AccountId("zhang"))
    assert duty.due_at == next_recompute(world.rules.credit, AccountId("zhang"), due)
    assert (await level(world, ZHANG), await level(world, LI)) == (6, 5)
    await world.service.stop()


async def test_nobody_is_judged_by_a_few_weeks() -> None:
    world = scored()
    await world.start()
    await world.service.charge(ZHANG, Money(100))
    assert await world.service.advance_clock(2 * MONTH) == []
    assert (await level(world, ZHANG), await changes(world, ZHANG)) == (5, [])
    await world.service.stop()


async def test_every_card_of_the_account_is_told() -> None:
    world = scored(KNOWN_AT_ONCE)
    await world.start()
    await world.service.charge(WANG, Money(100))
    await world.service.advance_clock(MONTH + DAY)
    for card in (WANG, WANG_SECOND):
        assert await changes(world, card) == [{"old": "5", "new": "6", "score": "85"}]
    await world.service.stop()


@pytest.mark.parametrize("step", range(1, 4))
async def test_a_crash_anywhere_changes_the_level_once(step: int) -> None:
    world = scored(KNOWN_AT_ONCE)
    await world.start()
    await world.service.charge(ZHANG, Money(100))
    world.faults.crash_at(step)
    try:
        await world.service.advance_clock(MONTH + DAY)
    except (Crash, Unavailable):
        await world.restart()
        await world.service.set_clock(START + MONTH + DAY)
    assert (await level(world, ZHANG), len(await changes(world, ZHANG))) == (6, 1)
    (duty,) = await world.store.duties(AccountId("zhang"))
    assert duty.due_at.month == 1
    await world.service.stop()


async def test_an_explanation_is_what_would_be_computed_now_and_changes_nothing() -> None:
    world = scored(KNOWN_AT_ONCE)
    await world.start()
    await world.service.charge(ZHANG, Money(3500))
    await world.service.advance_clock(2 * DAY)
    await pay(world, ZHANG, Money(5000))
    commits = len(world.store.commits)
    found = await world.service.credit(ZHANG)
    assert {each.input: (each.value, each.points) for each in found.now.contributions} == {
        CreditInput.SPEND: (35, 5),
        CreditInput.STOPS: (1, 0),
        CreditInput.STOPPED_DAYS: (2, 0),
        CreditInput.PAID_AHEAD: (0, -10),
        CreditInput.PAYMENT: (50, 5),
        CreditInput.MONTHS: (0, 0),
    }
    assert (found.level, found.now.level, found.now.score, found.now.kept) == (5, 4, 50, False)
    assert len(world.store.commits) == commits
    await world.service.advance_clock(MONTH)
    assert await level(world, ZHANG) == 4
    with pytest.raises(NotFound):
        await world.service.credit(Msisdn("8613800139999"))
    await world.service.stop()
