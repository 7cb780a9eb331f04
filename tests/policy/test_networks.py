"""CIDR networks: what is refused, and the longest prefix against trying all."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.errors import InvalidInput
from nfemu.model.policy import Verdict
from nfemu.policy.networks import NetworkTable, parse_network
from nfemu.policy.rule import RuleFactory
from tests.policy.making import group, profile


def table(*entries: tuple[str, tuple[int, ...]]) -> NetworkTable:
    made = NetworkTable()
    for place, (text, ports) in enumerate(entries):
        network = parse_network(text)
        factory = RuleFactory.of(profile("p", Verdict.REJECT), group(f"g{place}", ports=ports))
        made.add(network, factory.rule(str(network)))
    return made


def test_parse() -> None:
    assert str(parse_network("198.51.100.0/24")) == "198.51.100.0/24"
    assert str(parse_network("198.51.100.7")) == "198.51.100.7/32"
    assert str(parse_network("2001:DB8:0::/32")) == "2001:db8::/32"
    assert str(parse_network("::/0")) == "::/0"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("198.51.100.7/24", "has bits set behind its prefix; write 198.51.100.0/24"),
        ("2001:db8::1/32", "write 2001:db8::/32"),
        ("::ffff:198.51.100.0/120", "write it as IPv4"),
        ("198.51.100.0/33", "not in CIDR form"),
        ("198.51.100.0/255.255.255.0", "not in CIDR form"),
        ("198.51.100/24", "not in CIDR form"),
        ("127.1", "not in CIDR form"),
        ("fe80::%1/64", "not in CIDR form"),
        ("portal.example", "not in CIDR form"),
        ("198.51.100.0/24\n", r"`198.51.100.0/24\n`"),
        ("", "not in CIDR form"),
    ],
)
def test_refused(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput) as error:
        parse_network(text)
    assert complaint in str(error.value)


def test_longest_prefix_with_the_port_wins() -> None:
    made = table(("10.0.0.0/8", ()), ("10.1.0.0/16", (8080,)), ("10.1.2.0/24", (22,)), ("2001:db8::/32", ()))
    for address, port, pattern in [
        ("10.1.2.3", 22, "10.1.2.0/24"),
        ("10.1.2.3", 8080, "10.1.0.0/16"),
        ("10.1.2.3", 80, "10.0.0.0/8"),
        ("10.9.9.9", 443, "10.0.0.0/8"),
        ("::ffff:10.9.9.9", 443, "10.0.0.0/8"),
        ("2001:db8::1", 443, "2001:db8::/32"),
    ]:
        match = made.match(ip_address(address), port)
        assert match is not None
        assert match.pattern == pattern
    assert made.match(ip_address("10.1.2.3"), 25) is None
    assert made.match(ip_address("11.0.0.1"), 80) is None
    assert made.match(ip_address("2001:db9::1"), 80) is None
    longest_first = ["10.1.2.0/24", "10.1.0.0/16", "10.0.0.0/8"]
    assert [rule.pattern for rule in made.candidates(ip_address("::ffff:10.1.2.3"))] == longest_first


def test_one_network_in_two_groups() -> None:
    made = NetworkTable()
    network = parse_network("198.51.100.0/24")
    first, second = (
        RuleFactory.of(profile("p", Verdict.REJECT), group(name, ports=(port,))).rule(str(network))
        for name, port in (("first", 80), ("second", 81))
    )
    assert made.add(network, first) == ()
    assert made.add(network, second) == (first,)
    assert made.match(ip_address("198.51.100.1"), 81) is second


v4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(
    lambda one: str(ip_network((IPv4Address(one[0] & 0x0F0F0000), one[1]), strict=False))
)
v6 = st.tuples(st.integers(0, 2**16 - 1), st.integers(0, 128)).map(
    lambda one: str(ip_network((IPv6Address((0x20010DB8 << 96) + (one[0] << 64)), one[1]), strict=False))
)


@given(st.lists(st.one_of(v4, v6), max_size=15), st.one_of(v4, v6))
def test_the_table_agrees_with_trying_all(texts: list[str], wanted: str) -> None:
    address = ip_network(wanted).network_address
    holding = [
        (network.prefixlen, -place) for place, text in enumerate(texts) if address in (network := ip_network(text))
    ]
    match = table(*((text, ()) for text in texts)).match(address, 80)
    assert (match.group.name if match is not None else None) == (f"g{-max(holding)[1]}" if holding else None)
