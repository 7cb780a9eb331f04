"""Flows of captures: who began them, what was sent, what the server was called."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NS
from scapy.layers.l2 import ARP
from scapy.packet import Packet, Raw

from nfemu.replay import flows
from nfemu.replay.flows import FlowFinder, Found, Transport
from nfemu.wire.capture.packet import packet_in
from tests.replay.captures import CLIENT, FIRST, SERVER, answer, back, connection, segment, syn, there


def found(packets: Sequence[Packet]) -> Found:
    finder = FlowFinder()
    for at, packet in enumerate(packets):
        finder.add(at, packet_in(101, bytes(packet)))
    return finder.found()


def test_a_connection_in_any_order() -> None:
    packets = [
        *answer("News.example", SERVER, "198.18.0.19"),
        syn(),
        syn(),
        back() / TCP(sport=80, dport=40000, flags="SA"),
        segment(20, b"world"),
        back() / TCP(sport=80, dport=40000, flags="A") / Raw(b"of the server"),
        segment(0, b"hello hello hello"),
        segment(6, b"hello hello beautiful"[:14]),
        segment(0, b"hello"),
    ]
    _, flow = found(packets).flows
    assert (flow.transport, flow.at, flow.name, flow.missing) == (Transport.TCP, 2, "News.example", "")
    assert (flow.client, flow.client_port) == (ip_address(CLIENT), 40000)
    assert (flow.server, flow.server_port, flow.octets) == (ip_address(SERVER), 80, 25)
    assert flow.sent == (b"hello hello hello beworld",)


def test_a_port_that_is_used_again() -> None:
    packets = [*connection(b"one"), syn(first=7), segment(0, b"two", first=7)]
    assert [(flow.at, flow.sent) for flow in found(packets).flows] == [(0, (b"one",)), (3, (b"two",))]


def test_datagrams_of_whoever_spoke_first() -> None:
    packets = [
        there() / UDP(sport=4000, dport=9) / Raw(b"one"),
        back() / UDP(sport=9, dport=4000) / Raw(b"answer"),
        there() / UDP(sport=4000, dport=9) / Raw(b"two"),
    ]
    (flow,) = found(packets).flows
    assert (flow.transport, flow.client_port, flow.sent) == (Transport.UDP, 4000, (b"one", b"two"))


def test_echo_requests() -> None:
    packets = [
        there() / ICMP(id=1, seq=1) / Raw(b"abc"),
        back() / ICMP(type=0, id=1, seq=1) / Raw(b"abc"),
        there() / ICMP(id=1, seq=2) / Raw(b"def"),
        there("2001:db8::1", "2001:2::9") / ICMPv6EchoRequest(id=1, data=b"six"),
        there("2001:2::9", "2001:db8::1") / ICMPv6EchoReply(id=1, data=b"six"),
    ]
    four, six = found(packets).flows
    assert (four.transport, four.client_port, four.server_port, four.sent) == (Transport.ICMP, 0, 0, (b"abc", b"def"))
    assert (six.sent, str(six.server)) == ((b"six",), "2001:2::9")


def test_what_is_left_out_is_counted() -> None:
    packets = [
        ARP(),
        segment(0, b"in the middle"),
        there(server="224.0.0.251") / UDP(sport=5353, dport=5353),
        there(server="255.255.255.255") / UDP(sport=68, dport=67),
        there("fe80::2", "ff02::1:ff00:1") / ICMPv6ND_NS(),
    ]
    assert found(packets) == Found(
        (),
        {
            "neither TCP nor UDP nor ICMP, or fragments": 1,
            "of connections that began before the capture": 1,
            "to the link's own neighbours": 3,
        },
    )


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = FlowFinder()
    finder.add(0, packet_in(101, bytes(syn())))
    finder.add(1, packet_in(101, bytes(segment(0, b"hello"))[:-2]))
    assert [flow.missing for flow in finder.found().flows] == ["packets were captured in part"]
    assert [flow.missing for flow in found([syn(), segment(3, b"lo")]).flows] == ["packets are missing"]
    monkeypatch.setattr(flows, "MOST_OCTETS", 4)
    monkeypatch.setattr(flows, "MOST_DATAGRAMS", 1)
    several = [there() / UDP(sport=1, dport=9) / Raw(b"a")] * 2
    kept = found([*connection(b"hello"), *several]).flows
    assert [(flow.sent, flow.missing) for flow in kept] == [
        ((b"hell",), "it is longer than is kept"),
        ((b"a",), "it is longer than is kept"),
    ]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "MOST_IN_ALL", 8)
    monkeypatch.setattr(flows, "MOST_FLOWS", 2)
    kept = found([*connection(b"hello"), *connection(b"world", sport=2), syn(sport=3)])
    assert [(flow.sent, flow.missing) for flow in kept.flows] == [
        ((b"hello",), ""),
        ((b"",), "it is longer than is kept"),
    ]
    assert kept.left_out == {"of flows past the first 2": 1}


def test_octets_of_the_first_packet_count() -> None:
    """TCP Fast Open (RFC 7413)."""
    early = there() / TCP(sport=40000, dport=80, seq=FIRST, flags="S") / Raw(b"hello ")
    assert found([early, segment(6, b"world")]).flows[0].sent == (b"hello world",)
