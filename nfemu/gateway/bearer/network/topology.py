"""Links, addresses and routes, in three kinds of network namespace:

    phone: wwan0 ──veth── ue<index> :core: inet0 ──veth── core0 :internet

The phone has the addresses that the PGW assigned, and a link-local one. Its gateways are link-local addresses that the
core has on every phone's interface, so that no profile needs an address for them. Everything that the core does not
know leads to the third namespace, where all addresses of the emulated Internet are local and any other is unreachable.

Both ends of a link know each other's hardware address from the start: asking would cost each first packet a round
trip, and the kernel remembers no more than about a thousand answers for all namespaces of a machine. So nobody else is
thought to be on a link, not even in a phone's own /64 (as 3GPP has it: RFC 6459, 5.2), and nobody's question makes the
core remember who asked: not ARP's (`arp_filter`), not neighbour discovery's (nfemu/policy/compile/compiler.py).
"""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

from nfemu.gateway.addresses import VIRTUAL
from nfemu.gateway.bearer.network.messages import Phone
from nfemu.gateway.bearer.network.rtnetlink import (
    LOOPBACK,
    End,
    RouteSocket,
    address,
    neighbour,
    out_of_reach,
    own_addresses,
    prohibited,
    route,
    sends_at,
    table_of_arrivals,
    unreachable,
    up,
    veth,
    without_address,
    without_link,
    without_neighbour,
    without_route,
)
from nfemu.model.destination import IpAddress
from nfemu.namespaces.system import Namespace, enter, unshare
from nfemu.policy.compile.steering import GATEWAY_ON_LINK, NO_WAY, PHONE_ON_LINK, SteeringPlan

GATEWAY = IPv4Address("169.254.0.1")
"""Of every phone. In RFC 3927 space: no phone's own, and never routed."""
REDIRECTED6 = IPv6Address("fd53:696e:6b01::1")
"""On every phone's interface too: nftables redirects to an address of the interface; for IPv6 it takes no link-local
one for a global destination.
"""
_CORE_SIDE = IPv4Address("169.254.1.2")
_INTERNET_SIDE, _INTERNET_SIDE6 = SteeringPlan().beyond
_PAIR = 31
"""Length of their prefix (RFC 3021): with another one there would be a broadcast address, to which packets vanish."""
_INTERNET_REDIRECTED6 = IPv6Address("fd53:696e:6b01::2")
CORE_OWN = frozenset({GATEWAY, GATEWAY_ON_LINK, REDIRECTED6, _CORE_SIDE})
_ANYWHERE, _ANYWHERE6 = IPv4Network("0.0.0.0/0"), IPv6Network("::/0")
_FIRST = 2
"""Interface number, in a namespace that is new, of the first interface beside the loopback one."""
_FIRST_PHONE = 100
"""Interface number in the core of the phone with index 0."""
_OUTER_MAC, _INNER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
"""Locally administered; of either end of every link, since no two links share a wire."""
_NOT_OURS = 100
"""Routing table, and the priority of the rules that come between the kernel's own."""
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_FORWARDING = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    # Else most refusals of a busy line are silent, and programs hang until they give up.
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv6/icmp/ratelimit": "0",
    # The limits above are by target; these are what a limit of a thousand a second, with bursts of fifty, holds for.
    "net/ipv4/icmp_ratemask": "0",
    "net/ipv6/icmp/ratemask": "\n",
    # Anti-spoofing is nftables' business: a reverse path says nothing of a whitelist.
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    # Whoever asks by ARP is answered, and remembered, only where the way back to its address is the same link.
    "net/ipv4/conf/all/arp_filter": "1",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
}
_QUIET = {
    "net/ipv6/conf/default/accept_ra": "0",
    "net/ipv6/conf/default/autoconf": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/default/addr_gen_mode": "1",  # no link-local address but those that are given
}


def _default_routes(gateway: IPv4Address, gateway6: IPv6Address, mac: str) -> list[bytes]:
    return [*_default_route(_ANYWHERE, gateway, mac), *_default_route(_ANYWHERE6, gateway6, mac)]


