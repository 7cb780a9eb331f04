"""PROXY protocol version 2 (HAProxy specification, section 2.2), the part that nfemu speaks.

The gateway tells built-in origins the UE's address and the address that it dialled. A custom TLV (0xE0,
section 2.2.7) carries the gateway's token, so that a local program that finds the socket is not believed.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from nfemu.wire.errors import WireError

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
TLV_TOKEN = 0xE0
_MAX_BODY = 1024
_PROXY = 0x21
_TCP4, _TCP6 = 0x11, 0x21
_LAYOUT = {_TCP4: ("!4s4sHH", 12), _TCP6: ("!16s16sHH", 36)}


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """Source is the UE, destination what it dialled; both of one address family."""

    source: IPv4Address | IPv6Address
    source_port: int
    destination: IPv4Address | IPv6Address
    destination_port: int
    token: bytes = b""


def encode(header: ProxyHeader) -> bytes:
    """The header's bytes. Raises WireError when the two addresses differ in family."""
    if header.source.version != header.destination.version:
        raise WireError("PROXY header: source and destination are of different address families")
    family = _TCP4 if header.source.version == 4 else _TCP6
    body = struct.pack(
        _LAYOUT[family][0],
        header.source.packed,
        header.destination.packed,
        header.source_port,
        header.destination_port,
    )
    body += struct.pack("!BH", TLV_TOKEN, len(header.token)) + header.token
    return SIGNATURE + struct.pack("!BBH", _PROXY, family, len(body)) + body


def decode(data: bytes) -> tuple[ProxyHeader, int] | None:
    """Header and its length, or None while `data` is an incomplete prefix. Raises WireError on anything else."""
    head = data[: len(SIGNATURE)]
    if head != SIGNATURE[: len(head)]:
        raise WireError("PROXY header: signature missing")
    if len(data) < 16:
        return None
    version_command, family, length = struct.unpack_from("!BBH", data, 12)
    if version_command != _PROXY or family not in _LAYOUT or length > _MAX_BODY:
        raise WireError("PROXY header: only PROXY over TCP4 or TCP6, at most 1024 bytes, is understood")
    if len(data) < 16 + length:
        return None
    layout, size = _LAYOUT[family]
    if length < size:
        raise WireError("PROXY header: address block is cut short")
    source, destination, source_port, destination_port = struct.unpack_from(layout, data, 16)
    token = _token(data[16 + size : 16 + length])
    header = ProxyHeader(ip_address(source), source_port, ip_address(destination), destination_port, token)
    return header, 16 + length


def _token(tlvs: bytes) -> bytes:
    """The token's TLV among `tlvs`; the specification wants unknown types skipped."""
    found = b""
    offset = 0
    while offset < len(tlvs):
        if len(tlvs) - offset < 3:
            raise WireError("PROXY header: TLV cut short")
        kind, length = struct.unpack_from("!BH", tlvs, offset)
        value = tlvs[offset + 3 : offset + 3 + length]
        if len(value) < length:
            raise WireError("PROXY header: TLV cut short")
        if kind == TLV_TOKEN:
            found = value
        offset += 3 + length
    return found
