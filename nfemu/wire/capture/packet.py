"""What a captured frame carries: TCP, UDP and ICMP over IPv4 (RFC 791) and IPv6 (RFC 8200).

Fragments are not put together: a flow that needs them has a gap.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from nfemu.model.destination import IpAddress
from nfemu.wire.errors import WireError

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
FIN, SYN, RST, ACK = 1, 2, 4, 16
_ETHERTYPES = (0x0800, 0x86DD)
_VLAN = (0x8100, 0x88A8)
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _OPTIONS = 0, 43, 44, 60
_Addresses = tuple[IpAddress, IpAddress]
_FRAGMENT_OFFSET, _MORE_FRAGMENTS = 0x1FFF, 0x2000


@dataclass(frozen=True, slots=True)
class Packet:
    """`payload`: of TCP and UDP what they carry, of ICMP the whole message. `whole`: none of it was left uncaptured.

    Ports are 0 for ICMP; `sequence` and `flags` are of TCP.
    """

    source: IpAddress
    target: IpAddress
    protocol: int
    source_port: int
    target_port: int
    payload: bytes
    sequence: int = 0
    flags: int = 0
    whole: bool = True


def packet_in(link: int, frame: bytes) -> Packet | None:
    """None where it carries something else, or too little to say. Raises WireError for an unknown kind of link."""
    if link not in _LINKS:
        raise WireError(
            f"its packets are of link type {link}; Ethernet (1), raw IP (101), Linux cooked (113, 276) and loopback "
            "(0, 108) can be read"
        )
    try:
        start = _LINKS[link](frame)
        version = frame[start] >> 4 if start >= 0 else 0
        if version == 4:
            return _of_ipv4(frame[start:])
        return _of_ipv6(frame[start:]) if version == 6 else None
    except (IndexError, ValueError, struct.error):  # cut short, addresses too
        return None


def _ethernet(frame: bytes) -> int:
    start = 12
    while (kind := int.from_bytes(frame[start : start + 2])) in _VLAN:
        start += 4
    return start + 2 if kind in _ETHERTYPES else -1


def _cooked(frame: bytes) -> int:
    return 16 if int.from_bytes(frame[14:16]) in _ETHERTYPES else -1


def _cooked2(frame: bytes) -> int:
    return 20 if int.from_bytes(frame[:2]) in _ETHERTYPES else -1


_LINKS: dict[int, Callable[[bytes], int]] = {
    0: lambda _: 4,
    1: _ethernet,
    12: lambda _: 0,
    14: lambda _: 0,
    101: lambda _: 0,
    108: lambda _: 4,
    113: _cooked,
    228: lambda _: 0,
    229: lambda _: 0,
    276: _cooked2,
}
"""LINKTYPE → where the IP packet begins; -1: there is none. Loopback's first octets are a family in the byte order of
whoever captured, and what follows says it as well."""


def _of_ipv4(packet: bytes) -> Packet | None:
    head = (packet[0] & 0x0F) * 4
    length, _, fragment = struct.unpack_from("!HHH", packet, 2)
    if fragment & (_FRAGMENT_OFFSET | _MORE_FRAGMENTS) or head < 20:
        return None
    addresses = IPv4Address(packet[12:16]), IPv4Address(packet[16:20])
    end = length or len(packet)  # 0: the kernel has cut it into segments after it was captured
    return _transport(addresses, packet[9], packet[head:end], end <= len(packet))


def _of_ipv6(packet: bytes) -> Packet | None:
    length, protocol = struct.unpack_from("!HB", packet, 4)
    addresses = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
    end = 40 + length if length else len(packet)
    start = 40
    while protocol in (_HOP_BY_HOP, _ROUTING, _OPTIONS, _FRAGMENT):
        if protocol == _FRAGMENT and int.from_bytes(packet[start + 2 : start + 4]) & 0xFFF9:
            return None
        extent = 0 if protocol == _FRAGMENT else packet[start + 1]
        protocol, start = packet[start], start + 8 + extent * 8
    return _transport(addresses, protocol, packet[start:end], end <= len(packet))


def _transport(addresses: _Addresses, protocol: int, data: bytes, whole: bool) -> Packet | None:
    source, target = addresses
    if protocol == TCP:
        source_port, target_port, sequence, _, offset, flags = struct.unpack_from("!HHIIBB", data)
        payload = data[max(20, (offset >> 4) * 4) :]
        return Packet(source, target, TCP, source_port, target_port, payload, sequence, flags, whole)
    if protocol == UDP:
        source_port, target_port, length = struct.unpack_from("!HHH", data)
        return Packet(source, target, UDP, source_port, target_port, data[8 : length or None], whole=whole)
    if protocol == (ICMP if source.version == 4 else ICMP6) and len(data) >= 8:
        return Packet(source, target, protocol, 0, 0, data, whole=whole)
    return None
