"""Where a connection was going before nftables redirected it to us."""

import socket
import struct
from ipaddress import IPv4Address, IPv6Address

from nfemu.model.destination import IpAddress

_SO_ORIGINAL_DST = 80
"""Of linux/netfilter_ipv4.h; IP6T_SO_ORIGINAL_DST of linux/netfilter_ipv6/ip6_tables.h has the same number."""
_IPV4 = struct.Struct("!2xH4s8x")
"""struct sockaddr_in."""
_IPV6 = struct.Struct("!2xH4x16s4x")
"""struct sockaddr_in6."""


def original_destination(sock: socket.socket) -> tuple[IpAddress, int]:
    """Address and port. Raises OSError for a connection that was not redirected, or is unknown to conntrack by now."""
    if sock.family == socket.AF_INET6:
        port, address = _IPV6.unpack(sock.getsockopt(socket.IPPROTO_IPV6, _SO_ORIGINAL_DST, _IPV6.size))
        return IPv6Address(address), port
    port, address = _IPV4.unpack(sock.getsockopt(socket.IPPROTO_IP, _SO_ORIGINAL_DST, _IPV4.size))
    return IPv4Address(address), port
