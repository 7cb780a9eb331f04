"""The redirect target must be safe in a Location header and readable by the portal."""

from ipaddress import ip_address

import pytest

from nfemu.model.destination import Destination
from nfemu.model.errors import InvalidInput
from nfemu.policy.landing import landing_destination


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://portal.carrier.example/green", Destination("portal.carrier.example", None, 80)),
        ("HTTP://PORTAL.carrier.example.:8080", Destination("portal.carrier.example", None, 8080)),
        ("http://portal.carrier.example/green?from=redirect", Destination("portal.carrier.example", None, 80)),
        ("http://198.51.100.1/", Destination(None, ip_address("198.51.100.1"), 80)),
        ("http://[2001:db8::1]:8080/", Destination(None, ip_address("2001:db8::1"), 8080)),
    ],
)
def test_destination(url: str, expected: Destination) -> None:
    assert landing_destination(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "portal.carrier.example",
        "//portal.carrier.example/",
        "https://portal.carrier.example/",
        "ftp://portal.carrier.example/",
        "javascript:alert(1)",
        "http://",
        "http:///green",
        "http://:80/",
        "http://portal.carrier.example:0/",
        "http://portal.carrier.example:99999/",
        "http://portal.carrier.example:http/",
        "http://portal@evil.example/",
        "http://portal.carrier.example/#top",
        "http://portal.carrier.example/\r\nSet-Cookie: a=b",
        "http://portal.carrier.example/a b",
        "http://portal.carrier.example/充值",
        "http://[2001:db8::1/",
        "http://127.1/",
        "http://portal\\.evil.example/",
    ],
)
def test_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as error:
        landing_destination(url)
    assert str(error.value).isprintable()
