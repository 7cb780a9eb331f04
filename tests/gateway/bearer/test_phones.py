"""What a phone is told of resolvers."""

from ipaddress import ip_address

import pytest

from nfemu.gateway.bearer.phones import resolvers_for

IPV4, IPV6 = ip_address("10.45.0.2"), ip_address("2001:db8:4500:2::1")
NS4, NS6 = "10.45.0.1", "2001:db8::1"


@pytest.mark.parametrize(
    ("given", "addresses", "told"),
    [
        ((NS4, NS6), (IPV4, IPV6), (NS4, NS6)),
        ((NS4, NS6), (None, IPV6), (NS6,)),
        ((NS4, NS6), (IPV4, None), (NS4,)),
        ((NS4,), (None, IPV6), ("fd53:696e:6b01::1",)),
        ((), (IPV4, IPV6), ("169.254.0.1",)),
    ],
)
def test_a_phone_is_told_resolvers_that_it_can_reach(
    given: tuple[str, ...], addresses: tuple[object, ...], told: tuple[str, ...]
) -> None:
    assert resolvers_for(given, *addresses) == told  # type: ignore[arg-type]  # pytest's table
