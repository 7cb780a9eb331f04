"""Links, addresses and routes, in three kinds of network namespace:

    phone: wwan0 ──veth── ue<index> :core: inet0 ──veth── core0 :internet

The phone has the addresses that the PGW assigned and nothing else on its link: its gateway is a link-local address
that the core has on every phone's interface, so that no profile needs an address for it. All addresses of the emulated
Internet are local in the third, whoever they are for.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from pyroute2 import IPRoute

from nfemu.gateway.addresses import VIRTUAL
from nfemu.gateway.bearer.network.messages import Phone
from nfemu.gateway.bearer.network.system import Namespace, enter, unshare

GATEWAY = IPv4Address("169.254.0.1")
"""Of every phone. In RFC 3927 space: no phone's own, and never routed."""
_GATEWAY6 = IPv6Address("fe80::1")
_REDIRECTED6 = IPv6Address("fd53:696e:6b01::1")
"""nftables redirects to an address of the interface; for IPv6 it takes no link-local one for a global destination."""
_CORE_SIDE, _INTERNET_SIDE = IPv4Address("169.254.1.1"), IPv4Address("169.254.1.2")
_INTERNET_SIDE6, _INTERNET_REDIRECTED6 = IPv6Address("fe80::2"), IPv6Address("fd53:696e:6b01::2")
_LOOPBACK, _FIRST = 1, 2
"""Interface numbers in a namespace that is new."""
_FIRST_PHONE = 100
"""Interface number in the core of the phone with index 0."""
_NO_DAD = 0x02
"""IFA_F_NODAD: whether the address is free needs no asking, and asking takes a second."""
_LINK_SCOPE, _HOST_SCOPE = 253, 254
_LOCAL_TABLE, _LOCAL = 255, 2
"""RT_TABLE_LOCAL, RTN_LOCAL."""
_FORWARDING = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    # Else most refusals of a busy line are silent, and programs hang until they give up.
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv6/icmp/ratelimit": "0",
    # Anti-spoofing is nftables' business: a reverse path says nothing of a whitelist.
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
}
_QUIET = {"net/ipv6/conf/default/accept_ra": "0", "net/ipv6/conf/default/autoconf": "0"}


class Network:
    """A network namespace, held open by its descriptor, and a netlink socket in it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.links = IPRoute()

    @classmethod
    def here(cls) -> "Network":
        """The one that this process is in."""
        return cls(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    @classmethod
    def new(cls) -> "Network":
        """Made and entered."""
        unshare(Namespace.NETWORK)
        return cls.here()

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
        self.links.close()
        os.close(self.descriptor)


def build_core(core: Network) -> Network:
    """Make this process's namespace the core's, and the emulated Internet's beside it; the latter."""
    _set(_FORWARDING | _QUIET)
    internet = Network.new()
    _set(_QUIET)
    internet.links.link("set", index=_LOOPBACK, state="up")
    internet.links.link(
        "add", ifname="core0", kind="veth", peer={"ifname": "inet0", "net_ns_fd": core.descriptor}, index=_FIRST
    )
    enter(core.descriptor, Namespace.NETWORK)
    core.links.link("set", index=_LOOPBACK, state="up")
    outside = core.links.link_lookup(ifname="inet0")[0]
    for network, index, ipv4, ipv6 in (
        (core, outside, _CORE_SIDE, (_GATEWAY6,)),
        (internet, _FIRST, _INTERNET_SIDE, (_INTERNET_SIDE6, _INTERNET_REDIRECTED6)),
    ):
        network.links.link("set", index=index, state="up")
        network.links.addr("add", index=index, address=str(ipv4), prefixlen=30)
        for address in ipv6:
            network.links.addr("add", index=index, address=str(address), prefixlen=64, flags=_NO_DAD)
    internet.links.route("add", dst="0.0.0.0/0", gateway=str(_CORE_SIDE), oif=_FIRST)
    internet.links.route("add", dst="::/0", gateway=str(_GATEWAY6), oif=_FIRST)
    virtual4, virtual6 = VIRTUAL
    core.links.route("add", dst=str(virtual4), gateway=str(_INTERNET_SIDE), oif=outside)
    core.links.route("add", dst=str(virtual6), gateway=str(_INTERNET_SIDE6), oif=outside)
    local = {"oif": _LOOPBACK, "table": _LOCAL_TABLE, "type": _LOCAL}
    internet.links.route("add", dst=str(virtual4), scope=_HOST_SCOPE, **local)
    internet.links.route("add", dst=str(virtual6), **local)
    return internet


