"""What the portal takes from forms and links, and what it never does with it."""

import pytest

from tests.fakes.world import LI, ZHANG
from tests.web.portal.test_identity import logged_in
from tests.web.stack import PORTAL, Stack, fields

ORDER = f"https://{PORTAL}/order"


@pytest.mark.parametrize(
    "amount", ["", "0", "-5", "5000.01", "1e3", "29,00", "abc", "0.001", "<script>alert(1)</script>"]
)
async def test_a_wrong_amount_is_asked_again(stack: Stack, amount: str) -> None:
    browser = await logged_in(stack, LI)
    page = await browser.submit(amount=amount)
    assert page.status == 422
    assert browser.url == ORDER
    assert "Please enter an amount from ¥0.01 to ¥5,000.00, such as 50.00." in page.text
    assert "<script>" not in page.text
    assert await stack.world.store.open_payments() == []


async def test_what_is_due_can_be_paid_in_one_go(stack: Stack) -> None:
    await stack.overdue(ZHANG, 1_003_000)
    browser = await logged_in(stack)
    assert "¥10,000.00" in browser.page.text
    await browser.submit(amount="10000.00")
    assert browser.url.startswith("https://pay.provider.example/pay/")


async def test_the_form_must_be_of_this_login(stack: Stack) -> None:
    browser = await logged_in(stack)
    token = fields(browser.page.text)["csrf"]
    other = await logged_in(stack)
    for form in ({"amount": "10"}, {"amount": "10", "csrf": token}, {"amount": "10", "csrf": "é"}):
        assert (await other.post(ORDER, form)).status == 422
    assert await stack.world.store.open_payments() == []
    foreign = [("Sec-Fetch-Site", "cross-site")]
    assert (await browser.post(ORDER, {"amount": "10", "csrf": token}, foreign)).status == 422
    own = [("Sec-Fetch-Site", "same-origin")]
    await browser.post(ORDER, {"amount": "10", "csrf": token}, own)
    assert len(await stack.world.store.open_payments()) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"amount=1"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/x-www-form-urlencoded", b"amount=1&amount=2"),
        ("application/x-www-form-urlencoded", b"amount=%ff"),
        ("application/x-www-form-urlencoded", b"\xff=1"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(30))),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 20_000),
    ],
)
async def test_unreadable_forms_are_error_pages(stack: Stack, kind: str, body: bytes) -> None:
    browser = await logged_in(stack)
    answer = await browser.request_once("POST", ORDER, body, [("Content-Type", kind)])
    assert answer.status == 422
    assert "提交的内容无法识别" in answer.text or "could not be understood" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("DELETE", "/order", 405), ("GET", "/notify", 405), ("GET", "/static/../app.py", 404)],
)
async def test_errors_are_pages_in_both_languages(stack: Stack, method: str, path: str, status: int) -> None:
    for language, word in (("zh", "无法打开此页面"), ("en", "This page cannot be opened")):
        answer = await stack.browser(ZHANG, language).request_once(method, f"https://{PORTAL}{path}")
        assert (answer.status, word in answer.text) == (status, True)


async def test_somebody_elses_payment_is_not_shown(stack: Stack) -> None:
    browser = await logged_in(stack)
    await browser.submit(amount="10")
    (payment,) = await stack.world.store.open_payments()
    assert (await browser.open(f"https://{PORTAL}/result?payment={payment.no}")).status == 200
    other = await logged_in(stack, LI)
    assert (await other.open(f"https://{PORTAL}/result?payment={payment.no}")).status == 404
    assert (await other.open(f"https://{PORTAL}/result?payment=pay-0")).status == 404
    assert (await other.open(f"https://{PORTAL}/result")).status == 404


async def test_when_the_carrier_is_unavailable_nothing_is_charged(stack: Stack) -> None:
    browser = await logged_in(stack)
    stack.world.faults.fail("store")
    answer = await browser.submit(amount="10")
    assert answer.status == 503
    assert "没有任何扣款" in answer.text or "Nothing was charged" in answer.text
    stack.world.faults.heal()


async def test_every_page_is_locked_down(stack: Stack) -> None:
    browser = await logged_in(stack)
    for url in (f"http://{PORTAL}/", ORDER, f"https://{PORTAL}/nothing", f"https://{PORTAL}/"):
        page = await browser.request_once("GET", url)
        if page.status == 303:
            continue
        policy = page.header("content-security-policy") or ""
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.header("x-frame-options") == "DENY"
        assert page.header("referrer-policy") == ("strict-origin" if url == ORDER else "no-referrer")
        assert page.header("cache-control") == "no-store"
        assert "<script" not in page.text
        assert " style=" not in page.text
    style = await browser.request_once("GET", f"http://{PORTAL}/static/style.css")
    assert (style.status, style.header("content-type")) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.example/", "http://u:p@evil.example/", 'http://a.example/"><script>', ""]
)
async def test_unsafe_return_addresses_are_dropped(stack: Stack, url: str) -> None:
    await stack.overdue(ZHANG)
    browser = stack.browser(ZHANG)
    await browser.open(f"http://{PORTAL}/green")
    order = await browser.submit(url=url)
    assert order.status == 200
    await browser.submit(amount="29")
    await browser.open(browser.url + "/verify")
    result = await browser.submit(pin="123456")
    assert "服务已恢复" in result.text
    assert "evil" not in result.text
    assert "继续访问" not in result.text
