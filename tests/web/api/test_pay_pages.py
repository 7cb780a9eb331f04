"""The pages of the emulated WeChat Pay: payments and signatures, what can be done there, and by whom."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from nfemu.wechat.trade import TradeState
from tests.web.api.browser import Answer, ask
from tests.web.api.conftest import Api
from tests.web.wechat.asking import H5_ORDER, ORDER_H5, asked, ordered, paid, said
from tests.web.wechat.provider import MCHID, Provider

HERE = ("Host", "127.0.0.1:8600")
NUMBER = H5_ORDER["out_trade_no"]
ORDER = f"/pay/orders/{MCHID}/{NUMBER}"


class Browser:
    """Logged in; sends forms as a browser does."""

    def __init__(self, api: Api, cookie: str) -> None:
        self._api = api
        self._cookie = cookie

    @classmethod
    async def of(cls, api: Api) -> "Browser":
        link = (await api("POST", "/login-links", {"page": "/pay"})).json()["path"]
        welcome = await ask(api.app, "GET", link, [HERE])
        assert 'url=/pay"' in welcome.text
        return cls(api, welcome.headers["set-cookie"].partition(";")[0])

    async def open(self, path: str, language: str = "en") -> Answer:
        return await ask(self._api.app, "GET", path, [HERE, ("Cookie", self._cookie), ("Accept-Language", language)])

    async def token(self) -> str:
        found = re.search('name="form_token" value="([0-9a-f]{64})"', (await self.open("/pay")).text)
        assert found is not None
        return found[1]

    async def send(self, path: str, *more: tuple[str, str], token: str | None = None, **fields: str) -> Answer:
        form = {"form_token": await self.token() if token is None else token, **fields}
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        head = [HERE, ("Cookie", self._cookie), ("Accept-Language", "en"), kind, *more]
        return await ask(self._api.app, "POST", path, head, urlencode(form).encode())

    async def sent(self, path: str, **fields: str) -> str:
        """The page to which a form leads."""
        answer = await self.send(path, **fields)
        assert answer.status == 303, answer.text
        return (await self.open(answer.headers["location"])).text


@pytest.fixture
async def browser(pay_api: Api) -> Browser:
    return await Browser.of(pay_api)


async def test_without_a_login_nothing_is_shown_or_done(pay_api: Api, provider: Provider) -> None:
    await ordered(provider)
    stranger = Browser(pay_api, "nfemu_pages=guess")
    for path in ("/pay", ORDER, "/pay/debug", "/pay/debug/1"):
        answer = await stranger.open(path)
        assert (answer.status, NUMBER in answer.text) == (403, False)
    for path in (f"{ORDER}/payer", "/pay/faults", "/pay/faults/clear", "/pay/notifications/EV-1/resend", "/pay/debug"):
        assert (await stranger.send(path, token="guess", outcome="paid")).status == 403
    assert (await provider.desk.trade(MCHID, NUMBER)).state is TradeState.NOTPAY


async def test_a_form_is_taken_from_our_own_pages_only(browser: Browser, provider: Provider, pay_api: Api) -> None:
    await ordered(provider)
    for answer, status in (
        (await browser.send(f"{ORDER}/payer", token="", outcome="paid"), 422),
        (await browser.send(f"{ORDER}/payer", token="é", outcome="paid"), 422),
        (await browser.send(f"{ORDER}/payer", token=await (await Browser.of(pay_api)).token(), outcome="paid"), 422),
        (await browser.send(f"{ORDER}/payer", ("Sec-Fetch-Site", "cross-site"), outcome="paid"), 422),
        (await browser.send(f"{ORDER}/payer", ("Origin", "https://evil.example"), outcome="paid"), 403),
        (await browser.open(f"{ORDER}/payer?outcome=paid"), 405),
    ):
        assert answer.status == status
    assert (await provider.desk.trade(MCHID, NUMBER)).state is TradeState.NOTPAY
    page = await browser.open(ORDER)
    assert page.headers["referrer-policy"] == "same-origin", "else browsers hide where a form comes from"
    assert "form-action 'self'" in page.headers["content-security-policy"]


async def test_an_order_is_paid_notified_and_told_again(browser: Browser, provider: Provider) -> None:
    await ordered(provider)
    assert ">not paid<" in (await browser.open("/pay")).text
    assert ">payment failed<" in await browser.sent(f"{ORDER}/payer", outcome="failed")
    provider.server.answers = [500]
    page = await browser.sent(f"{ORDER}/payer", outcome="paid")
    assert "The merchant has not accepted (yet)." in page
    assert ">500 <small>" in page
    assert "next attempt 2026-11-01 16:00:15" in page
    identifier = re.search(r"EV-[0-9]+", page)
    assert identifier is not None
    page = await browser.sent(f"/pay/notifications/{identifier[0]}/resend")
    assert "The merchant has been told, and has accepted." in page
    assert page.count("<td>genuine</td>") == 2
    assert (await browser.send(f"{ORDER}/payer", outcome="paid")).status == 409
    assert (await browser.send(f"{ORDER}/payer", outcome="dance")).status == 422
    assert (await browser.send("/pay/notifications/EV-0/resend")).status == 404
    assert (await browser.open(f"/pay/orders/{MCHID}/nothing")).status == 404


async def test_faults_are_armed_and_forgotten(browser: Browser, provider: Provider) -> None:
    page = await browser.sent("/pay/faults", fault="late", parameter="60", mchid="", number="", next="3")
    assert "late:60 waits for the next 3 orders" in page
    page = await browser.sent("/pay/faults", fault="duplicate", mchid=MCHID, number="NOTYET")
    assert "duplicate waits for order NOTYET of merchant 1900000109" in page
    assert "No fault waits for an order." in await browser.sent("/pay/faults/clear")
    await ordered(provider)
    page = await browser.sent("/pay/faults", fault="lost", mchid=MCHID, number=NUMBER)
    assert '<dd class="fault">lost</dd>' in page
    await paid(provider)
    for fields, status in (
        ({"fault": "never"}, 422),
        ({"fault": "late", "parameter": "soon"}, 422),
        ({"fault": "late", "next": "many"}, 422),
        ({"fault": "late", "next": "0"}, 422),
        ({"fault": "late", "number": NUMBER}, 422),
        ({"fault": "late", "number": NUMBER, "mchid": MCHID}, 409),
    ):
        assert (await browser.send("/pay/faults", **fields)).status == status


async def test_many_orders_have_pages(browser: Browser, provider: Provider) -> None:
    assert "No orders yet." in (await browser.open("/pay")).text
    await ordered(provider)
    trade = await provider.desk.trade(MCHID, NUMBER)
    for index in range(120):
        await provider.books.keep([replace(trade, out_trade_no=f"H{index:05d}", prepay_id=f"{index}")])
    seen: list[str] = []
    for number in range(1, 4):
        page = (await browser.open(f"/pay?page={number}")).text
        assert ("Older" in page, "Newer" in page) == (number < 3, number > 1)
        seen += re.findall(r'class="number">([^<]+)<', page)
    assert (len(seen), len(set(seen))) == (121, 121)
    assert (await browser.open("/pay?page=4")).status == 200
    for page in ("0", "-1", "x", "9" * 40, "١"):
        assert (await browser.open(f"/pay?{urlencode({'page': page})}")).status == 422


async def test_what_merchants_write_is_text(browser: Browser, provider: Provider) -> None:
    order = {**H5_ORDER, "description": "<script>alert(1)</script>", "attach": "<b>"}
    await said(provider, "POST", ORDER_H5, order)
    request = asked(provider, "POST", ORDER_H5, order)
    request.headers["user-agent"] = "<img src=x>"
    request.body += b"\xff\x00<i>"
    await request.to(provider)
    for path in ("/pay", ORDER, "/pay/debug", "/pay/debug/1"):
        assert not re.search("<(script|b|img|i)[ >]", (await browser.open(path)).text), path
    assert "⟨FF⟩␀&lt;i&gt;" in (await browser.open("/pay/debug/1")).text
    assert "<script>" not in (await browser.open("/pay?said=<script>")).text


async def test_a_refused_request_is_opened_and_compared(browser: Browser, provider: Provider) -> None:
    assert "Nothing was refused since" in (await browser.open("/pay/debug")).text
    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    request.body = request.body.replace(b": ", b":")
    await request.to(provider)
    listed = (await browser.open("/pay/debug")).text
    assert "/pay/debug/1?lang=en" in listed
    page = (await browser.open("/pay/debug/1")).text
    assert "What the signature fits" in page
    assert "<mark> </mark>" in page
    assert "signature <small>wrong</small>" in page
    assert "与签名相符的字符串" in (await browser.open("/pay/debug/1", "zh")).text
    page = (await browser.send("/pay/debug/1", signed="POST\r\nelse\r\n")).text
    assert "What you gave" in page
    assert "<mark>else</mark>↵" in page
    assert (await browser.open("/pay/debug/2")).status == 404


async def test_a_refused_notification_shows_what_it_holds(browser: Browser, provider: Provider) -> None:
    await ordered(provider)
    provider.server.answers = [500]
    await paid(provider)
    page = (await browser.open("/pay/debug/1")).text
    assert "The resource holds" in page
    assert f"&#34;out_trade_no&#34;:&#34;{NUMBER}&#34;" in page


async def test_what_somebody_pastes(browser: Browser, provider: Provider) -> None:
    request = asked(provider, "GET", "/v3/certificates")
    text = "GET /v3/certificates HTTP/1.1\r\nAuthorization: {}\r\nAccept: */*\r\nUser-Agent: x\r\n\r\n"
    page = (await browser.send("/pay/debug", request=text.format(request.headers["authorization"]))).text
    assert "Every check of the signature holds." in page
    assert "The signature is of the string that you gave." not in page
    assert (await browser.send("/pay/debug", request="rubbish")).status == 422
    assert (await browser.send("/pay/debug", request="x" * 17_000)).status == 422
    assert (await browser.send("/pay/debug", request="x" * 70_000)).status == 413
