"""Notifications at the merchant: authentic, fresh, once, about the right order and amount."""

import asyncio
import json
from datetime import timedelta

import pytest

from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment, PaymentState
from nfemu.web.provider.builtin import merchant_key
from nfemu.web.provider.signature import NONCE, SIGNATURE, TIMESTAMP, SignedNotification, _signature, sign
from tests.fakes.world import LI, ZHANG
from tests.web.stack import PORTAL, PROVIDER_KEY, Stack

KEY = merchant_key(PROVIDER_KEY)


@pytest.fixture
async def payment(stack: Stack) -> Payment:
    await stack.overdue(ZHANG)
    made, _ = await stack.service.order_payment(ZHANG, Money(2900), "https://x.example/")
    return made


def body_of(payment: Payment, **changed: object) -> bytes:
    fields: dict[str, object] = {
        "provider": payment.provider,
        "order_no": payment.no,
        "trade_no": "trade-1",
        "amount": payment.amount.minor,
        "currency": "CNY",
        "paid_at": "2026-11-01T08:00:00+00:00",
    }
    return json.dumps({**fields, **changed}).encode()


def signed(stack: Stack, body: bytes, nonce: str = "n" * 16) -> SignedNotification:
    return sign(KEY, body, nonce, stack.wall())


async def booked(stack: Stack) -> int:
    return sum(1 for entry in await stack.service.ledger(ZHANG) if entry.trade_no)


async def send(stack: Stack, notification: SignedNotification) -> tuple[int, str]:
    answer = await stack.receiver.notify(notification.body, notification.headers)
    return answer.status, answer.code


async def test_accepted_once_and_repeated_without_effect(stack: Stack, payment: Payment) -> None:
    assert await send(stack, signed(stack, body_of(payment), "a" * 16)) == (200, "SUCCESS")
    assert await send(stack, signed(stack, body_of(payment), "b" * 16)) == (200, "SUCCESS")
    assert await booked(stack) == 1


async def test_the_same_bytes_again_are_a_replay(stack: Stack, payment: Payment) -> None:
    notification = signed(stack, body_of(payment))
    assert (await send(stack, notification))[0] == 200
    assert await send(stack, notification) == (409, "REPLAY")
    stack.wall.ahead += timedelta(minutes=11)
    assert await send(stack, notification) == (401, "SIGN_ERROR")
    assert (await send(stack, signed(stack, body_of(payment))))[0] == 200, "old nonces are forgotten in time"


async def test_forged_and_stale_notifications(stack: Stack, payment: Payment) -> None:
    good = signed(stack, body_of(payment))
    for headers in (
        {},
        {**good.headers, SIGNATURE: "0" * 64},
        {**good.headers, SIGNATURE: "é"},
        {**good.headers, NONCE: "m" * 16},
        {**good.headers, NONCE: "short"},
        {**good.headers, TIMESTAMP: str(int(good.headers[TIMESTAMP]) + 1)},
        {**good.headers, TIMESTAMP: "yesterday"},
    ):
        assert await send(stack, SignedNotification(good.body, headers)) == (401, "SIGN_ERROR")
    changed = SignedNotification(good.body.replace(b"2900", b"9900"), good.headers)
    assert await send(stack, changed) == (401, "SIGN_ERROR")
    for off in (timedelta(minutes=-6), timedelta(minutes=6)):
        stale = sign(KEY, good.body, "c" * 16, stack.wall() + off)
        assert await send(stack, stale) == (401, "SIGN_ERROR")
    never = {TIMESTAMP: "999999999999", NONCE: "e" * 16}
    never[SIGNATURE] = _signature(KEY, never[TIMESTAMP], never[NONCE], good.body)
    assert await send(stack, SignedNotification(good.body, never)) == (401, "SIGN_ERROR"), "beyond the year 9999"
    other_key = sign(b"x" * 32, good.body, "d" * 16, stack.wall())
    assert await send(stack, other_key) == (401, "SIGN_ERROR")
    assert await booked(stack) == 0


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"amount": 2800}, 409),
        ({"currency": "EUR"}, 422),
        ({"currency": "XXX"}, 422),
        ({"provider": "other"}, 409),
        ({"order_no": "pay-unknown"}, 404),
        ({"amount": "2900"}, 422),
        ({"amount": -2900}, 422),
        ({"amount": 29.0}, 422),
        ({"paid_at": "2026-11-01T08:00:00"}, 422),
        ({"extra": 1}, 422),
        ({"trade_no": ""}, 422),
    ],
)
async def test_authentic_but_wrong(stack: Stack, payment: Payment, changed: dict[str, object], status: int) -> None:
    assert (await send(stack, signed(stack, body_of(payment, **changed))))[0] == status
    assert await booked(stack) == 0


