"""Destinations as people type them."""

import pytest

from nfemu.model.destination import Scheme, Transport
from nfemu.model.errors import InvalidInput
from nfemu.policy.urls import destination_of
from tests.policy.making import to


def test_schemes() -> None:
    udp = Transport.UDP
    assert destination_of("news.example") == to("news.example", path="/")
    assert destination_of("http://NEWS.example./a b?c#d") == to("news.example", path="/a%20b?c")
    assert destination_of("https://NEWS.example./a?b") == to("news.example", 443, scheme=Scheme.HTTPS)
    assert destination_of("http://[2001:2::1]:8080/") == to("[2001:2::1]", 8080, path="/")
    for question in ("dns:news.example", "dns://news.example", "DNS:news.example"):
        assert destination_of(question) == to("news.example", 53, scheme=Scheme.DNS, transport=udp)
    assert destination_of("udp://192.0.2.1:443") == to("192.0.2.1", 443, scheme=Scheme.RAW, transport=udp)
    assert destination_of("news.example:8080") == to("news.example", 8080, path="/")


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "http://[::1", "tcp://news.example", "http://x:0/", "dns:"])
def test_what_is_none(url: str) -> None:
    with pytest.raises(InvalidInput):
        destination_of(url)