def _default_route(anywhere: IPv4Network | IPv6Network, gateway: IpAddress, mac: str) -> list[bytes]:
    return [neighbour(_FIRST, gateway, mac), route(anywhere, _FIRST, gateway)]


_PHONE = (
    up(LOOPBACK),
    up(_FIRST, _INNER_MAC),
    address(_FIRST, PHONE_ON_LINK, 64),
    route(IPv6Network(GATEWAY_ON_LINK), _FIRST),
)
_DEFAULT_ROUTE = _default_route(_ANYWHERE, GATEWAY, _OUTER_MAC)
_DEFAULT_ROUTE6 = _default_route(_ANYWHERE6, GATEWAY_ON_LINK, _OUTER_MAC)
"""What is the same in every phone is encoded once."""
_NOT_THE_GATEWAY = tuple(
    out_of_reach(GATEWAY_ON_LINK, protocol) for protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP)
)
"""For what a phone sends to it itself. The core could refuse TCP by ICMP only, since a reset finds no way to an address
that every phone has; but connect(2) of a phone so near is not ready to hear of that, and tries again a second later.
"""


class Network:
    """A network namespace, held open by its descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def here(cls) -> "Network":
        """The one that this process is in."""
        return cls(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    @contextmanager
    def entered(self, home: "Network") -> Iterator[None]:
        """This process is in it meanwhile, and back at `home` afterwards."""
        enter(self.descriptor, Namespace.NETWORK)
        try:
            yield
        finally:
            enter(home.descriptor, Namespace.NETWORK)

    def close(self) -> None:
        """It ends, with everything in it, once nobody else is in it or holds a socket of it."""
        os.close(self.descriptor)


def build_core(core: Network) -> Network:
    """Make this process's namespace the core's, and the emulated Internet's beside it; the latter. Raises OSError."""
    _set(_FORWARDING | _QUIET)
    internet = _new(_FORWARDING | _QUIET)
    enter(core.descriptor, Namespace.NETWORK)
    inside, outside = End("core0", _FIRST, _INNER_MAC), End("inet0", _FIRST, _OUTER_MAC)
    _run(up(LOOPBACK), veth(outside, inside, internet.descriptor))
    _run(
        address(_FIRST, _CORE_SIDE, _PAIR),
        address(_FIRST, GATEWAY_ON_LINK, 64),
        *_default_routes(_INTERNET_SIDE, _INTERNET_SIDE6, _INNER_MAC),
        *(prohibited(family, NO_WAY, _NOT_OURS) for family in _FAMILIES),
    )
    with internet.entered(core):
        _run(
            up(LOOPBACK),
            up(_FIRST),
            address(_FIRST, _INTERNET_SIDE, _PAIR),
            address(_FIRST, _INTERNET_SIDE6, 64),
            address(_FIRST, _INTERNET_REDIRECTED6, 64),
            *_default_routes(_CORE_SIDE, GATEWAY_ON_LINK, _OUTER_MAC),
            *(own_addresses(network) for network in VIRTUAL),
            # What came from the core never goes back to it: no packet runs in circles.
            *(table_of_arrivals(family, inside.name, _NOT_OURS) for family in _FAMILIES),
            *(unreachable(network, _NOT_OURS) for network in (_ANYWHERE, _ANYWHERE6)),
        )
    return internet


def take_gaps() -> None:
    """Connection tracking in this namespace lets numbers jump: lanes pass it by. Raises OSError: it is not there."""
    _set({"net/netfilter/nf_conntrack_tcp_be_liberal": "1"})


def plug(core: Network, phone: Phone) -> Network:
    """A phone's network, joined to the core. Raises OSError; then nothing is left of it."""
    try:
        network = _new(_QUIET)
    finally:
        enter(core.descriptor, Namespace.NETWORK)
    index = _FIRST_PHONE + phone.index
    try:
        _run(
            veth(End(f"ue{phone.index}", index, _OUTER_MAC), End("wwan0", _FIRST, _INNER_MAC), network.descriptor),
            address(index, GATEWAY, 32),
            address(index, GATEWAY_ON_LINK, 64),
            address(index, REDIRECTED6, 128),
            neighbour(index, PHONE_ON_LINK, _INNER_MAC),
            route(IPv6Network(PHONE_ON_LINK), index, metric=index),  # there is one on every link
            sends_at(index, phone.downlink),
        )
        with network.entered(core):
            _run(*_PHONE, *_NOT_THE_GATEWAY, sends_at(_FIRST, phone.uplink))
        give(core, network, phone)
    except BaseException:
        network.close()
        raise
    return network


