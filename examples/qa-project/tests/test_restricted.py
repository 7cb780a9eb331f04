"""A line in arrears, from the first blocked page to the open Internet."""

import json

import pytest

from nfemu.pytest_plugin import (
    assert_enriched,
    assert_not_enriched,
    assert_open,
    assert_redirected,
    assert_refused,
)
from nfemu.pytest_plugin.carrier import Carrier
from nfemu.pytest_plugin.line import SubscriberLine

NEWS = "http://news.example/"


def test_an_open_line(subscriber: SubscriberLine) -> None:
    assert_open(subscriber.get(NEWS))
    assert_open(subscriber.get("https://news.example/"))


def test_blocked_page_to_portal_to_payment_to_open_page(restricted_subscriber: SubscriberLine, portal: str) -> None:
    assert_redirected(restricted_subscriber.get(NEWS), to=f"{portal}/*url=http*news.example*")
    assert_refused(restricted_subscriber.get("https://news.example/"))

    phone = restricted_subscriber.pages()
    phone.open(NEWS)  # lands on the portal
    phone.submit()  # to the order
    phone.submit(amount=phone.form("amount").fields["amount"])  # to the provider
    phone.click("/verify")
    phone.submit(pin="123456")

    restricted_subscriber.wait_for_notice("restored")
    assert_open(restricted_subscriber.get(NEWS))


def test_the_number_reaches_the_portal_and_nobody_else(subscriber: SubscriberLine, portal: str) -> None:
    """`echo.example` is a second trusted site (pyproject.toml), which shows what it is told."""
    claimed = {"X-MSISDN": "8613900000000", "x_msisdn": "8613900000000"}
    assert_enriched(subscriber.get("http://echo.example/", headers=claimed))
    assert_not_enriched(subscriber.get(NEWS))
    known_as = f"{subscriber.number[:3]}****{subscriber.number[-4:]}"
    assert known_as in subscriber.get(f"{portal}/", headers={"Accept": "text/html"}).text


def test_the_link_in_the_message_opens_the_portal(restricted_subscriber: SubscriberLine, portal: str) -> None:
    link = restricted_subscriber.wait_for_notice("stopped").link
    assert link is not None
    page = restricted_subscriber.pages().open(link)
    assert page.status == 200
    assert page.url.startswith(portal)


def test_three_days_later_it_is_still_restricted(carrier: Carrier, restricted_subscriber: SubscriberLine) -> None:
    carrier.clock.advance("3d")
    assert_redirected(restricted_subscriber.get(NEWS))
    restricted_subscriber.pay()
    assert_open(restricted_subscriber.get(NEWS))


def test_the_captive_portal_api(restricted_subscriber: SubscriberLine, portal: str) -> None:
    api = portal.replace("http:", "https:") + "/captive-api"
    answer = json.loads(restricted_subscriber.get(api, headers={"Accept": "application/captive+json"}).text)
    assert answer["captive"] is True
    restricted_subscriber.pay()
    assert json.loads(restricted_subscriber.get(api).text) == {"captive": False}


@pytest.mark.nfemu(needs="bearer")
def test_dns_and_quic_are_no_way_out(restricted_subscriber: SubscriberLine) -> None:
    assert restricted_subscriber.dig("news.example").is_sinkhole
    assert restricted_subscriber.dig("news.example", resolver="9.9.9.9").is_sinkhole
    assert restricted_subscriber.quic("news.example").refused


def test_programs_run_on_the_line(restricted_subscriber: SubscriberLine) -> None:
    ran = restricted_subscriber.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", NEWS)
    assert (ran.status, ran.out) == (0, "302")
