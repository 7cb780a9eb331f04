"""Python as a subscriber on an IP bearer: every operation of a line, open and restricted."""

import pytest

from nfemu.client.line import Phone
from tests.journeys.bearer import NEEDS_BEARERS
from tests.journeys.carrier import NUMBER, CarrierProcess

pytestmark = NEEDS_BEARERS


@pytest.fixture(scope="module")
def phone(carrier: CarrierProcess) -> Phone:
    with carrier.client() as client:
        return Phone.on_line(client, carrier.state, NUMBER)


def test_an_open_line(phone: Phone) -> None:
    with phone:
        page = phone.get("http://news.example/")
        assert (page.status, page.address.startswith("198.18."), "X-MSISDN" in page.text) == (200, True, False)
        secure = phone.get("https://news.example/")
        assert (secure.status, secure.failure) == (200, "")
        assert phone.request("https://news.example/", at=phone.get("http://cdn-a.example/").address).status == 200
        told = phone.dig("news.example", "AAAA", resolver="192.0.2.53")
        assert (told.rcode, told.is_sinkhole, told.addresses[0].version) == ("NOERROR", False, 6)
        assert phone.exchange("news.example", 80, b"HEAD / HTTP/1.0\r\n\r\n").data.startswith(b"HTTP/1.")
        assert not phone.quic("news.example").refused
        assert [phone.ping("news.example", b"abc", at).data for at in ("", "198.18.0.18")] == [b"abc", b"abc"]
        seen = phone.run(["curl", "-s", "https://news.example/"])
        assert (seen.status, "Example News" in seen.out) == (0, True)


def test_a_restricted_line(phone: Phone, carrier: CarrierProcess) -> None:
    with carrier.client() as client, phone:
        client.restrict(NUMBER)
        try:
            blocked = phone.get("http://news.example/")
            assert (blocked.status, (blocked.location or "").partition("?")[0]) == (
                302,
                "http://portal.carrier.example/green",
            )
            assert phone.get("http://news.example/", follow=3).url.startswith("http://portal.carrier.example/green")
            assert phone.get("https://news.example/").refused
            assert phone.dig("news.example").is_sinkhole
            assert phone.dig("news.example", "TXT").sign == "no data"
            assert phone.exchange("192.0.2.1", 22).refused
            assert phone.quic("news.example").refused
            assert phone.ping("news.example").refused
            assert phone.get("http://news.example/", follow=3).status == 200
        finally:
            client.restore(NUMBER)
