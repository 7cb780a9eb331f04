"""Destinations as people type them."""

import pytest

from nfemu.model.destination import Scheme, Transport
from nfemu.model.errors import InvalidInput
from nfemu.policy.urls import destination_of, host_as_written, path_of
from tests.policy.making import to


def test_schemes() -> None:
    udp = Transport.UDP
    assert destination_of("news.example") == to("news.example")
    assert destination_of("https://NEWS.example./a?b") == to("news.example", 443, scheme=Scheme.HTTPS)
    assert destination_of("http://[2001:2::1]:8080/") == to("[2001:2::1]", 8080)
    for question in ("dns:news.example", "dns://news.example", "DNS:news.example"):
        assert destination_of(question) == to("news.example", 53, scheme=Scheme.DNS, transport=udp)
    assert destination_of("udp://192.0.2.1:443") == to("192.0.2.1", 443, scheme=Scheme.RAW, transport=udp)
    assert destination_of("news.example:8080") == to("news.example", 8080)


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "http://[::1", "tcp://news.example", "http://x:0/", "dns:"])
def test_what_is_none(url: str) -> None:
    with pytest.raises(InvalidInput):
        destination_of(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://NEWS.Example.:80/", "NEWS.Example."),
        ("https://me@news.example/", "news.example"),
        ("http://[2001:2::1]:80/", "2001:2::1"),
        ("dns:Bücher.example", "Bücher.example"),
    ],
)
def test_the_host_as_written(url: str, host: str) -> None:
    assert host_as_written(url) == host


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("news.example", "/"),
        ("http://news.example?a=b", "/?a=b"),
        ("http://news.example/a%20b/例?q=é#x", "/a%20b/%E4%BE%8B?q=%C3%A9"),
    ],
)
def test_what_is_asked_for(url: str, path: str) -> None:
    assert path_of(url) == path
