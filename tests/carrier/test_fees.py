"""Fees on the calendar of a whole carrier (S1, S1b): booked once, at their own moment, with all that follows."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from nfemu.bss.fees import FeeRules, next_moment
from nfemu.carrier.ports import PutSubscriber
from nfemu.model.duties import DutyKind
from nfemu.model.errors import Unavailable
from nfemu.model.identity import AccountId, Msisdn, PlanName, ServiceName
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.plans import Period, Plan, PriceList, Service
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.faults import Crash
from tests.fakes.world import LI, WANG, WANG_SECOND, ZHANG, World, imsi_of, rules

RENT = Service(ServiceName("rent"), Money(100), Period.DAY, time(1))
BASIC = Plan(PlanName("basic"), Money(2900))
FEES = FeeRules(PriceList({BASIC.name: BASIC}, {RENT.name: RENT}))
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
MONTH = timedelta(days=31)


async def fresh(*cards: Msisdn, services: tuple[ServiceName, ...] = ()) -> World:
    """The carrier with these cards on a plan."""
    world = World(replace(rules(), fees=FEES))
    await world.start()
    for card in cards:
        known = await world.store.subscriber(card)
        assert known is not None
        await world.store.commit([PutSubscriber(replace(known, plan=BASIC.name, services=services))])
    await world.restart()
    return world


async def booked(world: World, msisdn: Msisdn) -> list[tuple[str | None, datetime]]:
    """Charges, oldest first."""
    return [(each.trade_no, each.at) for each in await world.service.ledger(msisdn) if each.amount.minor < 0][::-1]


async def test_the_month_s_fee_stops_who_cannot_pay_it() -> None:
    """S1: nothing in the month that has begun; in the next one at the account's own moment, which is on the ledger."""
    world = await fresh(ZHANG, LI)
    assert await world.service.advance_clock(timedelta(days=29)) == []
    await world.service.charge(ZHANG, Money(500))
    happened = await world.service.advance_clock(timedelta(days=2))
    assert [each.text.partition(",")[0] for each in sorted(happened, key=lambda each: each.text)] == [
        "fees: 138****8000 plan basic",
        "fees: 138****8001 plan basic",
    ]
    assert all(DECEMBER <= each.at < DECEMBER + timedelta(hours=6) for each in happened)
    zhang, li = [await world.service.status(number) for number in (ZHANG, LI)]
    assert (zhang.balance, zhang.ordered) == (Money(-400), OrderedProfile.ARREARS)
    assert (li.balance, li.ordered) == (Money(7100), OrderedProfile.OPEN)
    moment = next(each.at for each in happened if "8000" in each.text)
    assert (await booked(world, ZHANG))[1:] == [(f"fee/basic/{imsi_of(ZHANG)}/2026-12", moment)]
    (notice,) = await world.service.inbox(ZHANG)
    assert (notice.kind, "4.00" in notice.text) == (NoticeKind.STOPPED, True)
    await world.service.stop()


async def test_cards_of_an_account_pay_together_and_each_has_its_share() -> None:
    world = await fresh(WANG, WANG_SECOND)
    happened = await world.service.advance_clock(MONTH)
    assert len(happened) == 1
    assert "138****8002 plan basic, 2026-12 ¥29.00, 138****8003 plan basic" in happened[0].text
    assert "balance -¥38.00" in happened[0].text
    status = await world.service.status(WANG_SECOND)
    assert (status.share, status.ordered) == (Money(-2900), OrderedProfile.ARREARS)
    assert len(world.store.orders()) == 2
    await world.service.stop()


async def test_daily_rent_stops_in_the_night_in_which_the_balance_runs_out() -> None:
    """S1b."""
    world = await fresh(ZHANG, services=(RENT.name,))
    happened = await world.service.advance_clock(timedelta(days=20))
    assert [(each.at.day, each.at.hour) for each in happened] == [(day, 1) for day in range(2, 22)]
    await world.service.charge(ZHANG, Money(950))
    assert (await world.service.status(ZHANG)).ordered is OrderedProfile.OPEN
    await world.service.advance_clock(timedelta(hours=16, minutes=59))
    assert (await world.service.status(ZHANG)).ordered is OrderedProfile.OPEN
    (last,) = await world.service.advance_clock(timedelta(hours=1))
    assert last.at == datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert (await world.service.status(ZHANG)).ordered is OrderedProfile.ARREARS
    await world.service.stop()


async def test_an_agreement_pays_the_fee_and_nobody_is_stopped() -> None:
    """G19 before S1."""
    world = await fresh(ZHANG)
    await world.service.sign_agreement(ZHANG, None)
    await world.service.charge(ZHANG, Money(2000))
    await world.service.advance_clock(MONTH)
    status = await world.service.status(ZHANG)
    assert (status.balance, status.ordered) == (Money(0), OrderedProfile.OPEN)
    assert world.store.orders() == []
    await world.service.stop()


@pytest.mark.parametrize("step", range(1, 9))
async def test_a_crash_anywhere_books_the_fee_once(step: int) -> None:
    """The clock is moved again after the restart, as somebody would."""
    world = await fresh(WANG, WANG_SECOND)
    world.faults.crash_at(step)
    try:
        await world.service.advance_clock(MONTH)
    except (Crash, Unavailable):
        await world.restart()
        await world.service.set_clock(DECEMBER + timedelta(days=1))
    assert [number for number, _ in await booked(world, WANG)] == [
        f"fee/basic/{imsi_of(card)}/2026-12" for card in (WANG, WANG_SECOND)
    ]
    assert (await world.service.status(WANG)).effective is None
    assert {order.imsi for order in world.store.orders()} == {imsi_of(WANG), imsi_of(WANG_SECOND)}
    duties = await world.store.duties(AccountId("wang"))
    assert {duty.kind: duty.due_at.month for duty in duties} == {DutyKind.FEES: 1, DutyKind.CREDIT: 1}
    await world.service.stop()


async def test_what_fell_due_while_no_carrier_ran_is_booked_for_its_own_time() -> None:
    world = await fresh(LI)
    planned = next_moment(FEES, AccountId("li"), [], DECEMBER)
    assert planned is None
    await world.store.write_clock(DECEMBER + timedelta(days=40))
    await world.restart()
    assert [(number, at < DECEMBER + timedelta(days=32)) for number, at in await booked(world, LI)] == [
        (f"fee/basic/{imsi_of(LI)}/2026-12", True),
        (f"fee/basic/{imsi_of(LI)}/2027-01", True),
    ]
    await world.service.stop()


async def test_a_month_in_steps_is_a_month() -> None:
    """Whatever the steps, the ledger is the same to the second."""
    told = []
    for steps in (1, 7):
        world = await fresh(ZHANG, LI, WANG, services=(RENT.name,))
        for _ in range(steps):
            await world.service.advance_clock(35 * timedelta(days=1) / steps)
        told.append([await booked(world, number) for number in (ZHANG, LI, WANG)])
        await world.service.stop()
    assert told[0] == told[1]


async def test_fees_that_are_planned_stay_planned_and_a_plan_that_is_gone_is_forgotten() -> None:
    world = await fresh(ZHANG)
    before = await world.store.duties(AccountId("zhang"))
    await world.service.plan_duties()
    assert await world.store.duties(AccountId("zhang")) == before
    known = await world.store.subscriber(ZHANG)
    assert known is not None
    await world.store.commit([PutSubscriber(replace(known, plan=None))])
    assert await world.service.advance_clock(MONTH) == []
    assert await world.store.duties(AccountId("zhang")) == []
    await world.service.stop()
