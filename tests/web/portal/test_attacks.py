"""What others send: guessed tickets, forms of foreign pages, markup in every place that a page shows."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile
from nfemu.web.pages import Voice
from nfemu.wire.protection import PROTECTION
from tests.fakes.world import LI, ZHANG, catalogue, rules
from tests.web.gateway_side import Answer
from tests.web.portal.test_identity import logged_in
from tests.web.stack import PORTAL, Browser, Stack, fields

ENTER = f"https://{PORTAL}/enter?ticket="
CONTINUE = f"http://{PORTAL}/continue"
GREEN = f"http://{PORTAL}/green"
MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


async def ticket_of(browser: Browser) -> str:
    """A fresh entry link, not opened yet."""
    await browser.open(GREEN)
    form = f"csrf={fields(browser.page.text)['csrf']}".encode()
    return (await browser.request_once("POST", CONTINUE, form)).header("location") or ""


async def test_a_changed_ticket_is_worth_nothing_and_leaves_the_true_one_good(stack: Stack) -> None:
    link = await ticket_of(stack.browser(ZHANG))
    word = link.removeprefix(ENTER)
    other = "A" if word[-1] != "A" else "B"
    changed = (word[:-1], word[:-1] + other, word + "=", word.swapcase(), f"{word}%20")
    for forged in (*changed, "", quote(MARKUP), "x" * 8000):
        assert (await stack.browser(ZHANG).open(ENTER + forged)).status == 403
    assert (await stack.browser(ZHANG).open(f"https://{PORTAL}/enter")).status == 403
    assert (await stack.browser(ZHANG).open(link)).status == 200


async def test_of_two_who_redeem_one_ticket_at_once_one_is_logged_in(stack: Stack) -> None:
    link = await ticket_of(stack.browser(ZHANG))
    both = [stack.browser(ZHANG).request_once("GET", link) for _ in range(2)]
    assert sorted(answer.status for answer in await asyncio.gather(*both)) == [303, 403]


@pytest.fixture
async def reactivating(tmp_path: Path) -> AsyncIterator[Stack]:
    made = Stack(tmp_path, rules(shelves=catalogue(reactivate=True)))
    await made.start()
    yield made
    await made.stop()


async def test_a_ticket_and_a_form_of_the_generation_before_are_worth_nothing(reactivating: Stack) -> None:
    browser = reactivating.browser(ZHANG)
    link = await ticket_of(browser)
    form = f"csrf={fields(browser.page.text)['csrf']}".encode()
    before = reactivating.session(ZHANG).generation
    await reactivating.overdue(ZHANG)
    assert reactivating.session(ZHANG).generation == before + 1
    assert (await browser.request_once("POST", CONTINUE, form)).status == 422
    assert (await browser.open(link)).status == 403


async def test_a_phone_that_polls_the_captive_api_keeps_its_users_ticket(stack: Stack) -> None:
    await stack.overdue(ZHANG)
    browser = stack.browser(ZHANG)
    link = await ticket_of(browser)
    polls = [await browser.request_once("GET", f"https://{PORTAL}/captive-api") for _ in range(6)]
    assert len({poll.json()["user-portal-url"] for poll in polls}) == 1
    assert (await browser.open(link)).status == 200


async def test_whoever_guesses_tickets_waits_and_nobody_else(stack: Stack) -> None:
    link = await ticket_of(stack.browser(LI))
    answers = [await stack.browser(ZHANG).request_once("GET", f"{ENTER}{number}") for number in range(21)]
    assert [answer.status for answer in answers] == [403] * 20 + [429]
    assert 0 < int(answers[-1].header("retry-after") or 0) <= 60
    assert "请稍后再试" in answers[-1].text or "try again" in answers[-1].text
    assert (await stack.browser(LI).open(link)).status == 200


async def test_the_landing_form_is_sent_by_our_own_page_only(stack: Stack) -> None:
    """On plain HTTP the gateway vouches for whatever page sends the request; it would choose the page to go back to."""
    browser, other = stack.browser(ZHANG), stack.browser(LI)
    await browser.open(GREEN)
    await other.open(GREEN)
    csrf = fields(other.page.text)["csrf"]
    for form in ({"url": "http://evil.example/"}, {"csrf": csrf}, {"csrf": ""}, {"csrf": "é"}):
        assert (await browser.post(CONTINUE, form)).status == 422
    assert browser.cookie is None
    await browser.open(GREEN)
    own = {"csrf": fields(browser.page.text)["csrf"]}
    assert (await browser.post(CONTINUE, own, [("Sec-Fetch-Site", "cross-site")])).status == 422
    assert (await browser.post(CONTINUE, own, [("Sec-Fetch-Site", "same-origin")])).status == 200


@pytest.mark.parametrize("path", ["verify", "cancel"])
async def test_the_providers_forms_are_not_sent_by_other_sites(stack: Stack, path: str) -> None:
    await stack.overdue(ZHANG)
    browser = await logged_in(stack)
    await browser.submit(amount="29")
    foreign = [("Sec-Fetch-Site", "cross-site")]
    target = browser.url.partition("?")[0]
    assert (await browser.post(f"{target}/{path}", {"pin": "123456"}, foreign)).status == 422
    assert (await stack.service.status(ZHANG)).ordered is OrderedProfile.ARREARS
    assert "123456" in (await browser.open(f"{target}/verify")).text


async def test_pins_are_guessed_twelve_times_over_all_orders(stack: Stack) -> None:
    """Each order ends after three; whoever goes on with new orders is not heard, not even when right."""
    browser = stack.browser(ZHANG)
    verify = [await pin_page(browser) for _ in range(5)]
    for guessed in verify[:4]:
        for _ in range(3):
            await browser.post(guessed, {"pin": "000000"})
    refused = await browser.post(verify[4], {"pin": "123456"})
    assert (refused.status, bool(refused.header("retry-after"))) == (429, True)
    other = stack.browser(LI)
    assert (await other.post(await pin_page(other), {"pin": "123456"})).status == 200


async def test_a_line_that_orders_and_never_pays_is_shown_what_it_can_pay(stack: Stack) -> None:
    browser = await logged_in(stack)
    for amount in range(1, 11):
        await browser.open(f"https://{PORTAL}/order")
        assert (await browser.submit(amount=str(amount))).status == 200
    await browser.open(f"https://{PORTAL}/order")
    refused = await browser.submit(amount="11")
    assert (refused.status, "未付款的订单过多" in refused.text) == (409, True)
    assert re.findall("支付 ¥([0-9]+).00", refused.text) == [str(amount) for amount in range(10, 0, -1)]
    assert len(await stack.world.store.open_payments()) == 10
    assert "¥7.00" in (await browser.click("¥7.00")).text
    await browser.open(f"{browser.url.partition('?')[0]}/verify")
    await browser.submit(pin="123456")
    assert (await stack.service.status(ZHANG)).balance == Money(3700)
    await browser.open(f"https://{PORTAL}/order")
    assert (await browser.submit(amount="11")).status == 200


async def pin_page(browser: Browser) -> str:
    """Of a new order over one yuan."""
    await browser.open(GREEN)
    await browser.submit()
    await browser.submit(amount="1")
    return browser.url.partition("?")[0] + "/verify"


async def test_forged_notifications_are_refused_and_then_not_heard(stack: Stack) -> None:
    forge = [await stack.browser(ZHANG).request_once("POST", f"https://{PORTAL}/notify", b"{}") for _ in range(21)]
    assert [answer.status for answer in forge] == [401] * 20 + [429]
    assert (forge[-1].json()["code"], bool(forge[-1].header("retry-after"))) == ("TOO_MANY", True)
    assert (await stack.browser(LI).request_once("POST", f"https://{PORTAL}/notify", b"{}")).status == 401


async def answers(stack: Stack) -> AsyncIterator[tuple[str, Answer]]:
    """One of every kind that portal and provider give."""
    await stack.overdue(ZHANG)
    browser = stack.browser(ZHANG)
    for url in (GREEN, f"http://{PORTAL}/", f"http://{PORTAL}/nothing", f"http://{PORTAL}/static/style.css"):
        yield url, await browser.request_once("GET", url)
    browser = await logged_in(stack)
    stranger = stack.browser(LI)
    stranger.enriched = False
    yield "unknown", await stranger.request_once("GET", GREEN)
    yield "ticket", await browser.request_once("GET", await ticket_of(browser))
    for path in ("/", "/order", "/result?payment=x", "/enter", "/captive-api", "/order/", "/notify"):
        yield path, await browser.request_once("GET", f"https://{PORTAL}{path}")
    yield "order", await browser.request_once("POST", f"https://{PORTAL}/order")
    yield "forged", await browser.request_once("POST", f"https://{PORTAL}/notify", b"{}")
    await browser.open(f"https://{PORTAL}/order")
    await browser.submit(amount="29")
    pay = browser.url.partition("?")[0]
    for url in (pay, f"{pay}/verify", "https://pay.provider.example/pay/x", "https://pay.provider.example/"):
        yield url, await browser.request_once("GET", url)
    yield "wrong pin", await browser.request_once("POST", f"{pay}/verify", b"pin=1")
    yield "paid", await browser.request_once("POST", f"{pay}/verify", b"pin=123456")


async def test_every_answer_is_locked_down(stack: Stack) -> None:
    seen = 0
    async for name, answer in answers(stack):
        seen += 1
        policy = answer.header("content-security-policy") or ""
        for directive in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action "):
            assert directive in policy, name
        assert "unsafe" not in policy, name
        assert "*" not in policy, name
        for header in ("X-Frame-Options", "X-Content-Type-Options"):
            assert answer.header(header) == PROTECTION[header], name
        named = "strict-origin" if name == "/order" else "no-referrer"
        assert answer.header("referrer-policy") == named, name
        cached = answer.header("cache-control") or ""
        assert "no-store" in cached or (name.endswith(".css") and cached == "max-age=3600"), name
        assert answer.header("strict-transport-security") is None, name
    assert seen == 21


async def test_markup_in_what_people_configure_and_send_is_shown_and_never_run(tmp_path: Path) -> None:
    """Carrier and provider names, amount, query, cookie, path, language: all of them end up in pages."""
    stack = Stack(tmp_path)
    stack.shell.config = replace(stack.shell.config, voice=Voice({"zh": MARKUP, "en": MARKUP}))
    stack.provider.config = replace(stack.provider.config, title={"zh": MARKUP, "en": MARKUP}, merchant={"zh": MARKUP})
    await stack.start()
    await stack.overdue(ZHANG)
    browser = stack.browser(ZHANG)
    pages = [await browser.open(f"{GREEN}?url={quote(MARKUP)}&lang={quote(MARKUP)}")]
    pages.append(await browser.submit(url=f"http://news.example/{MARKUP}"))
    pages.append(await browser.submit(amount=MARKUP))
    pages.append(await browser.open(f"https://{PORTAL}/result?payment={quote(MARKUP)}"))
    pages.append(await browser.open(f"https://{PORTAL}/{quote(MARKUP)}"))
    pages.append(await browser.open(f"https://pay.provider.example/pay/{quote(MARKUP, safe='')}"))
    await browser.open(f"https://{PORTAL}/order")
    pages.append(await browser.submit(amount="29"))
    for page in pages:
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "&lt;script&gt;" in page.text
    await stack.stop()
