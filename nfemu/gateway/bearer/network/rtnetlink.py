"""Links, addresses, routes and neighbours of one network namespace, by batches of rtnetlink messages.

pyroute2 encodes the messages; its own sockets would cost ten times as much for each, which counts with a thousand
phones. Layouts: rtnetlink(7).
"""

import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Self

from pyroute2.netlink import nlmsg
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg
from pyroute2.netlink.rtnl.tcmsg import tcmsg

from nfemu.model.destination import IpAddress

IpNetwork = IPv4Network | IPv6Network

LOOPBACK = 1
"""The loopback interface has this index in every namespace."""

_NEW_LINK, _DELETE_LINK, _NEW_ADDRESS, _DELETE_ADDRESS = 16, 17, 20, 21
_NEW_ROUTE, _DELETE_ROUTE, _NEW_NEIGHBOUR, _DELETE_NEIGHBOUR, _NEW_RULE, _NEW_QUEUE = 24, 25, 28, 29, 32, 36
_REQUEST, _ACK, _REPLACE, _CREATE = 0x1, 0x4, 0x100, 0x400
_UP = 1
_NO_DAD, _NO_NETWORK = 0x2, 0x200
"""IFA_F_NODAD, IFA_F_NOPREFIXROUTE."""
_ON_LINK = 4
_PERMANENT = 0x80
_STATIC = 4
_MAIN, _LOCAL = 254, 255
"""Routing tables."""
_UNICAST, _TO_US, _UNREACHABLE = 1, 2, 7
"""Types of routes."""
_LINK_SCOPE, _HOST_SCOPE, _NOWHERE = 253, 254, 255
_TO_TABLE, _PROHIBITED = 1, 8
_AT_THE_ROOT = 0xFFFFFFFF
_ETHERNET = 1
"""TC_LINKLAYER_ETHERNET: the kernel reckons how long packets take by itself."""
_TICK_NS = 64
_FASTEST = 0xFFFF_FFFF
"""Octets per second; faster is not held back."""
_LEAST_BURST, _LEAST_QUEUE = 2 * 1514, 32 * 1024
"""Octets: of frames that leave at once, and of those that wait before others are dropped."""
_HEADER = struct.Struct("=IHHII")
_ERROR = 2
_RECEIVED = 64 * 1024


class RouteSocket:
    """Belongs to the namespace in which it was made."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def run(self, messages: Sequence[bytes]) -> None:
        """One round trip. Raises OSError for the first that the kernel refuses; the others are done then."""
        self._socket.send(b"".join(messages))
        answers: list[int] = []
        while len(answers) < len(messages):
            answers += _errors(self._socket.recv(_RECEIVED))
        for number in answers:
            if number:
                raise OSError(number, os.strerror(number))


def _errors(data: bytes) -> list[int]:
    """The error numbers in acknowledgements; 0 where a request was done."""
    found = []
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if kind == _ERROR:
            found.append(-struct.unpack_from("=i", data, _HEADER.size)[0])
        data = data[(length + 3) & ~3 :]
    return found


@dataclass(frozen=True, slots=True)
class End:
    """One end of a pair of interfaces."""

    name: str
    index: int
    mac: str


def veth(here: End, there: End, namespace: int) -> bytes:
    """`here` is up at once, `there` waits for `up`. `namespace`: descriptor of the one that `there` is in."""
    names = [("IFLA_IFNAME", there.name), ("IFLA_ADDRESS", there.mac), ("IFLA_NET_NS_FD", namespace)]
    peer = {"index": there.index, "attrs": names}
    info = [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", {"attrs": [("VETH_INFO_PEER", peer)]})]
    attributes = [("IFLA_IFNAME", here.name), ("IFLA_ADDRESS", here.mac), ("IFLA_LINKINFO", {"attrs": info})]
    return _filled(ifinfmsg(), _NEW_LINK, {"index": here.index, "flags": _UP, "change": _UP}, attributes)


def up(index: int, mac: str | None = None) -> bytes:
    """With that hardware address."""
    attributes = [("IFLA_ADDRESS", mac)] if mac is not None else []
    return _filled(ifinfmsg(), _NEW_LINK, {"index": index, "flags": _UP, "change": _UP}, attributes)


def without_link(index: int) -> bytes:
    """Both ends of a pair."""
    return _filled(ifinfmsg(), _DELETE_LINK, {"index": index}, [])


def address(link: int, value: IpAddress, prefix: int) -> bytes:
    """Usable at once: whether somebody else has it is not asked, which would take a second. Of its network nobody is
    thought to be on the link: routes say who is.
    """
    return _address(_NEW_ADDRESS, link, value, prefix)


def without_address(link: int, value: IpAddress, prefix: int) -> bytes:
    return _address(_DELETE_ADDRESS, link, value, prefix)


def route(to: IpNetwork, link: int, via: IpAddress | None = None, metric: int = 0) -> bytes:
    """`via` need not lie in a network of the link. In place of one to there with the same metric; 0: the kernel's."""
    scope = _LINK_SCOPE if via is None and to.version == 4 else 0
    gateway = [] if via is None else [("RTA_GATEWAY", str(via))]
    fields = {"table": _MAIN, "type": _UNICAST, "flags": 0 if via is None else _ON_LINK, "scope": scope}
    priority = [("RTA_PRIORITY", metric)] if metric else []
    return _route(_NEW_ROUTE, to, fields, [("RTA_OIF", link), *gateway, *priority])