async def test_a_body_that_is_no_json(stack: Stack, payment: Payment) -> None:
    assert await send(stack, signed(stack, b"{")) == (422, "PARAM_ERROR")


async def test_while_the_store_is_away_the_provider_must_come_again(stack: Stack, payment: Payment) -> None:
    stack.world.faults.fail("store")
    assert (await send(stack, signed(stack, body_of(payment), "a" * 16)))[0] == 503
    stack.world.faults.heal()
    assert (await send(stack, signed(stack, body_of(payment), "b" * 16)))[0] == 200
    assert await booked(stack) == 1


async def test_the_endpoint_takes_the_same_over_https(stack: Stack, payment: Payment) -> None:
    notification = signed(stack, body_of(payment))
    headers = list(notification.headers.items())
    url = f"https://{PORTAL}/notify"
    assert (await stack.gateway.fetch("POST", url.replace("https", "http"), headers, notification.body)).status == 404
    answer = await stack.gateway.fetch("POST", url, headers, notification.body)
    assert (answer.status, answer.json()["code"]) == (200, "SUCCESS")
    too_long = await stack.gateway.fetch("POST", url, headers, b"x" * 20_000)
    assert too_long.status == 422


async def test_the_till_pays_by_the_same_way(stack: Stack) -> None:
    await stack.overdue(ZHANG)
    settlement = await stack.till.pay(ZHANG, Money(2000))
    assert settlement.missing == Money(900)
    assert not settlement.repeated
    assert not (await stack.till.pay(ZHANG, Money(900))).missing.minor


async def test_the_till_pays_once_for_each_number(stack: Stack) -> None:
    number = PaymentNo("pay-of-somebody")
    paid = await stack.till.top_up(ZHANG, Money(2000), number)
    assert (paid.no, paid.state) == (number, PaymentState.PAID)
    assert await stack.till.top_up(ZHANG, Money(2000), number) == paid
    with pytest.raises(Conflict, match="use a new idempotency key"):
        await stack.till.top_up(ZHANG, Money(2001), number)
    other = await stack.till.top_up(ZHANG, Money(2000), None)
    assert other.no != number
    assert len([each for each in await stack.service.ledger(ZHANG) if each.trade_no]) == 2


async def test_the_till_books_all_that_is_paid_at_once_however_many_orders_wait(stack: Stack) -> None:
    for _ in range(10):
        await stack.service.order_payment(LI, Money(100), "")
    settled = await asyncio.gather(*(stack.till.pay(LI, Money(100)) for _ in range(15)))
    assert [each.repeated for each in settled] == [False] * 15
    assert len(await stack.world.store.open_payments()) == 10


async def test_the_till_says_when_the_money_is_not_booked_yet(stack: Stack) -> None:
    stack.broken = True
    with pytest.raises(Unavailable, match="do not pay again"):
        await stack.till.pay(LI, Money(100))
    stack.broken = False
    (happened,) = await stack.service.advance_clock(timedelta(seconds=15))
    assert happened.text.endswith("attempt 2 accepted")


async def test_settlements_are_kept_for_whoever_waits(stack: Stack) -> None:
    first, _ = await stack.service.order_payment(LI, Money(100), "")
    second, _ = await stack.service.order_payment(LI, Money(100), "")
    with stack.expected.expecting(second.no) as came:
        assert (await send(stack, signed(stack, body_of(first), "a" * 16)))[0] == 200
        assert came() is None
        for nonce in ("b" * 16, "c" * 16):
            assert (await send(stack, signed(stack, body_of(second, trade_no="trade-2"), nonce)))[0] == 200
        settlement = came()
    assert settlement is not None
    assert not settlement.repeated
    assert not stack.expected._came