def plug(core: Network, phone: Phone) -> Network:
    """A phone's network, joined to the core. Raises NetlinkError, OSError."""
    network = Network.new()
    try:
        _set(_QUIET)
        enter(core.descriptor, Namespace.NETWORK)
        index = _FIRST_PHONE + phone.index
        core.links.link(
            "add",
            ifname=f"ue{phone.index}",
            kind="veth",
            index=index,
            peer={"ifname": "wwan0", "net_ns_fd": network.descriptor, "index": _FIRST},
        )
        core.links.link("set", index=index, state="up")
        core.links.addr("add", index=index, address=str(GATEWAY), prefixlen=32)
        core.links.addr("add", index=index, address=str(_GATEWAY6), prefixlen=64, flags=_NO_DAD)
        core.links.addr("add", index=index, address=str(_REDIRECTED6), prefixlen=128, flags=_NO_DAD)
        network.links.link("set", index=_LOOPBACK, state="up")
        network.links.link("set", index=_FIRST, state="up")
        give(core, network, phone)
    except BaseException:
        enter(core.descriptor, Namespace.NETWORK)
        network.close()
        raise
    return network


def give(core: Network, network: Network, phone: Phone) -> None:
    """The phone has these addresses, and routes by them, on both sides of its link."""
    index = _FIRST_PHONE + phone.index
    if phone.ipv4 is not None:
        network.links.addr("add", index=_FIRST, address=str(phone.ipv4), prefixlen=32)
        network.links.route("add", dst=f"{GATEWAY}/32", oif=_FIRST, scope=_LINK_SCOPE, prefsrc=str(phone.ipv4))
        network.links.route("add", dst="0.0.0.0/0", gateway=str(GATEWAY), oif=_FIRST, prefsrc=str(phone.ipv4))
        core.links.route("add", dst=f"{phone.ipv4}/32", oif=index, scope=_LINK_SCOPE)
    if phone.ipv6 is not None:
        network.links.addr("add", index=_FIRST, address=str(phone.ipv6[1]), prefixlen=64, flags=_NO_DAD)
        network.links.route("add", dst="::/0", gateway=str(_GATEWAY6), oif=_FIRST)
        core.links.route("add", dst=str(phone.ipv6), oif=index)


def take(core: Network, network: Network, phone: Phone) -> None:
    """The phone has these addresses no longer; its programs' sockets on them hear of it at their next packet."""
    index = _FIRST_PHONE + phone.index
    if phone.ipv4 is not None:
        core.links.route("del", dst=f"{phone.ipv4}/32", oif=index, scope=_LINK_SCOPE)
        network.links.addr("del", index=_FIRST, address=str(phone.ipv4), prefixlen=32)
    if phone.ipv6 is not None:
        core.links.route("del", dst=str(phone.ipv6), oif=index)
        network.links.addr("del", index=_FIRST, address=str(phone.ipv6[1]), prefixlen=64)
        network.links.route("del", dst="::/0", gateway=str(_GATEWAY6), oif=_FIRST)


def cut(core: Network, index: int) -> None:
    """The link is gone on both sides."""
    core.links.link("del", index=_FIRST_PHONE + index)


def _set(settings: dict[str, str]) -> None:
    """sysctl(8) of the namespace that this process is in."""
    for name, value in settings.items():
        (Path("/proc/sys") / name).write_text(value)