def without_route(to: IpNetwork, link: int) -> bytes:
    return _route(_DELETE_ROUTE, to, {"table": _MAIN, "scope": _NOWHERE}, [("RTA_OIF", link)])


def own_addresses(network: IpNetwork) -> bytes:
    """Every address of `network` is this namespace's own."""
    scope = _HOST_SCOPE if network.version == 4 else 0
    fields = {"table": _LOCAL, "type": _TO_US, "scope": scope}
    return _route(_NEW_ROUTE, network, fields, [("RTA_OIF", LOOPBACK)])


def unreachable(network: IpNetwork, table: int) -> bytes:
    """Refused with an ICMP error."""
    return _route(_NEW_ROUTE, network, {"table": table, "type": _UNREACHABLE}, [])


def neighbour(link: int, value: IpAddress, mac: str) -> bytes:
    """Never asked for on the wire, and never counted against the kernel's limit of a thousand."""
    return _neighbour(_NEW_NEIGHBOUR, link, value, [("NDA_DST", str(value)), ("NDA_LLADDR", mac)])


def without_neighbour(link: int, value: IpAddress) -> bytes:
    return _neighbour(_DELETE_NEIGHBOUR, link, value, [("NDA_DST", str(value))])


def table_of_arrivals(family: socket.AddressFamily, interface: str, table: int) -> bytes:
    """What comes in at `interface`, and is for none of our own addresses, is looked up in `table` alone."""
    fields = {"family": int(family), "table": table, "action": _TO_TABLE}
    attributes = [("FRA_PRIORITY", table), ("FRA_IIFNAME", interface), ("FRA_TABLE", table)]
    return _filled(fibmsg(), _NEW_RULE, fields, attributes)


def prohibited(family: socket.AddressFamily, mark: int, priority: int) -> bytes:
    """What has that mark is refused with an ICMP error (administratively prohibited), wherever it would go."""
    attributes = [("FRA_PRIORITY", priority), ("FRA_FWMARK", mark)]
    return _filled(fibmsg(), _NEW_RULE, {"family": int(family), "action": _PROHIBITED}, attributes)


def out_of_reach(to: IpAddress, protocol: int) -> bytes:
    """What of this namespace would go there is refused as it is sent, on whichever link. Once only: it adds up."""
    fields = {"family": _family(to), "dst_len": to.max_prefixlen, "action": _PROHIBITED}
    return _filled(fibmsg(), _NEW_RULE, fields, [("FRA_DST", str(to)), ("FRA_IP_PROTO", protocol)])


@lru_cache(maxsize=4096)
def sends_at(link: int, bits: int) -> bytes:
    """What the link sends is held back to so many bits per second (tc-tbf(8)); 0: it is not. In place of what was.

    Encoding it takes longer than the kernel takes to do it, and a line goes back and forth between few rates.
    """
    rate = bits // 8
    if not 0 < rate <= _FASTEST:
        return _queue(link, [("TCA_KIND", "noqueue")])
    burst = max(_LEAST_BURST, rate // 250)
    parameters = {
        "rate": rate,
        "rate___reserved": _ETHERNET,
        "limit": max(_LEAST_QUEUE, rate // 5),
        "buffer": burst * 1_000_000_000 // rate // _TICK_NS,
    }
    return _queue(link, [("TCA_KIND", "tbf"), ("TCA_OPTIONS", {"attrs": [("TCA_TBF_PARMS", parameters)]})])


def _queue(link: int, attributes: Sequence[tuple[str, object]]) -> bytes:
    return _filled(tcmsg(), _NEW_QUEUE, {"index": link, "parent": _AT_THE_ROOT}, attributes)


def _address(kind: int, link: int, value: IpAddress, prefix: int) -> bytes:
    fields = {"family": _family(value), "prefixlen": prefix, "index": link}
    flags = [("IFA_FLAGS", _NO_DAD | _NO_NETWORK)]
    return _filled(ifaddrmsg(), kind, fields, [("IFA_LOCAL", str(value)), ("IFA_ADDRESS", str(value)), *flags])


def _route(kind: int, to: IpNetwork, fields: Mapping[str, int], attributes: Sequence[tuple[str, object]]) -> bytes:
    common = {"family": _family(to), "dst_len": to.prefixlen, "proto": _STATIC}
    target = [("RTA_DST", str(to.network_address))] if to.prefixlen else []
    return _filled(rtmsg(), kind, {**common, **fields}, [*target, *attributes])


def _neighbour(kind: int, link: int, value: IpAddress, attributes: list[tuple[str, object]]) -> bytes:
    return _filled(ndmsg(), kind, {"family": _family(value), "ifindex": link, "state": _PERMANENT}, attributes)


def _family(value: IpAddress | IpNetwork) -> int:
    return socket.AF_INET if value.version == 4 else socket.AF_INET6


def _filled(message: nlmsg, kind: int, fields: Mapping[str, object], attributes: Sequence[tuple[str, object]]) -> bytes:
    for name, value in fields.items():
        message[name] = value
    message["attrs"] = list(attributes)
    message["header"]["type"] = kind
    message["header"]["flags"] = _REQUEST | _ACK | _OF_KIND.get(kind, _CREATE | _REPLACE)
    message.encode()
    return bytes(message.data)


_DELETIONS = (_DELETE_LINK, _DELETE_ADDRESS, _DELETE_ROUTE, _DELETE_NEIGHBOUR)
_OF_KIND = {_NEW_LINK: _CREATE, _NEW_RULE: _CREATE, **dict.fromkeys(_DELETIONS, 0)}
"""Flags of requests that do not put something in place of what may be there."""
