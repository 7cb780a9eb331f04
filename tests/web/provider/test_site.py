"""The provider's pages and its outbox."""

import asyncio
from datetime import timedelta
from urllib.parse import quote

import pytest

from nfemu.model.errors import Conflict
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment
from nfemu.web.provider import delivery, orders
from nfemu.web.provider.delivery import LADDER, Notifications
from nfemu.web.provider.orders import OrderBook, OrderSheet, Stage
from nfemu.web.provider.signature import SignedNotification
from tests.fakes.world import START, ZHANG
from tests.web.stack import PORTAL, Browser, Stack

RETURN = f"https://{PORTAL}/result?lang=zh"


@pytest.fixture
async def order(stack: Stack) -> tuple[Payment, str]:
    await stack.overdue(ZHANG)
    return await stack.service.order_payment(ZHANG, Money(2900), RETURN)


@pytest.fixture
def browser(stack: Stack) -> Browser:
    return stack.browser(ZHANG, "en")


async def test_the_pay_page_shows_merchant_amount_and_order(browser: Browser, order: tuple[Payment, str]) -> None:
    payment, url = order
    page = await browser.open(url)
    for shown in ("Example Mobile", "¥29.00", payment.no):
        assert shown in page.text
    assert "示例移动" in (await browser.click("中文")).text


async def test_three_wrong_pins_end_the_order(stack: Stack, browser: Browser, order: tuple[Payment, str]) -> None:
    await browser.open(order[1] + "/verify")
    assert "Attempts left: 2" in (await browser.submit(pin="000000")).text
    assert browser.page.status == 422
    assert "Attempts left: 1" in (await browser.submit(pin="")).text
    assert "Payment failed" in (await browser.submit(pin="000000")).text
    assert "Payment failed" in (await browser.post(order[1] + "/verify", {"pin": "123456"})).text
    assert "Payment failed" in (await browser.open(order[1])).text
    assert stack.provider.notifications.waiting() == []


async def test_after_one_wrong_pin_the_right_one_pays(
    stack: Stack, browser: Browser, order: tuple[Payment, str]
) -> None:
    await browser.open(order[1] + "/verify")
    await browser.submit(pin="000000")
    answer = await browser.request_once("POST", order[1] + "/verify", b"pin=123456")
    assert answer.header("location") == f"{RETURN}&payment={order[0].no}"
    assert (await stack.service.status(ZHANG)).amount_due == Money(0)
    for path in ("", "/verify"):
        assert "Payment successful" in (await browser.open(order[1] + path)).text
    await browser.post(order[1] + "/cancel", {})
    assert "Payment successful" in browser.page.text
    again = await browser.request_once("POST", order[1] + "/verify", b"pin=123456")
    assert again.status == 303
    assert sum(1 for entry in await stack.service.ledger(ZHANG) if entry.trade_no) == 1


async def test_an_order_expires_on_the_business_clock(
    stack: Stack, browser: Browser, order: tuple[Payment, str]
) -> None:
    await browser.open(order[1] + "/verify")
    await stack.service.set_clock(order[0].expires_at)
    assert "Order expired" in (await browser.submit(pin="123456")).text
    with pytest.raises(Conflict, match="expired"):
        await stack.provider.collect(order[0])


@pytest.mark.parametrize("link", ["x", "x.y", "é.é", "."])
async def test_only_the_providers_own_links_open(browser: Browser, link: str) -> None:
    answer = await browser.open(f"https://pay.provider.example/pay/{quote(link)}")
    assert (answer.status, "No such order" in answer.text) == (404, True)


async def test_a_changed_link_is_refused(browser: Browser, order: tuple[Payment, str]) -> None:
    for changed in (order[1][:-1], order[1].replace("/pay/", "/pay/A"), order[1] + "é".encode().hex()):
        assert (await browser.open(changed)).status == 404


async def test_https_only_and_errors_are_pages(browser: Browser, order: tuple[Payment, str]) -> None:
    assert (await browser.open(order[1].replace("https", "http"))).status == 404
    nothing = await browser.open("https://pay.provider.example/nothing")
    assert (nothing.status, "No such order" in nothing.text) == (404, True)
    wrong = await browser.request_once("DELETE", order[1])
    assert (wrong.status, "Something went wrong" in wrong.text) == (405, True)
    policy = nothing.header("content-security-policy") or ""
    assert f"form-action 'self' https://{PORTAL}" in policy


