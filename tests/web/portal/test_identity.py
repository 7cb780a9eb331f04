"""Who the portal believes, and when (G10, G12)."""

from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from starlette.types import Message

from nfemu.model.identity import Msisdn
from nfemu.web.origins.connection import OriginConnection, OriginRequest, attach_origin
from nfemu.web.pages import Voice
from nfemu.web.portal.app import portal_application
from tests.fakes.world import LI, ZHANG
from tests.web.stack import PORTAL, Browser, Stack, fields

LANDING = f"http://{PORTAL}/green"
NUMBER = ZHANG.e164


@pytest.fixture
async def ticket(stack: Stack) -> str:
    """A fresh entry link of Zhang's."""
    browser = stack.browser(ZHANG)
    await browser.open(LANDING)
    form = urlencode(fields(browser.page.text)).encode()
    answer = await browser.request_once("POST", f"http://{PORTAL}/continue", form)
    assert answer.status == 303
    return answer.header("location") or ""


async def test_curl_sees_a_short_page_that_knows_the_number(stack: Stack) -> None:
    answer = await stack.browser(ZHANG).request_once("GET", f"http://{PORTAL}/")
    assert "138****8000" in answer.text
    assert len(answer.body) < 3000


@pytest.mark.parametrize("by_gateway", [True, False])
async def test_a_phone_that_has_dialled_itself_is_not_believed(stack: Stack, by_gateway: bool) -> None:
    """On an IP bearer, by another port or at another site's address; even with its own number."""
    connection = OriginConnection(
        ip_address(stack.ue(ZHANG)), 1, ip_address("198.18.0.16"), 80, tls=False, by_gateway=by_gateway
    )
    scope: dict[str, object] = {"type": "http"}
    attach_origin(scope, OriginRequest(connection, b"/", ((b"X-MSISDN", NUMBER.encode()),)))
    visitor = await stack.shell.enriched_visitor(Request(scope))
    assert (visitor is not None) is by_gateway


@pytest.mark.parametrize(
    ("accepted", "language", "emergency"),
    [
        (None, "en", "Emergency calls (112, 110 …) are never affected."),
        ("de-DE, de;q=0.9", "en", "Emergency calls (112, 110 …) are never affected."),
        ("de, zh-CN;q=0.5, en;q=0.3", "zh", "紧急呼叫（112、110 等）始终不受影响。"),
    ],
)
async def test_the_carriers_language_and_emergency_numbers(
    stack: Stack, accepted: str | None, language: str, emergency: str
) -> None:
    """Where nobody is recognised, whose own language would count."""
    names = stack.shell.config.voice.name
    stack.shell.replace(replace(stack.shell.config, voice=Voice(names, "en", ("112", "110"))), lambda _: None)
    page = (await stack.browser(ZHANG, accepted).open(LANDING)).text
    assert (f'<html lang="{language}">' in page, emergency in page) == (True, True)


async def test_without_identity_the_page_explains(stack: Stack) -> None:
    browser = stack.browser(ZHANG, "en")
    browser.enriched = False
    answer = await browser.open(LANDING)
    assert answer.status == 403
    assert f"http://{PORTAL}/" in answer.text
    assert (await browser.post(f"http://{PORTAL}/continue", {})).status == 403


async def test_a_header_over_tls_is_not_believed(stack: Stack) -> None:
    browser = stack.browser(ZHANG)
    for method, path in (("GET", "/"), ("GET", "/green"), ("GET", "/order"), ("POST", "/continue"), ("POST", "/order")):
        answer = await browser.request_once(method, f"https://{PORTAL}{path}", headers=[("X-MSISDN", NUMBER)])
        assert answer.status == 403
        assert "8000" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        [("X-MSISDN", NUMBER), ("x-msisdn", NUMBER)],
        [("X-MSISDN", "nobody")],
        [("X-MSISDN", "8613899999999")],
        [("X-MSISDN", LI.e164)],
        [("MSISDN", NUMBER)],
    ],
    ids=["twice", "no number", "no subscriber", "another one's address", "another header"],
)
async def test_a_doubtful_identity_is_none(stack: Stack, headers: list[tuple[str, str]]) -> None:
    browser = stack.browser(ZHANG)
    browser.enriched = False
    answer = await browser.request_once("GET", LANDING, headers=headers)
    assert answer.status == 403
    assert "****" not in answer.text


