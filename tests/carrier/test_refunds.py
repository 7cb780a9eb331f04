"""A debt that was paid twice is given back once, and what a provider gives back by itself is booked once (G14)."""

import asyncio
from contextlib import suppress

import pytest

from nfemu.carrier.payments import LearnedBy
from nfemu.carrier.refunds import RefundNotification
from nfemu.model import events
from nfemu.model.errors import Conflict, NotFound
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.orders import Payment, PaymentState, Receipt, RefundState
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.faults import Crash
from tests.fakes.world import START, ZHANG, World, notification

DUE = Money(2900)


async def ordered(world: World, amount: Money = DUE) -> Payment:
    return (await world.service.order_payment(ZHANG, amount, ""))[0]


async def amounts(world: World) -> list[int]:
    """Of the ledger, oldest first, without the opening balance."""
    return [each.amount.minor for each in await world.service.ledger(ZHANG)][::-1][1:]


async def given_back(world: World) -> None:
    """Returns when nothing is to be given back any more."""
    came = asyncio.Event()
    world.happened = came.set
    while await world.store.refunds_wanted():
        await came.wait()
        came.clear()


def told(payment: Payment, amount: Money = DUE) -> RefundNotification:
    return RefundNotification(payment.provider, payment.no, f"refund-{payment.no}", amount)


async def paid_twice(world: World) -> tuple[Payment, Payment]:
    await world.service.charge(ZHANG, Money(5900))
    first, second = await ordered(world), await ordered(world)
    await world.service.settle(notification(first, "t-1"))
    await world.service.settle(notification(second, "t-2"))
    return first, second


async def test_what_was_paid_twice_is_given_back_once(world: World) -> None:
    first, second = await paid_twice(world)
    await given_back(world)
    assert world.provider.given_back == {second.no: DUE}
    assert await amounts(world) == [-5900, 2900, 2900, -2900]
    assert [(await world.service.payment(each.no)).refund for each in (first, second)] == [None, RefundState.DONE]
    status = await world.service.status(ZHANG)
    assert (status.balance, status.ordered) == (Money(0), OrderedProfile.OPEN)
    (notice,) = [each for each in await world.service.inbox(ZHANG) if each.kind is NoticeKind.PAYMENT_REFUNDED]
    assert notice.sender == "sandbox"
    names = [event.name for event in await world.service.timeline(ZHANG)]
    assert (names.count(events.PAYMENT_DOUBLE), names.count(events.PAYMENT_REFUNDED)) == (1, 1)
    assert await world.service.refunded(told(second)) is True
    await world.service._unfinished._give_back(first.no)
    assert await amounts(world) == [-5900, 2900, 2900, -2900]


async def test_both_at_once(world: World) -> None:
    await world.service.charge(ZHANG, Money(5900))
    orders = [await ordered(world) for _ in range(3)]
    await asyncio.gather(*(world.service.settle(notification(each, f"t-{each.no}")) for each in orders))
    await given_back(world)
    assert (sum(await amounts(world)), len(world.provider.given_back)) == (-3000, 2)


@pytest.mark.parametrize("second", ["more", "with nothing due", "while a new charge is due", "a till"])
async def test_money_that_means_something_stays(world: World, second: str) -> None:
    await world.service.charge(ZHANG, Money(5900))
    first = await ordered(world)
    other = await ordered(world, Money(5000) if second == "more" else DUE)
    await world.service.settle(notification(first, "t-1"))
    if second == "with nothing due":
        other = await ordered(world)
    if second == "while a new charge is due":
        await world.service.charge(ZHANG, Money(100))
    if second == "a till":
        other = await world.service.order_immediate(ZHANG, DUE)
    await world.service.settle(notification(other, "t-2"))
    assert await world.store.refunds_wanted() == []
    assert (await world.service.status(ZHANG)).balance.minor > 0


async def test_a_refund_that_a_crash_interrupts_is_made_by_the_next_start(world: World) -> None:
    """Wherever it was: the provider is asked under one number, and the ledger has it once."""
    for point in range(8):
        world = World()
        await world.start()
        await world.service.charge(ZHANG, Money(5900))
        first, second = await ordered(world), await ordered(world)
        await world.service.settle(notification(first, "t-1"))
        world.faults.fail("provider")
        await world.service.settle(notification(second, "t-2"))
        world.faults.heal()
        world.faults.crash_at(point)
        with suppress(Crash):
            await world.service._unfinished.refund(second.account)
        await world.restart()
        await given_back(world)
        await world.service._runner.drain()
        assert await amounts(world) == [-5900, 2900, 2900, -2900], point
        assert world.provider.given_back == {second.no: DUE}
        await world.service.stop()


async def test_a_provider_that_gives_nothing_back(world: World) -> None:
    world.provider.bank = "decline"
    _, second = await paid_twice(world)
    await given_back(world)
    assert (await world.service.payment(second.no)).refund is RefundState.REFUSED
    refused = (await world.service.timeline(ZHANG))[-1]
    assert (refused.name, refused.detail["reason"]) == (events.PAYMENT_NOT_REFUNDED, "the bank says decline")
    assert (await world.service.status(ZHANG)).balance == DUE


async def test_what_the_provider_gives_back_by_itself_is_due_again(world: World) -> None:
    """Also where its word comes before that of the payment."""
    await world.service.charge(ZHANG, Money(5900))
    payment = await ordered(world)
    world.provider.paid[payment.no] = Receipt("t-1", DUE, START)
    assert await world.service.refunded(told(payment)) is False
    await world.service.settle(notification(payment, "t-1"))
    status = await world.service.status(ZHANG)
    assert (status.balance, status.ordered) == (-DUE, OrderedProfile.ARREARS)
    assert (await amounts(world), await world.service.refunded(told(payment))) == ([-5900, 2900, -2900], True)


async def test_a_part_leaves_a_wish_for_all_of_it_as_it_is(world: World) -> None:
    payment = await ordered(world)
    await world.service.settle(notification(payment, "t-1"))
    part = RefundNotification(payment.provider, payment.no, "part", Money(900), LearnedBy.BILL)
    await world.service.refunded(part)
    assert (await world.service.payment(payment.no)).refund is None
    assert (await world.service.status(ZHANG)).balance == Money(5000)


async def test_what_contradicts_the_payment_is_not_booked(world: World) -> None:
    payment = await ordered(world)
    with pytest.raises(NotFound, match="tell of the refund once it is paid"):
        await world.service.refunded(told(payment))
    await world.service.settle(notification(payment, "t-1"))
    with pytest.raises(Conflict, match=r"the refund says 29\.01 CNY"):
        await world.service.refunded(told(payment, Money(2901)))
    with pytest.raises(Conflict, match="not at `other`"):
        await world.service.refunded(RefundNotification("other", payment.no, "r-1", DUE))
    assert (await world.service.payment(payment.no)).state is PaymentState.PAID


async def test_a_refusal_that_comes_when_the_money_has_gone_back(world: World) -> None:
    world.provider.bank = "decline"
    await world.service.charge(ZHANG, Money(5900))
    first, second = await ordered(world), await ordered(world)
    world.provider.meanwhile = lambda: world.service.refunded(told(second))
    await world.service.settle(notification(first, "t-1"))
    await world.service.settle(notification(second, "t-2"))
    await given_back(world)
    await world.service._runner.drain()
    assert (await world.service.payment(second.no)).refund is RefundState.DONE
