"""The captive-portal API (RFC 8908) across the journey, as the phone's operating system asks it over HTTPS."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.wire.router_discovery import decode
from tests.gateway.bearer.on_router import ASK, QUESTION
from tests.journeys.bearer import NEEDS_BEARERS
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess
from tests.journeys.phone import Phone

pytestmark = pytest.mark.once

PORTAL = "https://portal.carrier.example"
API = f"{PORTAL}/captive-api"


def new_phone(carrier: CarrierProcess, number: str, folder: Path, name: str) -> Phone:
    """Another browser on the same line, without the cookies of the first."""
    own = folder / name
    own.mkdir()
    return Phone.on_line(carrier, number, own)


@pytest.fixture
def phone(carrier: CarrierProcess, tmp_path: Path) -> Iterator[Phone]:
    """On a line that is open before and after."""
    yield Phone.on_line(carrier, NUMBER, tmp_path)
    with carrier.client() as client:
        due = client.subscriber(NUMBER).account.amount_due
        if due:
            client.pay(NUMBER, due.amount)


def captive(phone: Phone) -> dict[str, object]:
    """The API's answer; what an operating system needs of its head is checked."""
    page = phone.ask(API, "-H", "Accept: application/captive+json")
    head = page.head.lower()
    assert page.status == 200
    assert "content-type: application/captive+json" in head
    assert "cache-control: private, no-store" in head
    assert len(page.text) < 4096
    answer: dict[str, object] = json.loads(page.text)
    return answer


def ticket(phone: Phone) -> str:
    url = captive(phone)["user-portal-url"]
    assert isinstance(url, str)
    assert url.startswith(f"{PORTAL}/enter?ticket=")
    return url


@pytest.mark.lab
@NEEDS_BEARERS
def test_the_line_s_router_says_where_it_is(carrier: CarrierProcess, phone: Phone) -> None:
    """Open or restricted, to a program with the rights of any `exec`."""
    command = ("exec", NUMBER, "--", carrier.python, "-c", ASK, "ff02::2", "255", "1", QUESTION, "10")
    for order, restricted in (("restrict", True), ("restore", False)):
        carrier.nfemu(order, NUMBER)
        told = decode(bytes.fromhex(carrier.nfemu(*command).text.split()[-1]))
        assert told.captive_api == API
        assert captive(phone)["captive"] is restricted


def test_true_while_restricted_false_again_once_paid(carrier: CarrierProcess, phone: Phone) -> None:
    assert captive(phone) == {"captive": False}
    carrier.nfemu("charge", NUMBER, "59.00")
    assert captive(phone)["captive"] is True
    carrier.nfemu("pay", NUMBER, "10.00")
    assert captive(phone)["captive"] is True
    carrier.nfemu("pay", NUMBER, "19.00")
    assert captive(phone) == {"captive": False}
    carrier.nfemu("restrict", NUMBER)
    assert captive(phone)["captive"] is True
    carrier.nfemu("restore", NUMBER)
    assert captive(phone) == {"captive": False}


def test_its_link_pays_without_the_landing_page(carrier: CarrierProcess, phone: Phone) -> None:
    """From the operating system's sign-in page straight to the order, and to the end of being captive."""
    carrier.nfemu("charge", NUMBER, "59.00")
    assert "确认订单" in phone.open(ticket(phone)).text
    phone.submit(amount=phone.proposed())
    phone.click("¥")
    assert "服务已恢复" in phone.submit(pin="123456").text
    assert captive(phone) == {"captive": False}


def test_a_ticket_is_good_once(carrier: CarrierProcess, phone: Phone, tmp_path: Path) -> None:
    carrier.nfemu("charge", NUMBER, "59.00")
    url = ticket(phone)
    assert ticket(phone) == url, "who polls uses up no tickets"
    assert phone.open(url).url == f"{PORTAL}/order"
    assert ticket(phone) != url
    again = new_phone(carrier, NUMBER, tmp_path, "again").open(url)
    assert (again.status, "链接已使用或已过期" in again.text or "used before" in again.text) == (403, True)
    assert phone.open(f"{PORTAL}/order").status == 200


def test_a_stolen_ticket_is_worth_nothing_and_stays_good(carrier: CarrierProcess, phone: Phone, tmp_path: Path) -> None:
    """It is bound to the session; whoever redeems it from another line gets no login, and its owner still does."""
    carrier.nfemu("charge", NUMBER, "59.00")
    url = ticket(phone)
    thief = new_phone(carrier, OTHER, tmp_path, "thief")
    assert thief.open(url).status == 403
    assert "8000" not in thief.page.text
    assert phone.open(url).status == 200


def test_a_login_does_not_outlive_its_session(carrier: CarrierProcess, phone: Phone) -> None:
    """A new address and generation: cookie and ticket of the old one are over (G12)."""
    carrier.nfemu("charge", NUMBER, "59.00")
    assert phone.open(ticket(phone)).status == 200
    kept = ticket(phone)
    carrier.nfemu("detach", NUMBER)
    carrier.nfemu("attach", NUMBER)
    assert phone.open(f"{PORTAL}/order").status == 403
    assert phone.open(kept).status == 403
    assert phone.open(ticket(phone)).status == 200


def test_a_garden_is_captive_at_its_own_page(carrier: CarrierProcess, phone: Phone) -> None:
    """Over the line's own proxy: the garden lets the API through, over TLS, and the page that it names."""
    page = "https://inflight.carrier.example/"
    with carrier.client() as client:
        client.order_profile(NUMBER, "inflight")
        assert captive(phone) == {"captive": True, "user-portal-url": page}
        assert "机上购物" in phone.ask(page).text
        client.order_profile(NUMBER, "open")
    assert captive(phone) == {"captive": False}


def test_plain_http_has_no_api(phone: Phone) -> None:
    assert phone.ask(API.replace("https", "http")).status == 404
