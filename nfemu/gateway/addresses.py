"""Addresses that the gateway never dials for a subscriber, whatever the policy says (architecture, section 10)."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from nfemu.model.destination import IpAddress

VIRTUAL = (IPv4Network("198.18.0.0/15"), IPv6Network("2001:2::/48"))
"""The emulated Internet: not routed anywhere (RFC 2544, RFC 5180), so never dialled directly, but nameable."""

NOT_PUBLIC: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.0.2.0/24"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("198.18.0.0/15"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("224.0.0.0/3"),
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
)
"""Private, special or multicast (RFC 6890 and its registries); of IPv6 what is within `GLOBAL6`."""

_NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL6 = (IPv6Network("2000::/3"), _NAT64)
"""Global unicast (RFC 4291 section 2.4), and IPv4 behind a translator (RFC 6052)."""

NAMES_ONLY = "a restricted line reaches names only: CONNECT to a name"
NO_PUBLIC_ADDRESS = "the name leads to no public address: the gateway does not dial it"

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
    within = address.version == 4 or any(address in network for network in GLOBAL6)
    return within and address.is_global and not any(address in network for network in NOT_PUBLIC)


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
    """Whether this machine would be talking to itself."""
    return sent_from(address) == address


def sent_from(address: IpAddress) -> IpAddress | None:
    """The address that this machine would send from to there; None: it has no way. Nothing is sent to find out, since
    connecting a UDP socket looks up a route.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(address), _DISCARD_PORT))
        except OSError:
            return None
        return ip_address(probe.getsockname()[0].partition("%")[0])


def is_foreign(address: IpAddress) -> bool:
    """Whether a resolved address may be dialled: somebody else's, on the public Internet."""
    return is_public(address) and not is_own(address)
