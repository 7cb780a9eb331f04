"""A payment's states: the whole matrix, and what contradicts an order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from nfemu.bss import payments
from nfemu.bss.payments import TRANSITIONS, PaymentInput
from nfemu.model.account import Account, AccountKind
from nfemu.model.errors import Conflict, LimitReached
from nfemu.model.identity import AccountId, Imsi, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import PaymentState

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CARD = Imsi("460000000000001")
ACCOUNT = Account(AccountId("zhang"), AccountKind.PERSONAL, "CNY", Money(0))
ORDER = payments.create(PaymentNo("pay-1"), ACCOUNT, CARD, Money(2900), "sandbox", NOW, timedelta(minutes=15))


def test_an_order_has_until_its_expiry() -> None:
    assert (ORDER.state, ORDER.expires_at - ORDER.created_at) == (PaymentState.CREATED, timedelta(minutes=15))


def test_room_is_taken_by_what_can_still_be_paid() -> None:
    over = replace(ORDER, expires_at=NOW)
    later = replace(ORDER, expires_at=ORDER.expires_at + timedelta(hours=1))
    immediate = replace(ORDER, immediate=True)
    assert payments.waiting([over, ORDER, immediate, later], NOW) == [ORDER, later]
    payments.check_room([over, ORDER, over, immediate, immediate], 2, NOW, SHANGHAI)
    with pytest.raises(LimitReached, match=r"2 payment orders that are not paid; .* at 2026-11-01T08:15:00\+08:00$"):
        payments.check_room([ORDER, over, later], 2, NOW, SHANGHAI)


def test_an_open_order_is_asked_about_ever_less_often_and_when_its_time_is_over() -> None:
    asked, at = [], NOW
    while at < ORDER.expires_at:
        at = payments.next_inquiry(ORDER, at)
        asked.append((at - NOW).total_seconds())
    assert asked == [20, 40, 80, 160, 320, 640, 900]
    assert payments.next_inquiry(ORDER, ORDER.expires_at + timedelta(days=1)) == ORDER.expires_at


@pytest.mark.parametrize(("state", "event"), list(product(PaymentState, PaymentInput)))
def test_the_whole_matrix(state: PaymentState, event: PaymentInput) -> None:
    order = replace(ORDER, state=state)
    if (state, event) in TRANSITIONS:
        assert payments.advance(order, event) == replace(order, state=TRANSITIONS[state, event])
    else:
        with pytest.raises(Conflict, match=f"`pay-1` is {state.value} and cannot be {event.value}"):
            payments.advance(order, event)


def test_only_money_makes_it_paid_and_late_money_does_too() -> None:
    paid = {key for key, state in TRANSITIONS.items() if state is PaymentState.PAID}
    assert paid == {(state, PaymentInput.NOTIFIED) for state in (PaymentState.CREATED, PaymentState.CLOSED)}


def test_settling_keeps_the_trade_number() -> None:
    paid = payments.settle(ORDER, "T1")
    assert (paid.state, paid.trade_no) == (PaymentState.PAID, "T1")
    payments.check_repeat(paid, "T1")
    with pytest.raises(Conflict, match="`T2` is already booked for another payment order than `pay-1`"):
        payments.check_repeat(paid, "T2")


def test_a_notification_matches_its_order() -> None:
    payments.check_notification(ORDER, "sandbox", Money(2900))
    with pytest.raises(Conflict, match="ordered at `sandbox`, not at `other`"):
        payments.check_notification(ORDER, "other", Money(2900))
    with pytest.raises(Conflict, match=r"is over 29.00 CNY, the notification says 0.01 CNY; nothing was booked"):
        payments.check_notification(ORDER, "sandbox", Money(1))
    with pytest.raises(Conflict, match=r"29.00 EUR"):
        payments.check_notification(ORDER, "sandbox", Money(2900, "EUR"))


def test_a_repeated_order_is_the_same_one() -> None:
    payments.check_same(ORDER, CARD, Money(2900))
    for card, amount in ((CARD, Money(2901)), (Imsi("460000000000002"), Money(2900))):
        with pytest.raises(Conflict, match="use a new idempotency key"):
            payments.check_same(ORDER, card, amount)
