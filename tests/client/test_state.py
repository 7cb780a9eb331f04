"""Where clients find a carrier."""

import pytest

from nfemu.client.state import reachable


@pytest.mark.parametrize(
    ("bound", "reached"),
    [
        ("127.0.0.1:8600", "127.0.0.1:8600"),
        ("0.0.0.0:8600", "127.0.0.1:8600"),
        ("[::]:8600", "[::1]:8600"),
        ("[2001:db8::1]:8600", "[2001:db8::1]:8600"),
        ("192.0.2.7:8600", "192.0.2.7:8600"),
    ],
)
def test_what_is_bound_to_every_address_is_on_loopback_too(bound: str, reached: str) -> None:
    assert reachable(bound) == reached
