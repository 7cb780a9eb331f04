"""The raw ICMPv6 socket on which router solicitations come and advertisements go (RFC 3542), one for all links.

Each message has its link beside it (IPV6_PKTINFO): every phone has the same address there.
"""

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv6Address

from nfemu.policy.compile.steering import GATEWAY_ON_LINK
from nfemu.wire.router_discovery import SOLICITATION

_FILTER = 1
"""ICMP6_FILTER: a bit for each type that is not wanted."""
_TYPES = 256
_LINK = struct.Struct("=16sI")
"""struct in6_pktinfo: our own address, and the interface."""
_FROM_THIS_LINK = 255
_ROOM, _BESIDE = 2048, socket.CMSG_SPACE(_LINK.size)


@dataclass(frozen=True, slots=True)
class Solicited:
    """`link`: interface number in the core."""

    data: bytes
    source: IPv6Address
    link: int


def solicitations() -> socket.socket:
    """In the namespace that this process is in. Raises OSError: it needs CAP_NET_RAW there."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    try:
        unwanted = (1 << _TYPES) - 1 ^ 1 << SOLICITATION
        words = (unwanted >> at & 0xFFFF_FFFF for at in range(0, _TYPES, 32))
        sock.setsockopt(socket.IPPROTO_ICMPV6, _FILTER, struct.pack("=8I", *words))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        for hops in (socket.IPV6_UNICAST_HOPS, socket.IPV6_MULTICAST_HOPS):
            sock.setsockopt(socket.IPPROTO_IPV6, hops, _FROM_THIS_LINK)
    except OSError:
        sock.close()
        raise
    return sock


def receive(sock: socket.socket) -> Solicited:
    """Raises OSError: BlockingIOError where there is none."""
    data, beside, _, source = sock.recvmsg(_ROOM, _BESIDE)
    link = _LINK.unpack(beside[0][2])[1]
    return Solicited(data, IPv6Address(source[0].partition("%")[0]), link)


def send(sock: socket.socket, link: int, target: IPv6Address, data: bytes) -> None:
    """Raises OSError; the link may be gone."""
    beside = _LINK.pack(GATEWAY_ON_LINK.packed, link)
    sock.sendmsg([data], [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, beside)], 0, (str(target), 0, 0, link))
