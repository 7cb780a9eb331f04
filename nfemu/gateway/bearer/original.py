"""Where a steered connection was going before nft redirected it: conntrack remembers, and tells the socket's owner."""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from nfemu.model.destination import IpAddress

_SO_ORIGINAL_DST = 80
"""linux/netfilter_ipv4.h, at level SOL_IP."""
_IP6T_SO_ORIGINAL_DST = 80
"""linux/netfilter_ipv6/ip6_tables.h, at level SOL_IPV6."""
_SOCKADDR_IN = struct.Struct("!2xH4s8x")
_SOCKADDR_IN6 = struct.Struct("!2xH4x16s4x")


@dataclass(frozen=True, slots=True)
class Endpoint:
    address: IpAddress
    port: int


Original = Callable[[socket.socket], Endpoint]
"""Raises OSError for a connection that nobody redirected: it was made to our own port."""


def original_destination(sock: socket.socket) -> Endpoint:
    """Of an accepted TCP connection, IPv4 or IPv6, in whatever network namespace it was accepted. See Original."""
    if sock.family == socket.AF_INET6:
        raw = sock.getsockopt(socket.IPPROTO_IPV6, _IP6T_SO_ORIGINAL_DST, _SOCKADDR_IN6.size)
        port, packed = _SOCKADDR_IN6.unpack(raw)
        return Endpoint(IPv6Address(packed), port)
    raw = sock.getsockopt(socket.IPPROTO_IP, _SO_ORIGINAL_DST, _SOCKADDR_IN.size)
    port, packed = _SOCKADDR_IN.unpack(raw)
    return Endpoint(IPv4Address(packed), port)