async def test_after_detach_the_number_is_nobody(stack: Stack) -> None:
    address = stack.ue(ZHANG)
    await stack.service.detach(ZHANG)
    answer = await stack.gateway.get(LANDING, [("X-MSISDN", NUMBER)], ue=address)
    assert answer.status == 403


async def test_a_ticket_is_good_once(stack: Stack, ticket: str) -> None:
    browser = stack.browser(ZHANG)
    assert (await browser.open(ticket)).status == 200
    assert browser.url == f"https://{PORTAL}/order"
    again = await stack.browser(ZHANG, "en").open(ticket)
    assert again.status == 403
    assert "请重新进入" in again.text or "Please enter again" in again.text


async def test_a_ticket_is_worth_nothing_to_another_line_and_stays_its_owners(stack: Stack, ticket: str) -> None:
    thief = stack.browser(LI)
    assert [(await thief.request_once("GET", ticket)).status for _ in range(21)] == [403] * 20 + [429]
    assert thief.cookie is None
    assert (await stack.gateway.get(ticket, ue="10.45.250.250")).status == 403
    assert (await stack.browser(ZHANG).open(ticket)).status == 200


async def test_a_ticket_lasts_a_minute(stack: Stack, ticket: str) -> None:
    stack.wall.ahead += stack.wall.ahead.resolution * 60_000_000
    assert (await stack.browser(ZHANG).open(ticket)).status == 403


async def test_a_ticket_is_bound_to_the_session(stack: Stack, ticket: str) -> None:
    await stack.service.detach(ZHANG)
    await stack.service.attach(ZHANG)
    assert (await stack.browser(ZHANG).open(ticket)).status == 403


async def test_tickets_are_for_https(stack: Stack, ticket: str) -> None:
    assert (await stack.browser(ZHANG).open(ticket.replace("https", "http"))).status == 403
    assert (await stack.browser(ZHANG).open(ticket)).status == 200


async def logged_in(stack: Stack, msisdn: Msisdn = ZHANG) -> Browser:
    browser = stack.browser(msisdn)
    await browser.open(LANDING)
    await browser.submit()
    assert browser.cookie
    return browser


async def test_the_cookie_is_locked_down(stack: Stack, ticket: str) -> None:
    answer = await stack.browser(ZHANG).request_once("GET", ticket)
    cookie = (answer.header("set-cookie") or "").lower()
    for part in ("__host-session=", "; secure", "; httponly", "; samesite=lax", "; path=/", "; max-age=900"):
        assert part in cookie
    assert "domain" not in cookie


async def test_the_cookie_is_bound_to_address_session_and_time(stack: Stack) -> None:
    browser = await logged_in(stack)
    assert (await browser.open(f"https://{PORTAL}/")).status == 200
    thief = stack.browser(LI)
    thief.cookie = browser.cookie
    assert (await thief.open(f"https://{PORTAL}/order")).status == 403
    await stack.service.detach(ZHANG)
    await stack.service.attach(ZHANG)
    assert (await browser.open(f"https://{PORTAL}/order")).status == 403
    browser = await logged_in(stack)
    stack.wall.ahead += stack.wall.ahead.resolution * 900_000_000
    for path in ("/order", "/result?payment=x"):
        assert (await browser.open(f"https://{PORTAL}{path}")).status == 403
    assert (await browser.post(f"https://{PORTAL}/order", {})).status == 403


async def test_a_changed_cookie_is_refused(stack: Stack) -> None:
    browser = await logged_in(stack)
    assert browser.cookie
    payload, _, mac = browser.cookie.partition(".")
    for forged in (f"{payload}A.{mac}", f"{payload}.{mac[:-1]}0{mac[-1]}", payload, "", "x" * 5000):
        browser.cookie = forged
        assert (await browser.open(f"https://{PORTAL}/order")).status == 403


async def test_what_does_not_come_through_the_front_is_nobody(stack: Stack) -> None:
    """The application, called by some other server: its headers are not the gateway's."""
    application = portal_application(stack.shell, stack.ears)

    async def call(scheme: str, path: str) -> int:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", PORTAL.encode()), (b"x-msisdn", NUMBER.encode())],
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await application(scope, receive, send)
        return int(sent[0]["status"])

    assert await call("http", "/green") == 403
    assert await call("https", "/captive-api") == 404
