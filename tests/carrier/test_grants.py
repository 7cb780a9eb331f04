"""Credit for a while: nobody is stopped within it, and its end can be a stop (S1b, S25)."""

from datetime import timedelta

import pytest

from nfemu.carrier.ports import PutDuty
from nfemu.model import events
from nfemu.model.account import Standing
from nfemu.model.duties import DutyKind
from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.faults import Crash
from tests.fakes.world import START, WANG, ZHANG, World, imsi_of

DAY = timedelta(days=1)


async def test_within_the_credit_nobody_is_stopped_and_when_it_ends_whoever_needs_it_is(world: World) -> None:
    status = await world.service.grant_credit(ZHANG, Money(1000), START + 3 * DAY, "on holiday")
    assert status.account.limit == Money(1000)
    status = await world.service.charge(ZHANG, Money(3900))
    assert (status.standing, status.ordered) == (Standing.IN_GRACE, OrderedProfile.OPEN)
    assert await world.service.advance_clock(2 * DAY) == []
    (end,) = await world.service.advance_clock(2 * DAY)
    assert (end.at, end.text) == (START + 3 * DAY, "credit expired: 138****8000 ¥10.00; balance -¥9.00, limit ¥0.00")
    status = await world.service.status(ZHANG)
    assert (status.standing, status.ordered, status.amount_due) == (
        Standing.OVERDUE,
        OrderedProfile.ARREARS,
        Money(900),
    )
    names = [event.name for event in await world.service.timeline(ZHANG)]
    assert [name for name in names if name.startswith(("credit", "standing"))] == [
        events.CREDIT_GRANTED,
        events.STANDING_CHANGED,
        events.CREDIT_EXPIRED,
        events.STANDING_CHANGED,
    ]


async def test_a_stopped_line_is_resumed_by_paying_not_by_credit(world: World) -> None:
    """S27: it is in grace then, and its balance is below zero still."""
    await world.service.charge(ZHANG, Money(3900))
    status = await world.service.grant_credit(ZHANG, Money(1000), START + DAY)
    assert (status.standing, status.ordered) == (Standing.IN_GRACE, OrderedProfile.ARREARS)


async def test_grants_add_up_and_end_one_by_one(world: World) -> None:
    for days in (2, 1):
        await world.service.grant_credit(WANG, Money(500), START + days * DAY)
    await world.service.charge(WANG, Money(2800))
    assert len(await world.service.advance_clock(DAY)) == 1
    assert (await world.service.status(WANG)).standing is Standing.OVERDUE
    assert len(await world.service.advance_clock(DAY)) == 1
    assert [duty.kind for duty in await world.store.duties(AccountId("wang"))] == [DutyKind.CREDIT]


async def test_an_agreement_is_asked_before_the_end_of_credit_stops_anybody(world: World) -> None:
    await world.service.grant_credit(ZHANG, Money(1000), START + DAY)
    await world.service.charge(ZHANG, Money(3900))
    world.provider.bank = "decline"
    await world.service.sign_agreement(ZHANG, None)
    world.provider.bank = "accept"
    await world.service.advance_clock(DAY)
    status = await world.service.status(ZHANG)
    assert (status.balance, status.ordered) == (Money(0), OrderedProfile.OPEN)
    assert world.store.orders() == []


async def test_where_the_agreement_does_not_pay_the_line_is_stopped(world: World) -> None:
    await world.service.sign_agreement(ZHANG, None)
    await world.service.grant_credit(ZHANG, Money(1000), START + DAY)
    world.provider.bank = "decline"
    await world.service.charge(ZHANG, Money(3900))
    await world.service.advance_clock(DAY)
    assert (await world.service.status(ZHANG)).ordered is OrderedProfile.ARREARS


async def test_credit_that_has_ended_already_or_is_none_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput, match="give a time after"):
        await world.service.grant_credit(ZHANG, Money(1000), START)
    with pytest.raises(InvalidInput, match="out of range"):
        await world.service.grant_credit(ZHANG, Money(0), START + DAY)


async def test_a_duty_before_its_time_takes_nothing_back(world: World) -> None:
    await world.service.grant_credit(ZHANG, Money(1000), START + 2 * DAY)
    await world.store.commit([PutDuty(AccountId("zhang"), DutyKind.GRANTS, START + DAY)])
    world.service.watch(START + DAY)
    assert await world.service.advance_clock(DAY) == []
    assert (await world.service.status(ZHANG)).account.limit == Money(1000)
    assert len(await world.service.advance_clock(DAY)) == 1


@pytest.mark.parametrize("step", range(1, 7))
async def test_a_crash_anywhere_ends_the_credit_once(step: int, world: World) -> None:
    await world.service.grant_credit(ZHANG, Money(1000), START + DAY)
    await world.service.charge(ZHANG, Money(3900))
    world.faults.crash_at(step)
    try:
        await world.service.advance_clock(DAY)
    except (Crash, Unavailable):
        await world.restart()
        await world.service.set_clock(START + 2 * DAY)
    status = await world.service.status(ZHANG)
    assert (status.account.granted, status.ordered) == (0, OrderedProfile.ARREARS)
    assert [order.imsi for order in world.store.orders()] == [imsi_of(ZHANG)]
