"""nftables of the namespace behind the core: who takes what the core has let out."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from nfemu.gateway.addresses import GLOBAL6, NOT_PUBLIC, VIRTUAL
from nfemu.gateway.bearer.internet.surroundings import Surroundings
from nfemu.policy.networks import IpNetwork

ORIGINS_PORT, RELAY_PORT = 8000, 8001
"""Listeners there: the emulated Internet has one front for all ports, and so has the way to the real one."""

_FAMILIES = {4: "ipv4", 6: "ipv6"}


def internet_rules(real: Surroundings | None) -> str:
    """One transaction, in place of what was; open flows stay. None: there is the emulated Internet alone."""
    arrive = [f"{_to(network)} meta l4proto tcp redirect to :{ORIGINS_PORT}" for network in VIRTUAL]
    arrive += [f"meta l4proto tcp redirect to :{RELAY_PORT}"] if real is not None else []
    return "\n".join(
        [
            "add table inet nfemu",
            "flush table inet nfemu",
            "table inet nfemu {",
            *_chain("arrive", "type nat hook prerouting priority dstnat; policy accept;", arrive),
            *_chain("nobody", "type filter hook prerouting priority raw; policy accept;", _refused(real)),
            "}",
            "",
        ]
    )


def _chain(name: str, hook: str, rules: Iterable[str]) -> Iterator[str]:
    yield from (f"\tchain {name} {{", f"\t\t{hook}", *(f"\t\t{rule}" for rule in rules), "\t}")


def _refused(real: Surroundings | None) -> Iterator[str]:
    """Said here, since the kernel says it of unroutable addresses a few times a second only; and of TCP by a reset,
    since an ICMP message that comes while connect(2) is still at work does not end it.
    """
    yield "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
    yield from (f"{_to(network)} accept" for network in VIRTUAL)
    if real is None:
        yield from ("meta l4proto tcp reject with tcp reset", "reject with icmpx host-unreachable")
        return
    for refused in _nobodys(real):
        yield f"{refused} meta l4proto tcp reject with tcp reset"
    for version in sorted(_FAMILIES.keys() - real.families):
        # Only what begins: an open connection survives a moment without a way out.
        first = "tcp flags & (fin | syn | rst | ack) == syn"
        yield f"meta nfproto {_FAMILIES[version]} {first} reject with tcp reset"
    yield from ("meta l4proto tcp accept", "reject with icmpx admin-prohibited")


def _nobodys(real: Surroundings) -> Iterator[str]:
    networks: list[IpNetwork] = [*NOT_PUBLIC, *real.own]
    yield f"ip daddr {_listed(collapse_addresses(each for each in networks if isinstance(each, IPv4Network)))}"
    yield f"ip6 daddr != {_listed(GLOBAL6)}"
    yield f"ip6 daddr {_listed(collapse_addresses(each for each in networks if isinstance(each, IPv6Network)))}"


def _listed(networks: Iterable[IpNetwork]) -> str:
    return f"{{ {', '.join(map(str, networks))} }}"


def _to(network: IpNetwork) -> str:
    return f"{'ip' if network.version == 4 else 'ip6'} daddr {network}"
