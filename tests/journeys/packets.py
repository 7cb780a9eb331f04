"""Whole IP packets by hand: for phones that say what no honest system would."""

import struct
from collections.abc import Iterator
from ipaddress import ip_address

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
FRAGMENT6, OPTIONS6 = 44, 60
_IDENTIFICATION = 4660
_SOURCE_PORT = 40000


def ip(source: str, target: str, protocol: int, payload: bytes, *, fragment: int = 0) -> bytes:
    """`fragment`: IPv4's flags and offset field; of IPv6 a fragment is a header of its own (`fragments`)."""
    packed = [ip_address(each).packed for each in (source, target)]
    if len(packed[0]) == 16:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + packed[0] + packed[1] + payload
    fixed = (0x45, 0, 20 + len(payload), _IDENTIFICATION, fragment, 64, protocol)
    head = struct.pack("!BBHHHBBH", *fixed, 0) + packed[0] + packed[1]
    return struct.pack("!BBHHHBBH", *fixed, _checksum(head)) + packed[0] + packed[1] + payload


def syn(source: str, target: str, port: int) -> bytes:
    """The first segment of a connection."""
    segment = struct.pack("!HHIIBBHHH", _SOURCE_PORT, port, 1, 0, 5 << 4, 2, 64240, 0, 0)
    return segment[:16] + struct.pack("!H", _with_addresses(source, target, TCP, segment)) + segment[18:]


def datagram(source: str, target: str, port: int, payload: bytes = b"") -> bytes:
    plain = struct.pack("!HHHH", _SOURCE_PORT, port, 8 + len(payload), 0) + payload
    return plain[:6] + struct.pack("!H", _with_addresses(source, target, UDP, plain)) + plain[8:]


def fragments(source: str, target: str, protocol: int, payload: bytes, size: int = 8) -> Iterator[bytes]:
    """`payload` in fragments of `size` octets, a multiple of eight (RFC 791, RFC 8200)."""
    for at in range(0, len(payload), size):
        more, part = at + size < len(payload), payload[at : at + size]
        if ":" in source:
            head = struct.pack("!BBHI", protocol, 0, at | more, _IDENTIFICATION)
            yield ip(source, target, FRAGMENT6, head + part)
        else:
            yield ip(source, target, protocol, part, fragment=at // 8 | (0x2000 if more else 0))


def _with_addresses(source: str, target: str, protocol: int, data: bytes) -> int:
    """Of TCP and UDP, over a pseudo-header."""
    packed = ip_address(source).packed + ip_address(target).packed
    return _checksum(packed + struct.pack("!HH", protocol, len(data)) + data) or 0xFFFF


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
