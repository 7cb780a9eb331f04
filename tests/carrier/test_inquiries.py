"""An order of which nothing was heard: the provider is asked, and its answer has the effect of a notification, once."""

import asyncio
from datetime import timedelta

import pytest

from nfemu.carrier.inquiries import Learned
from nfemu.model import events
from nfemu.model.errors import Unavailable
from nfemu.model.money import Money
from nfemu.model.orders import Payment, PaymentState, Receipt
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.world import START, ZHANG, World, notification

DUE = Money(2900)


async def unheard(world: World, amount: Money = DUE) -> Payment:
    """Of a line in arrears: paid at the provider, which says nothing by itself."""
    await world.service.charge(ZHANG, Money(5900))
    payment, _ = await world.service.order_payment(ZHANG, DUE, "")
    world.provider.paid[payment.no] = Receipt("trade-1", amount, START)
    return payment


async def test_what_was_paid_and_never_told_is_learned_by_asking(world: World) -> None:
    payment = await unheard(world)
    (happened,) = await world.service.advance_clock(timedelta(hours=1))
    assert happened.at == payment.created_at + timedelta(seconds=20)
    assert happened.text == f"payment {payment.no} is paid, the provider says when asked"
    status = await world.service.status(ZHANG)
    assert (status.balance, status.ordered) == (Money(0), OrderedProfile.OPEN)
    told = [each for each in await world.service.timeline(ZHANG) if each.name == events.PAYMENT_NOTIFIED]
    assert [each.detail["learned_by"] for each in told] == ["inquiry"]
    assert world.provider.asked == [payment.no]


async def test_what_nobody_pays_is_asked_about_ever_less_often_and_closed_there_first(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, DUE, "")
    await world.service.advance_clock(timedelta(hours=1))
    assert world.provider.asked == [payment.no] * 6
    assert (world.provider.shut, (await world.service.payment(payment.no)).state) == ([payment.no], PaymentState.CLOSED)


async def test_paid_in_the_last_moment(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, DUE, "")
    await world.service.advance_clock(timedelta(minutes=14))
    world.provider.paid[payment.no] = Receipt("trade-1", DUE, START)
    (happened,) = await world.service.advance_clock(timedelta(minutes=1))
    assert (happened.at, (await world.service.payment(payment.no)).state) == (payment.expires_at, PaymentState.PAID)


async def test_a_notification_and_an_answer_at_once_are_one_payment(world: World) -> None:
    payment = await unheard(world)
    asked, told = asyncio.create_task(world.service.inquire(payment.no)), world.service.settle(notification(payment))
    await asyncio.gather(asked, told)
    assert [each.amount for each in await world.service.ledger(ZHANG)][:2] == [DUE, Money(-5900)]
    assert await world.service.inquire(payment.no) is Learned.NOTHING


async def test_what_contradicts_the_order_is_not_booked_and_the_order_is_given_up_in_the_end(world: World) -> None:
    payment = await unheard(world, Money(2901))
    assert await world.service.inquire(payment.no) is Learned.NOTHING
    (happened,) = await world.service.advance_clock(timedelta(hours=1))
    assert happened.text == f"payment {payment.no} expired"
    closed = (await world.service.timeline(ZHANG))[-1]
    assert closed.name == events.PAYMENT_EXPIRED
    assert closed.detail["reason"].endswith("the notification says 29.01 CNY; nothing was booked")
    assert (await world.service.status(ZHANG)).balance == Money(-2900)


async def test_an_order_that_is_told_while_it_is_closed(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, DUE, "")
    await world.service.advance_clock(timedelta(minutes=14, seconds=59))
    world.provider.meanwhile = lambda: world.service.settle(notification(payment))
    assert await world.service.advance_clock(timedelta(seconds=1)) == []
    assert (await world.service.payment(payment.no)).state is PaymentState.PAID


async def test_a_start_asks_at_once_about_what_is_open(world: World) -> None:
    payment = await unheard(world)
    world.faults.fail("provider")
    assert await world.service.advance_clock(timedelta(seconds=39)) == []
    world.faults.heal()
    service = await world.restart()
    assert (await service.payment(payment.no)).state is PaymentState.PAID


async def test_a_provider_that_cannot_be_asked_when_time_is_over_is_asked_again(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, DUE, "")
    await world.service.advance_clock(timedelta(minutes=14, seconds=59))
    world.faults.fail("provider")
    with pytest.raises(Unavailable):
        await world.service.advance_clock(timedelta(seconds=1))
    assert (await world.service.payment(payment.no)).state is PaymentState.CREATED
    world.faults.heal()
    assert len(await world.service.advance_clock(timedelta(seconds=1))) == 1
