"""Packets in frames of every kind of link, as another program makes them."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
)
from scapy.layers.l2 import ARP, CookedLinux, CookedLinuxV2, Dot1Q, Ether, Loopback
from scapy.packet import Packet as Built
from scapy.packet import Raw

from nfemu.wire.capture.packet import ICMP as OF_ICMP
from nfemu.wire.capture.packet import ICMP6, SYN, Packet, packet_in
from nfemu.wire.capture.packet import TCP as OF_TCP
from nfemu.wire.capture.packet import UDP as OF_UDP
from nfemu.wire.errors import WireError

FOUR, SIX = IP(src="10.45.0.2", dst="192.0.2.1"), IPv6(src="2001:db8::1", dst="2001:2::9")
ADDRESSES4 = ip_address("10.45.0.2"), ip_address("192.0.2.1")
ADDRESSES6 = ip_address("2001:db8::1"), ip_address("2001:2::9")
OCTETS = Raw(b"abc")
DATAGRAM = UDP(sport=5, dport=7) / OCTETS
SEGMENT = TCP(sport=5, dport=7, seq=9, flags="S", options=[("MSS", 1460)]) / OCTETS


@pytest.mark.parametrize(
    ("link", "built"),
    [
        (1, Ether() / FOUR / DATAGRAM),
        (1, Ether(type=0x88A8) / Dot1Q(vlan=3) / Dot1Q(vlan=4) / FOUR / DATAGRAM),
        (0, Loopback(type=2) / FOUR / DATAGRAM),
        (108, Loopback(type=2) / FOUR / DATAGRAM),
        (12, FOUR / DATAGRAM),
        (14, FOUR / DATAGRAM),
        (101, FOUR / DATAGRAM),
        (228, FOUR / DATAGRAM),
        (113, CookedLinux(proto=0x0800) / FOUR / DATAGRAM),
        (276, CookedLinuxV2(proto=0x0800) / FOUR / DATAGRAM),
        (101, IP(src="10.45.0.2", dst="192.0.2.1", len=0, options=b"\1" * 4) / UDP(sport=5, dport=7, len=0) / OCTETS),
    ],
)
def test_links(link: int, built: Built) -> None:
    assert packet_in(link, bytes(built)) == Packet(*ADDRESSES4, OF_UDP, 5, 7, b"abc")


@pytest.mark.parametrize("link", [1, 101, 229])
def test_ipv6(link: int) -> None:
    before = Ether() if link == 1 else b""
    headers = SIX / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrFragment()
    for built in (SIX / SEGMENT, headers / SEGMENT):
        frame = bytes(before / built) if before else bytes(built)
        assert packet_in(link, frame) == Packet(*ADDRESSES6, OF_TCP, 5, 7, b"abc", 9, SYN)
    big = IPv6(src="2001:db8::1", dst="2001:2::9", plen=0) / DATAGRAM
    assert packet_in(101, bytes(big)) == Packet(*ADDRESSES6, OF_UDP, 5, 7, b"abc")


def test_icmp() -> None:
    for built, addresses, protocol in (
        (FOUR / ICMP() / OCTETS, ADDRESSES4, OF_ICMP),
        (SIX / ICMPv6EchoRequest(data=b"abc"), ADDRESSES6, ICMP6),
    ):
        packet = bytes(built)
        assert packet_in(101, packet) == Packet(*addresses, protocol, 0, 0, packet[-11:])


def test_padding_is_no_payload_and_what_was_not_captured_is_said() -> None:
    frame = bytes(Ether() / FOUR / DATAGRAM)
    assert packet_in(1, frame + b"\0" * 20) == Packet(*ADDRESSES4, OF_UDP, 5, 7, b"abc")
    assert packet_in(1, frame[:-1]) == Packet(*ADDRESSES4, OF_UDP, 5, 7, b"ab", whole=False)
    assert packet_in(101, bytes(SIX / SEGMENT)[:-1]) == Packet(*ADDRESSES6, OF_TCP, 5, 7, b"ab", 9, SYN, False)


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, bytes(Ether() / ARP())),
        (1, b""),
        (113, bytes(CookedLinux(proto=0x0806)) + b"\0" * 40),
        (276, bytes(CookedLinuxV2(proto=0x0806)) + b"\0" * 40),
        (101, b"\x50" * 40),
        (101, b"\x42" + b"\0" * 40),
        (101, bytes(FOUR / SEGMENT)[:30]),
        (101, bytes(FOUR / ICMP())[:24]),
        (101, bytes(IP(proto=47) / OCTETS)),
        (101, bytes(IP(proto=58) / ICMPv6EchoRequest())),
        (101, bytes(IP(flags="MF") / DATAGRAM)),
        (101, bytes(IP(frag=1) / DATAGRAM)),
        (101, bytes(SIX / IPv6ExtHdrFragment(m=1) / DATAGRAM)),
        (101, bytes(SIX / IPv6ExtHdrHopByHop())[:40]),
    ],
)
def test_what_carries_something_else(link: int, frame: bytes) -> None:
    assert packet_in(link, frame) is None


def test_other_links() -> None:
    with pytest.raises(WireError, match="of link type 105; Ethernet"):
        packet_in(105, b"")


@given(st.sampled_from([0, 1, 101, 113, 276]), st.binary(max_size=100), st.sampled_from([b"\x45", b"\x60"]))
def test_any_octets_are_read(link: int, data: bytes, first: bytes) -> None:
    packet_in(link, data)
    packet_in(101, first + data)
