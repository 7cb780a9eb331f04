"""What is read of the host's network, and what is made of it."""

from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path

import pytest

from nfemu.gateway.addresses import is_public
from nfemu.gateway.bearer.internet.rules import internet_rules
from nfemu.gateway.bearer.internet.surroundings import Surroundings, look_around
from nfemu.policy.networks import IpNetwork

_FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 93.184.216.0/24 2 0 2
        |-- 93.184.216.0
           /24 link UNICAST
        |-- 93.184.216.2
           /32 link UNICAST
           /32 host LOCAL
        |-- 93.184.216.255
           /32 link BROADCAST
     +-- 192.168.9.0/24 2 0 2
        |-- 192.168.9.1
           /32 host LOCAL
"""
_IF_INET6 = """\
26062800022000010000000000000002 04 40 00 80    host0
fe8000000000000000fc00fffe000001 04 40 20 80    host0
00000000000000000000000000000001 01 80 10 80       lo
"""


def test_own_public_addresses_and_the_lines(tmp_path: Path) -> None:
    (tmp_path / "fib_trie").write_text(_FIB_TRIE)
    (tmp_path / "if_inet6").write_text(_IF_INET6)
    lines = (IPv4Network("10.45.0.0/16"), IPv4Network("93.185.0.0/16"))
    found = look_around(lines, tmp_path)
    assert found.own == {
        IPv4Network("93.184.216.2"),
        IPv6Network("2606:2800:220:1::2"),
        IPv4Network("93.185.0.0/16"),
    }


def test_a_kernel_without_a_family(tmp_path: Path) -> None:
    assert look_around((), tmp_path).own == frozenset()


def test_rules_of_the_real_internet() -> None:
    """Overlapping networks are one, which nft wants; a family without a way out begins nothing."""
    own: frozenset[IpNetwork] = frozenset(
        {IPv4Network("93.184.216.2"), IPv4Network("93.184.216.0/24"), IPv6Network("2606:2800:220:1::2")}
    )
    text = internet_rules(Surroundings(frozenset({4}), own))
    assert "93.184.216.0/24" in text
    assert "93.184.216.2" not in text
    assert "2606:2800:220:1::2/128" in text
    assert "meta nfproto ipv6 tcp flags" in text
    assert "meta nfproto ipv4" not in text
    assert "meta nfproto" not in internet_rules(Surroundings(frozenset({4, 6}), own))


def test_the_emulated_internet_relays_nothing() -> None:
    assert ":8001" not in internet_rules(None)


@pytest.mark.parametrize("address", ["fec0::1", "4000::1", "::1.2.3.4", "3fff::1"])
def test_what_is_no_global_unicast(address: str) -> None:
    assert not is_public(ip_address(address))
