"""The provider's pages."""

import asyncio
from datetime import timedelta
from urllib.parse import quote

import pytest

from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.money import Money
from nfemu.model.orders import Payment
from nfemu.model.provider import ProviderOrder
from tests.fakes.world import LI, ZHANG
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
    assert await stack.world.store.provider_orders_to_notify() == []


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
    """Each at its own business time, and whoever moves the clock hears of it; meanwhile the portal has asked."""
    stack.broken = True
    waiting = await browser.post(order[1] + "/verify", {"pin": "123456"})
    assert waiting.status == 403, "this browser has no portal session"
    at = stack.service.now()
    happened = await stack.service.advance_clock(timedelta(seconds=14))
    assert (happened, len(stack.refused_deliveries)) == ([], 1)
    happened = await stack.service.set_clock(at + timedelta(seconds=59))
    assert [(each.at - at).total_seconds() for each in happened] == [15, 20, 30]
    assert happened[0].text == f"notification of payment {order[0].no}: attempt 2 not accepted"
    assert happened[1].text == f"payment {order[0].no} is paid, the provider says when asked"
    stack.broken = False
    happened = await stack.service.set_clock(at + timedelta(seconds=60))
    assert [each.text for each in happened] == [f"notification of payment {order[0].no}: attempt 4 accepted"]
    assert await stack.world.store.provider_orders_to_notify() == []
    assert (await stack.service.status(ZHANG)).amount_due == Money(0)


async def test_what_cannot_be_recorded_did_not_happen(
    stack: Stack, browser: Browser, order: tuple[Payment, str]
) -> None:
    await browser.open(order[1] + "/verify")
    stack.world.faults.fail("store")
    refused = await browser.request_once("POST", order[1] + "/verify", b"pin=123456")
    assert (refused.status, "try again soon" in refused.text) == (503, True)
    with pytest.raises(Unavailable):
        await stack.provider.collect(order[0])
    stack.world.faults.heal()
    assert await stack.world.store.provider_order(order[0].no) is None
    assert "123456" in (await browser.open(order[1] + "/verify")).text


async def test_a_payer_who_hangs_up_has_paid(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever in the step that is; the merchant hears of it in this process, not at the next start."""
    put = stack.world.store.put_provider_order

    async def put_on_a_disk(order: ProviderOrder) -> None:
        await put(order)
        await asyncio.sleep(0)

    monkeypatch.setattr(stack.world.store, "put_provider_order", put_on_a_disk)
    for rounds in range(20):
        payment, url = await stack.service.order_payment(LI, Money(100 + rounds), RETURN)
        sheet = stack.provider.order(url.rpartition("/")[2])
        paying = asyncio.create_task(stack.provider.verify(sheet, "123456"))
        for _ in range(rounds):
            await asyncio.sleep(0)
        paying.cancel()
        await asyncio.gather(paying, return_exceptions=True)
        for _ in range(1000):
            await asyncio.sleep(0)
        record = await stack.world.store.provider_order(payment.no)
        assert record is None or record.notify_at is None
        assert (record is not None) == ((await stack.service.payment(payment.no)).trade_no is not None)


async def test_the_page_speaks_the_merchants_language(stack: Stack, browser: Browser) -> None:
    """The payer came from a Chinese page with an English browser; a link on the page still changes it."""
    await stack.overdue(ZHANG)
    _, url = await stack.service.order_payment(ZHANG, Money(2900), RETURN, "zh")
    assert "确认付款" in (await browser.open(url)).text
    assert "Confirm payment" in (await browser.click("English")).text
