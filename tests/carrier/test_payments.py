"""Payments: one effect whatever arrives, and the flip before the answer."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.carrier.inquiries import Learned
from nfemu.carrier.lines import line_of
from nfemu.carrier.ports import PutPayment
from nfemu.model import events
from nfemu.model.errors import Conflict, InvalidInput, LimitReached, NotFound, Unavailable
from nfemu.model.identity import Imsi, PaymentNo
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.orders import OrderKind, OrderState, PaymentState
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.paying import pay
from tests.fakes.world import ACME_ONE, ACME_TWO, LI, START, ZHANG, World, imsi_of, notification, rules

BACK = "http://portal.carrier.example/done"


async def test_an_order_goes_to_the_provider_and_is_stored(world: World) -> None:
    payment, url = await world.service.order_payment(ZHANG, Money(2900), BACK)
    assert url == f"https://pay.provider.example/{payment.no}?back={BACK}"
    assert world.provider.orders == [payment]
    assert await world.service.payment(payment.no) == payment
    assert payment.expires_at - payment.created_at == timedelta(minutes=15)


async def test_a_provider_that_is_an_app_confirms_there() -> None:
    """G13."""
    world = World(replace(rules(), confirmed_by=Channel.WECHAT))
    await world.start()
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    await world.service.settle(notification(payment))
    (told,) = await world.service.inbox(ZHANG)
    assert (told.kind, told.channel, told.sender) == (NoticeKind.PAYMENT_CONFIRMED, Channel.WECHAT, "sandbox")


async def test_paid_means_restored(world: World) -> None:
    """G14, and the whole story on the timeline."""
    await world.service.attach(ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    settlement = await world.service.settle(notification(payment))
    assert (settlement.repeated, settlement.missing, settlement.entry.amount) == (False, Money(0), Money(2900))
    assert (settlement.status.effective, settlement.status.ordered) == ("internet", OrderedProfile.OPEN)
    assert world.enforcer.lines[imsi_of(ZHANG)].policy == "open"
    paid = await world.service.payment(payment.no)
    assert (paid.state, paid.trade_no) == (PaymentState.PAID, "trade-1")
    story = await world.service.timeline(ZHANG)
    story = [event for event in story if event.correlation == story[-1].correlation]
    assert [event.name for event in story] == [
        events.PAYMENT_NOTIFIED,
        events.LEDGER_ENTRY,
        events.STANDING_CHANGED,
        events.ORDER_CREATED,
        events.HSS_PROFILE_CHANGED,
        events.PGW_SESSION_MODIFIED,
        events.ENFORCEMENT_ACKNOWLEDGED,
        events.ORDER_DONE,
        events.NOTICE_SENT,
        events.NOTICE_SENT,
    ]
    inbox = [(notice.kind, notice.sender) for notice in await world.service.inbox(ZHANG)]
    assert set(inbox[:2]) == {(NoticeKind.PAYMENT_CONFIRMED, "sandbox"), (NoticeKind.RESTORED, "示例移动")}


async def test_a_part_payment_is_booked_and_says_what_is_missing(world: World) -> None:
    """S27."""
    await world.service.charge(ZHANG, Money(5900))
    settlement = await pay(world.service, ZHANG, Money(2000))
    assert (settlement.missing, settlement.status.ordered) == (Money(900), OrderedProfile.ARREARS)
    settlement = await pay(world.service, ZHANG, Money(900))
    assert (settlement.missing, settlement.status.ordered) == (Money(0), OrderedProfile.OPEN)


async def test_a_member_of_a_unit_is_told_the_own_share_only(world: World) -> None:
    """S11."""
    await world.service.charge(ACME_ONE, Money(1000))
    await world.service.charge(ACME_TWO, Money(60000))
    settlement = await pay(world.service, ACME_ONE, Money(400))
    assert (settlement.missing, settlement.status.amount_due) == (Money(600), Money(10600))


async def test_a_repeated_notification_has_no_further_effect(world: World) -> None:
    await world.service.charge(ZHANG, Money(5900))
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    first = await world.service.settle(notification(payment))
    again = await world.service.settle(notification(payment))
    assert (again.repeated, again.entry, again.status) == (True, first.entry, first.status)
    kinds = [notice.kind for notice in await world.service.inbox(ZHANG)]
    assert sorted(kind.value for kind in kinds) == ["payment confirmed", "restored", "stopped"]


async def test_a_payment_for_nobody_is_not_found(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    with pytest.raises(NotFound, match="no payment order `pay-none`"):
        await world.service.settle(notification(replace(payment, no=PaymentNo("pay-none"))))
    with pytest.raises(NotFound, match="no payment order `pay-none`"):
        await world.service.payment(PaymentNo("pay-none"))


async def test_what_contradicts_the_order_is_refused_and_on_the_timeline(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    for wrong in (notification(payment, amount=Money(1)), notification(replace(payment, provider="other"))):
        with pytest.raises(Conflict):
            await world.service.settle(wrong)
    with pytest.raises(InvalidInput):
        await world.service.settle(notification(payment, amount=Money(-2900)))
    assert (await world.service.status(ZHANG)).balance == Money(3000)
    names = [event.name for event in await world.service.timeline(ZHANG)]
    assert names == [events.PAYMENT_ORDERED, *[events.PAYMENT_NOTIFIED, events.PAYMENT_REFUSED] * 2]


async def test_an_order_is_paid_once_and_a_trade_number_pays_one_order(world: World) -> None:
    one, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    two, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    await world.service.settle(notification(one, "trade-1"))
    with pytest.raises(Conflict, match="is paid and cannot be notified"):
        await world.service.settle(notification(one, "trade-2"))
    with pytest.raises(Conflict, match="already booked for another payment order"):
        await world.service.settle(notification(two, "trade-1"))
    other, _ = await world.service.order_payment(LI, Money(2900), BACK)
    with pytest.raises(Conflict, match="already booked with another amount or account"):
        await world.service.settle(notification(other, "trade-1"))
    assert (await world.service.status(ZHANG)).balance == Money(5900)


async def test_an_unpaid_order_expires_and_late_money_is_still_booked(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    assert await world.service.advance_clock(timedelta(minutes=14)) == []
    (happening,) = await world.service.advance_clock(timedelta(minutes=5))
    assert happening.at == payment.expires_at
    assert happening.text == f"payment {payment.no} expired"
    assert (await world.service.payment(payment.no)).state is PaymentState.CLOSED
    settlement = await world.service.settle(notification(payment))
    assert settlement.status.balance == Money(5900)
    assert (await world.service.payment(payment.no)).state is PaymentState.PAID


async def test_a_paid_order_does_not_expire(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    await world.service.settle(notification(payment))
    assert await world.service.advance_clock(timedelta(hours=1)) == []
    assert (await world.service.payment(payment.no)).state is PaymentState.PAID


async def test_an_order_that_was_paid_while_it_expired_stays_paid(world: World) -> None:
    payment = await world.service.order_immediate(ZHANG, Money(2900))
    await world.service.settle(notification(payment))
    await world.service.advance_clock(timedelta(hours=1))
    assert await world.service.inquire(payment.no) is Learned.NOTHING
    assert (await world.service.payment(payment.no)).state is PaymentState.PAID


async def test_an_order_does_not_expire_before_its_time(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    assert await world.service.inquire(payment.no) is Learned.NOTHING
    assert ((await world.service.payment(payment.no)).state, world.provider.shut) == (PaymentState.CREATED, [])


async def test_a_provider_that_is_unavailable_closes_the_order(world: World) -> None:
    world.faults.fail("provider")
    with pytest.raises(Unavailable):
        await world.service.order_payment(ZHANG, Money(2900), BACK)
    assert await world.store.open_payments() == []
    assert (await world.service.timeline(ZHANG))[-1].name == events.PAYMENT_CANCELLED


async def test_a_line_has_so_many_unpaid_orders_and_no_more_however_fast_it_asks(world: World) -> None:
    """Of one line: the other cards of its account can pay. What is paid or over makes room."""
    asked = [world.service.order_payment(ACME_ONE, Money(100), BACK) for _ in range(15)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [str(each) for each in answers if isinstance(each, LimitReached)]
    assert len(refused) == 5
    assert refused[0] == (
        "this line has 10 payment orders that are not paid; pay one of them, or order again when the first one closes, "
        "at 2026-11-01T08:15:00+00:00"
    )
    first, *others = await world.store.open_payments()
    assert len(others) == 9
    await world.service.order_payment(ACME_TWO, Money(100), BACK)
    await world.service.settle(notification(first))
    await world.service.order_payment(ACME_ONE, Money(100), BACK)
    with pytest.raises(LimitReached):
        await world.service.order_payment(ACME_ONE, Money(100), BACK)
    await world.service.advance_clock(timedelta(minutes=15))
    await world.service.order_payment(ACME_ONE, Money(100), BACK)


async def test_orders_that_the_money_comes_with_take_no_room_and_are_never_refused(world: World) -> None:
    for _ in range(12):
        await world.service.order_immediate(ACME_ONE, Money(100))
    asked = [await world.service.order_payment(ACME_ONE, Money(amount), BACK) for amount in range(1, 11)]
    assert await world.service.waiting_orders(ACME_ONE, BACK, "") == asked[::-1]
    payment = await world.service.order_immediate(ACME_ONE, Money(100))
    assert (await world.service.settle(notification(payment))).entry.amount == Money(100)
    with pytest.raises(InvalidInput):
        await world.service.order_immediate(ACME_ONE, Money(0))


async def test_an_order_that_is_over_and_not_closed_yet_takes_no_room(world: World) -> None:
    world.rules = replace(world.rules, open_orders=1)
    world.service = world._service()
    await world.service.start()
    payment, _ = await world.service.order_payment(ZHANG, Money(100), BACK)
    await world.store.commit([PutPayment(replace(payment, expires_at=START))])
    await world.service.order_payment(ZHANG, Money(100), BACK)


@pytest.mark.parametrize("amount", [Money(0), Money(-1), Money(1, "EUR")])
async def test_a_wrong_amount_is_never_ordered(world: World, amount: Money) -> None:
    with pytest.raises(InvalidInput):
        await world.service.order_payment(ZHANG, amount, BACK)
    assert world.provider.orders == []


async def test_disk_full_while_settling_changes_nothing_and_a_retry_has_one_effect(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    before = world.service.line_states()
    world.faults.fail("store")
    with pytest.raises(Unavailable):
        await world.service.settle(notification(payment))
    assert world.service.line_states() == before
    assert (await world.service.status(ZHANG)).balance == Money(-2900)
    world.faults.heal()
    settlement = await world.service.settle(notification(payment))
    assert (settlement.repeated, settlement.status.effective) == (False, "internet")
    assert len(await world.service.ledger(ZHANG)) == 3


@pytest.mark.parametrize("commits", [1, 2])
async def test_disk_full_after_the_money_is_booked_is_finished_by_the_retry(world: World, commits: int) -> None:
    await world.service.attach(ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    world.faults.fail("store", after=commits)
    with pytest.raises(Unavailable):
        await world.service.settle(notification(payment))
    world.faults.heal()
    settlement = await world.service.settle(notification(payment))
    assert (settlement.repeated, settlement.status.effective) == (True, "internet")
    assert len(await world.service.ledger(ZHANG)) == 3
    resumes = [order for order in world.store.orders() if order.kind is OrderKind.RESUME]
    assert [order.state for order in resumes] == [OrderState.DONE]


async def test_a_card_of_another_account_is_not_in_this_one(world: World) -> None:
    view = await world.store.account((await world.service.find("13800138000")).account)
    assert view is not None
    with pytest.raises(NotFound, match="account `zhang` has no card with IMSI `460001`"):
        line_of(view, Imsi("460001"))