async def test_refused_notifications_are_repeated_on_the_ladder(
    stack: Stack, browser: Browser, order: tuple[Payment, str]
) -> None:
    stack.broken = True
    waiting = await browser.post(order[1] + "/verify", {"pin": "123456"})
    assert waiting.status == 403, "this browser has no portal session"
    outbox = stack.provider.notifications
    assert outbox.waiting() == [order[0].no]
    assert await outbox.retry_due() == 0
    assert len(stack.refused_deliveries) == 1, "nothing is due yet"
    await stack.service.set_clock(stack.service.now() + timedelta(seconds=15))
    assert await outbox.retry_due() == 0
    assert len(stack.refused_deliveries) == 2
    stack.broken = False
    await stack.service.set_clock(stack.service.now() + timedelta(seconds=15))
    assert await outbox.retry_due() == 1
    assert outbox.waiting() == []
    assert (await stack.service.status(ZHANG)).amount_due == Money(0)


class Merchant:
    def __init__(self) -> None:
        self.answers: list[int] = []
        self.asked = 0
        self.gate: asyncio.Event | None = None

    async def __call__(self, body: bytes, headers: object) -> int:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        return self.answers.pop(0) if self.answers else 200


def notification() -> SignedNotification:
    return SignedNotification(b"", {})


async def test_after_the_last_rung_the_provider_gives_up() -> None:
    merchant = Merchant()
    merchant.answers = [500] * (len(LADDER) + 1)
    now = [START]
    outbox = Notifications(merchant, lambda: now[0])
    assert not await outbox.submit(PaymentNo("pay-1"), notification)
    for wait in LADDER:
        assert outbox.waiting() == ["pay-1"]
        now[0] += wait
        await outbox.retry_due()
    assert outbox.waiting() == []
    assert merchant.asked == len(LADDER) + 1


async def test_a_slow_merchant_does_not_keep_the_payer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "ANSWER_WITHIN", 0)
    merchant = Merchant()
    merchant.gate = asyncio.Event()
    outbox = Notifications(merchant, lambda: START)
    assert not await outbox.submit(PaymentNo("pay-1"), notification)
    assert not await outbox.submit(PaymentNo("pay-1"), notification), "one attempt at a time"
    assert await outbox.retry_due() == 0, "what is under way is not due"
    merchant.gate.set()
    await outbox.settle_attempts()
    assert outbox.waiting() == []
    assert merchant.asked == 1


async def test_the_outbox_runs_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_LOOK_EVERY", 0)
    merchant = Merchant()
    merchant.answers = [500, 500]
    outbox = Notifications(merchant, lambda: START, ladder=[timedelta(0)] * 3)
    running = asyncio.create_task(outbox.run())
    await outbox.submit(PaymentNo("pay-1"), notification)
    while outbox.waiting():  # noqa: ASYNC110 - waits for the outbox's own task, not for time
        await asyncio.sleep(0)
    await outbox.submit(PaymentNo("pay-2"), notification)
    assert merchant.asked == 4
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def sheet(number: int = 1) -> OrderSheet:
    return OrderSheet(PaymentNo(f"pay-{number}"), Money(100), START + timedelta(minutes=15), "https://x.example/")


def test_links_survive_a_restart_and_trades_have_one_number() -> None:
    one, two = OrderBook(b"k" * 32, "123456", 3), OrderBook(b"k" * 32, "123456", 3)
    assert two.read(one.link(sheet())) == sheet()
    assert two.trade_no(sheet()) == one.trade_no(sheet()) != one.trade_no(sheet(2))


def test_an_unpaid_order_has_no_payment_time() -> None:
    with pytest.raises(Conflict, match="not paid"):
        OrderBook(b"k" * 32, "123456", 3).paid_at(sheet())


def test_closed_orders_take_nothing_more() -> None:
    book = OrderBook(b"k" * 32, "123456", 3)
    book.cancel(sheet(), START)
    for attempt in (book.cancel, book.collect):
        with pytest.raises(Conflict, match="cancelled"):
            attempt(sheet(), START)
    with pytest.raises(Conflict, match="cancelled"):
        book.enter_pin(sheet(), "123456", START)


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "_REMEMBERED", 2)
    book = OrderBook(b"k" * 32, "123456", 3)
    book.cancel(sheet(1), START)
    book.cancel(sheet(2), START)
    assert book.stage(sheet(1), START) is Stage.CANCELLED
    book.cancel(sheet(3), START)
    assert [book.stage(sheet(number), START) for number in (3, 1)] == [Stage.CANCELLED, Stage.CANCELLED]
    assert book.stage(sheet(2), START) is Stage.OPEN
