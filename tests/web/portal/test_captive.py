"""RFC 8908 for the operating system."""

from dataclasses import replace

import pytest

from nfemu.model.identity import PolicyName
from nfemu.model.money import Money
from tests.fakes.paying import pay
from tests.fakes.world import ZHANG
from tests.web.stack import PORTAL, Stack

API = f"https://{PORTAL}/captive-api"


async def test_an_open_line_is_not_captive(stack: Stack) -> None:
    answer = await stack.browser(ZHANG).request_once("GET", API)
    assert answer.header("content-type") == "application/captive+json"
    assert answer.header("cache-control") == "private, no-store"
    assert answer.json() == {"captive": False}


async def test_a_restricted_line_gets_a_link_that_logs_in_once(stack: Stack) -> None:
    await stack.overdue(ZHANG)
    browser = stack.browser(ZHANG)
    answer = await browser.request_once("GET", API)
    assert len(answer.body) < 4096
    shown = answer.json()
    assert shown["captive"] is True
    assert shown["user-portal-url"].startswith(f"https://{PORTAL}/enter?ticket=")
    assert "确认订单" in (await browser.open(shown["user-portal-url"])).text
    assert (await stack.browser(ZHANG).open(shown["user-portal-url"])).status == 403


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("https://inflight.carrier.example/", {"user-portal-url": "https://inflight.carrier.example/"}),
        ("", {}),
    ],
)
async def test_a_garden_is_captive_at_its_own_page(stack: Stack, page: str, fields: dict[str, str]) -> None:
    """No ticket: gardens are not told who the subscriber is. Arrears outrank it."""
    stack.shell.config = replace(stack.shell.config, gardens={PolicyName("inflight"): page})
    await stack.service.order_profile(ZHANG, "inflight")
    browser = stack.browser(ZHANG)
    assert (await browser.request_once("GET", API)).json() == {"captive": True, **fields}
    await stack.overdue(ZHANG)
    assert "/enter?ticket=" in (await browser.request_once("GET", API)).json()["user-portal-url"]
    await pay(stack.service, ZHANG, Money(2900))
    await stack.service.order_profile(ZHANG, "open")
    assert (await browser.request_once("GET", API)).json() == {"captive": False}


async def test_an_address_of_nobody_is_captive(stack: Stack) -> None:
    answer = await stack.gateway.get(API, ue="10.45.250.250")
    assert answer.json() == {"captive": True, "user-portal-url": f"https://{PORTAL}/"}


async def test_over_plain_http_there_is_no_api(stack: Stack) -> None:
    assert (await stack.browser(ZHANG).request_once("GET", API.replace("https", "http"))).status == 404
