"""Router discovery, the part that a gateway and its phone speak (RFC 4861 sections 4.1, 4.2 and 4.6).

    solicitation    type 133, code 0, check sum, 4 octets reserved, options
    advertisement   type 134, code 0, check sum, hop limit, flags, lifetime (16 bits), reachable time, retransmission
                    time (32 bits each), options

An option is its type, its length in units of 8 octets, and what it says. Unknown ones are skipped. The check sum is
left zero and not looked at: the kernel writes and reads that of a raw ICMPv6 socket (RFC 3542 section 3.1).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from nfemu.wire.errors import WireError

SOLICITATION, ADVERTISEMENT = 133, 134
INFINITE = 0xFFFF_FFFF
"""Seconds, as a lifetime of 32 bits."""
_UNIT = 8
_SOLICITATION = struct.Struct("!BBH4x")
_ADVERTISEMENT = struct.Struct("!BBHBBHII")
_LINK_ADDRESS, _PREFIX, _RESOLVERS, _CAPTIVE_PORTAL = 1, 3, 25, 37
"""RFC 4861 sections 4.6.1 and 4.6.2, RFC 8106 section 5.1, RFC 8910 section 2.3."""
_PREFIX_LAYOUT = struct.Struct("!BBII4x16s")
_RESOLVERS_LAYOUT = struct.Struct("!2xI")
_ON_LINK, _AUTONOMOUS = 0x80, 0x40
_MOST = 255 * _UNIT - 2
"""Octets in one option."""
_UNSPECIFIED = IPv6Address("::")


@dataclass(frozen=True, slots=True)
class Prefix:
    """Times in seconds. `on_link`: its addresses are neighbours. `autonomous`: the phone may make its own addresses."""

    network: IPv6Network
    on_link: bool = False
    autonomous: bool = True
    valid: int = INFINITE
    preferred: int = INFINITE


@dataclass(frozen=True, slots=True)
class Resolvers:
    """Recursive DNS servers, at least one, for so many seconds."""

    addresses: tuple[IPv6Address, ...]
    lifetime: int = INFINITE


@dataclass(frozen=True, slots=True)
class Advertisement:
    """`lifetime`: for how many seconds the router is a default one, 0: it is none. Neither addresses nor anything else
    are to be had by DHCPv6. `captive_api`: address of the captive-portal API; empty: not told.
    """

    hop_limit: int
    lifetime: int
    prefixes: tuple[Prefix, ...] = ()
    resolvers: Resolvers | None = None
    captive_api: str = ""


def encode_solicitation() -> bytes:
    """Without the asker's link address."""
    return _SOLICITATION.pack(SOLICITATION, 0, 0)


def check_solicitation(data: bytes, source: IPv6Address) -> None:
    """Raises WireError for one that RFC 4861 section 6.1.1 does not let a router answer; the hop limit is not in it."""
    _head(_SOLICITATION, SOLICITATION, data)
    kinds = {kind for kind, _ in _options(data[_SOLICITATION.size :])}
    if source == _UNSPECIFIED and _LINK_ADDRESS in kinds:
        raise WireError("router solicitation: a link address of nobody")


def encode(advertisement: Advertisement) -> bytes:
    """Raises WireError for what does not fit into its option."""
    head = _ADVERTISEMENT.pack(ADVERTISEMENT, 0, 0, advertisement.hop_limit, 0, advertisement.lifetime, 0, 0)
    options = [_option(_PREFIX, _prefix(prefix)) for prefix in advertisement.prefixes]
    if (told := advertisement.resolvers) is not None:
        addresses = b"".join(address.packed for address in told.addresses)
        options.append(_option(_RESOLVERS, _RESOLVERS_LAYOUT.pack(told.lifetime) + addresses))
    if advertisement.captive_api:
        options.append(_option(_CAPTIVE_PORTAL, _ascii(advertisement.captive_api)))
    return head + b"".join(options)


def decode(data: bytes) -> Advertisement:
    """Raises WireError. Of options that may be there once the last one counts."""
    _, _, _, hop_limit, _, lifetime, _, _ = _head(_ADVERTISEMENT, ADVERTISEMENT, data)
    prefixes: list[Prefix] = []
    resolvers: Resolvers | None = None
    captive_api = ""
    for kind, body in _options(data[_ADVERTISEMENT.size :]):
        if kind == _PREFIX:
            prefixes.append(_read_prefix(body))
        elif kind == _RESOLVERS:
            resolvers = _read_resolvers(body)
        elif kind == _CAPTIVE_PORTAL:
            captive_api = _read_text(body)
    return Advertisement(hop_limit, lifetime, tuple(prefixes), resolvers, captive_api)


def _head(layout: struct.Struct, kind: int, data: bytes) -> tuple[int, ...]:
    if len(data) < layout.size:
        raise WireError("router discovery: message cut short")
    head: tuple[int, ...] = layout.unpack_from(data)
    if head[:2] != (kind, 0):
        raise WireError(f"router discovery: type {head[0]} code {head[1]} is not type {kind} code 0")
    return head


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and what is behind the length."""
    while data:
        size = data[1] * _UNIT if len(data) > 1 else 0
        if not 0 < size <= len(data):
            raise WireError("router discovery: option without a length, or cut short")
        yield data[0], data[2:size]
        data = data[size:]


def _option(kind: int, body: bytes) -> bytes:
    if len(body) > _MOST:
        raise WireError(f"router discovery: option {kind} takes no more than {_MOST} octets")
    units = -(-(2 + len(body)) // _UNIT)
    return (bytes((kind, units)) + body).ljust(units * _UNIT, b"\0")


def _prefix(prefix: Prefix) -> bytes:
    flags = _ON_LINK * prefix.on_link | _AUTONOMOUS * prefix.autonomous
    network = prefix.network
    return _PREFIX_LAYOUT.pack(network.prefixlen, flags, prefix.valid, prefix.preferred, network.network_address.packed)


def _read_prefix(body: bytes) -> Prefix:
    if len(body) != _PREFIX_LAYOUT.size:
        raise WireError("router advertisement: prefix of another length")
    bits, flags, valid, preferred, first = _PREFIX_LAYOUT.unpack(body)
    if bits > 128:
        raise WireError(f"router advertisement: a prefix has no {bits} bits")
    network = IPv6Network((first, bits), strict=False)
    return Prefix(network, bool(flags & _ON_LINK), bool(flags & _AUTONOMOUS), valid, preferred)


def _read_resolvers(body: bytes) -> Resolvers:
    addresses = body[_RESOLVERS_LAYOUT.size :]
    if not addresses or len(addresses) % 16:
        raise WireError("router advertisement: resolvers of another length")
    each = (IPv6Address(addresses[at : at + 16]) for at in range(0, len(addresses), 16))
    return Resolvers(tuple(each), _RESOLVERS_LAYOUT.unpack_from(body)[0])


def _ascii(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise WireError(f"router advertisement: `{text}` is no URI, which has ASCII characters only") from None


def _read_text(body: bytes) -> str:
    try:
        return body.rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        raise WireError("router advertisement: captive-portal API is not ASCII") from None
