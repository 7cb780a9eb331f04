"""Addresses that the gateway never dials for a subscriber, whatever the policy says (architecture, section 10)."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from nfemu.model.destination import IpAddress

VIRTUAL = (IPv4Network("198.18.0.0/15"), IPv6Network("2001:2::/48"))
"""The emulated Internet: not routed anywhere (RFC 2544, RFC 5180), so never dialled directly, but nameable."""

NAMES_ONLY = "a restricted line reaches names only: CONNECT to a name"
NO_PUBLIC_ADDRESS = "the name leads to no public address: the gateway does not dial it"

_NAT64 = IPv6Network("64:ff9b::/96")
_DISCARD_PORT = 9


def refused_literal(address: IpAddress) -> str | None:
    """Why an address that a subscriber names is refused before anything else is asked; None where it is not."""
    if is_public(address) or is_virtual(address):
        return None
    return f"{address} is not a public address: the gateway does not dial it"


def is_virtual(address: IpAddress) -> bool:
    return any(address in network for network in VIRTUAL)


def is_public(address: IpAddress) -> bool:
    """Globally routable unicast; for IPv6 forms that carry an IPv4 address, both."""
    inner = _carried(address)
    if inner is not None and not is_public(inner):
        return False
    return address.is_global and not address.is_multicast


def _carried(address: IpAddress) -> IPv4Address | None:
    """The IPv4 address inside a mapped, 6to4, Teredo or NAT64 address."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def is_own(address: IpAddress) -> bool:
    """Whether this machine would be talking to itself. Connecting a UDP socket sends nothing, it looks up a route."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(address), _DISCARD_PORT))
        except OSError:
            return False
        return bool(probe.getsockname()[0] == str(address))


def is_foreign(address: IpAddress) -> bool:
    """Whether a resolved address may be dialled: somebody else's, on the public Internet."""
    return is_public(address) and not is_own(address)