def give(core: Network, network: Network, phone: Phone) -> None:
    """The phone has these addresses, and routes by them, on both sides of its link. Raises OSError."""
    index = _FIRST_PHONE + phone.index
    inside: list[bytes] = []
    outside: list[bytes] = []
    if phone.ipv4 is not None:
        inside += [address(_FIRST, phone.ipv4, 32), *_DEFAULT_ROUTE]
        outside += [neighbour(index, phone.ipv4, _INNER_MAC), route(IPv4Network(phone.ipv4), index)]
    if phone.ipv6 is not None:
        inside += [address(_FIRST, phone.ipv6[1], 64), *_DEFAULT_ROUTE6]
        outside.append(route(phone.ipv6, index, PHONE_ON_LINK))
    with network.entered(core):
        _run(*inside)
    _run(*outside)


def mend(core: Network, network: Network, phone: Phone) -> None:
    """A phone is as `plug` made it, whatever root has done to its link meanwhile. Raises OSError: the link is gone."""
    with network.entered(core):
        _run(*_PHONE, sends_at(_FIRST, phone.uplink))
    give(core, network, phone)


def take(core: Network, network: Network, phone: Phone) -> None:
    """The phone has these addresses no longer; its programs' sockets on them hear of it at their next packet."""
    index = _FIRST_PHONE + phone.index
    inside: list[bytes] = []
    outside: list[bytes] = []
    if phone.ipv4 is not None:
        outside += [without_route(IPv4Network(phone.ipv4), index), without_neighbour(index, phone.ipv4)]
        inside += [without_route(_ANYWHERE, _FIRST), without_address(_FIRST, phone.ipv4, 32)]
    if phone.ipv6 is not None:
        outside.append(without_route(phone.ipv6, index))
        inside += [without_route(_ANYWHERE6, _FIRST), without_address(_FIRST, phone.ipv6[1], 64)]
    _run(*outside)
    with network.entered(core):
        _run(*inside)


def shape(core: Network, network: Network, before: Phone, phone: Phone) -> None:
    """Both ends of the phone's link send at the phone's rates from now on. Raises OSError."""
    _run(*_turned(_FIRST_PHONE + phone.index, before.downlink, phone.downlink))
    with network.entered(core):
        _run(*_turned(_FIRST, before.uplink, phone.uplink))


def _turned(link: int, before: int, bits: int) -> list[bytes]:
    """To a lower rate by way of none: a queue that is changed where it is keeps what waits, and what is larger than its
    new burst would stand at its head for ever. A faster one takes it along.
    """
    return [sends_at(link, 0), sends_at(link, bits)] if 0 < bits < before else [sends_at(link, bits)]


def phone_at(link: int) -> int:
    """The index of the phone whose link has that interface number in the core."""
    return link - _FIRST_PHONE


def cut(index: int) -> None:
    """The link is gone on both sides; the phone may have removed it already. Raises OSError."""
    try:
        _run(without_link(_FIRST_PHONE + index))
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise


def cut_off(core: Network) -> None:
    """Nothing leads out of the core any more, whoever still holds a socket of it or of a line. Raises OSError."""
    enter(core.descriptor, Namespace.NETWORK)
    _run(without_link(_FIRST))


def _new(settings: dict[str, str]) -> Network:
    """A network namespace, made and entered. Raises OSError."""
    unshare(Namespace.NETWORK)
    _set(settings)
    return Network.here()


def _run(*messages: bytes) -> None:
    """In the namespace that this process is in. Raises OSError."""
    if messages:
        with RouteSocket() as links:
            links.run(messages)


def _set(settings: dict[str, str]) -> None:
    """sysctl(8) of the namespace that this process is in."""
    for name, value in settings.items():
        (Path("/proc/sys") / name).write_text(value)
