"""`apns.yaml` in the model's types: pools that do not overlap, profiles that can be given."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import combinations
from typing import TypeVar

from nfemu.epc.catalogue import Catalogue, Pool
from nfemu.files.findings import nearest
from nfemu.files.source import Source, ValuePath
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Apn, PolicyName, PoolName, ProfileName
from nfemu.model.subscriber import Ambr, ApnProfile, OrderedProfile, PdnType
from nfemu.settings.schema import ApnsFile, PoolSection, ProfileSection

Network = TypeVar("Network", IPv4Network, IPv6Network)

_NO_POLICY = PolicyName("none")
"""Of profiles that give no address: no session ever carries it."""
_EMULATED = {4: IPv4Network("198.18.0.0/15"), 6: IPv6Network("2001:2::/48")}
"""Virtual addresses of the emulated Internet (benchmarking ranges of RFC 2544 and RFC 5180)."""
_NO_PHONES = tuple(
    (ip_network(network), use)
    for network, use in (
        ("0.0.0.0/8", "is this network itself"),
        ("127.0.0.0/8", "is each machine's own"),
        ("169.254.0.0/16", "holds on one link only"),
        ("224.0.0.0/4", "is for multicast"),
        ("240.0.0.0/4", "is not for use"),
        ("::/16", "holds the unspecified address and each machine's own"),
        ("fe80::/10", "holds on one link only"),
        ("ff00::/8", "is for multicast"),
    )
)
"""Networks that no phone can have an address of, since nothing is routed there (RFC 6890), and why."""
_UNSET_AMBR = Ambr(0, 0)


def apns_part(file: ApnsFile, source: Source) -> Catalogue | None:
    """Convert and check; None after having reported why to `source`."""
    pools = {name: _pool(name, section, source) for name, section in file.pools.items()}
    _check_overlaps(pools, source)
    profiles = [_profile(name, section, pools, source) for name, section in file.profiles.items()]
    ordered = _ordered(file, source)
    _check_in_place(file, source)
    if source.findings:
        return None
    return Catalogue(
        {pool.name: pool for pool in pools.values()},
        {profile.name: profile for profile in profiles if profile is not None},
        ordered,
    )


def _pool(name: str, section: PoolSection, source: Source) -> Pool:
    path: ValuePath = ("pools", name)
    if section.ipv4 is None and section.ipv6 is None:
        source.report(path, f"pool `{name}` has no addresses; add `ipv4: 10.45.0.0/16`, `ipv6: …`, or both")
    return Pool(
        PoolName(name),
        source.attempt((*path, "ipv4"), _ipv4_network, section.ipv4) if section.ipv4 else None,
        source.attempt((*path, "ipv6"), _ipv6_network, section.ipv6) if section.ipv6 else None,
        section.hold,
    )


def _ipv4_network(text: str) -> IPv4Network:
    network = _network(IPv4Network, text, "10.45.0.0/16")
    if not 8 <= network.prefixlen <= 30:
        raise InvalidInput(f"`{text}` is no usable pool; write a network between /8 and /30")
    return network


def _ipv6_network(text: str) -> IPv6Network:
    """Each UE gets a /64 of it (TS 23.401 clause 5.3.1.2.2)."""
    network = _network(IPv6Network, text, "2001:db8:4500::/40")
    if not 16 <= network.prefixlen <= 63:
        raise InvalidInput(f"`{text}` is no usable pool, since each phone gets a /64; write between /16 and /63")
    return network


def _network(kind: Callable[[str], Network], text: str, example: str) -> Network:
    try:
        network = kind(text)
    except ValueError as error:
        if "host bits" in str(error):
            raise InvalidInput(f"`{text}` is not its network's first address; write that one") from None
        raise InvalidInput(f"`{text}` is not a network; write it like `{example}`") from None
    reserved = _EMULATED[network.version]
    if network.overlaps(reserved):  # type: ignore[arg-type]  # same family by construction
        raise InvalidInput(f"`{text}` overlaps {reserved}, where the emulated Internet lives; write another network")
    for unusable, use in _NO_PHONES:
        if network.version == unusable.version and network.overlaps(unusable):
            raise InvalidInput(f"`{text}` overlaps {unusable}, which {use}; write a network like `{example}`")
    return network


def _check_overlaps(pools: Mapping[str, Pool], source: Source) -> None:
    for one, two in combinations(pools.values(), 2):
        v4 = one.ipv4 is not None and two.ipv4 is not None and one.ipv4.overlaps(two.ipv4)
        v6 = one.ipv6 is not None and two.ipv6 is not None and one.ipv6.overlaps(two.ipv6)
        for family, clash in (("ipv4", v4), ("ipv6", v6)):
            if clash:
                text = f"`{family}` of pool `{two.name}` overlaps pool `{one.name}`; give each pool its own network"
                source.report(("pools", two.name, family), text)


def _profile(name: str, section: ProfileSection, pools: Mapping[str, Pool], source: Source) -> ApnProfile | None:
    path: ValuePath = ("profiles", name)
    apn = source.attempt((*path, "apn"), Apn, section.apn)
    if section.gives_ip:
        _check_addresses(name, section, pools, source)
    for index, text in enumerate(section.dns):
        source.attempt((*path, "dns", index), _dns_server, text)
    if apn is None or (section.gives_ip and section.policy is None):
        return None
    return ApnProfile(
        name=ProfileName(name),
        apn=apn,
        pdn_type=PdnType(section.pdn_type),
        pool=PoolName(section.pool) if section.pool is not None else None,
        dns=tuple(section.dns),
        ambr=Ambr(section.ambr.uplink, section.ambr.downlink) if section.ambr is not None else _UNSET_AMBR,
        qci=section.qci,
        arp=section.arp,
        policy=PolicyName(section.policy) if section.policy is not None else _NO_POLICY,
        gives_ip=section.gives_ip,
        reactivate=section.change == "reactivate",
    )


def _dns_server(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        raise InvalidInput(f"`{text}` is not the address of a DNS server; write an IP address") from None


def _check_addresses(name: str, section: ProfileSection, pools: Mapping[str, Pool], source: Source) -> None:
    """A profile that gives an address needs all that goes with one."""
    path: ValuePath = ("profiles", name)
    examples = {"pool": "internet", "policy": "open", "ambr": "{uplink: 50M, downlink: 150M}"}
    for key, example in examples.items():
        if getattr(section, key) is None:
            text = f"profile `{name}` gives an address but has no `{key}`; add `{key}: {example}` or `gives_ip: false`"
            source.report(path, text)
    if section.pool is None:
        return
    pool = pools.get(section.pool)
    if pool is None:
        source.report((*path, "pool"), f"pool `{section.pool}` does not exist; {nearest(section.pool, pools)}")
        return
    for family, network, types in (("ipv4", pool.ipv4, {"IPv4", "IPv4v6"}), ("ipv6", pool.ipv6, {"IPv6", "IPv4v6"})):
        if section.pdn_type in types and network is None:
            text = f"PDN type {section.pdn_type} needs {family} addresses, which pool `{pool.name}` lacks; "
            source.report((*path, "pdn_type"), text + f"add `{family}` to the pool or write another type")


def _ordered(file: ApnsFile, source: Source) -> dict[OrderedProfile, ProfileName]:
    ordered = {}
    for state in OrderedProfile:
        name = getattr(file.ordered, state.value)
        if name not in file.profiles:
            text = f"profile `{name}` does not exist; {nearest(name, file.profiles)}"
            source.report(("ordered", state.value), text)
        ordered[state] = ProfileName(name)
    opened = file.profiles.get(file.ordered.open)
    if opened is not None and not opened.gives_ip:
        text = f"`ordered.open` means profile `{file.ordered.open}`, which gives no address; name one that does"
        source.report(("ordered", "open"), text)
    return ordered


def _check_in_place(file: ApnsFile, source: Source) -> None:
    """A change in place keeps the address, so both sides of it must have one pool, APN and PDN type.

    A line can be given any profile that has an address, from any other.
    """
    reported: set[str] = set()
    giving = [(name, section) for name, section in file.profiles.items() if section.gives_ip]
    for (one, first), (two, second) in combinations(giving, 2):
        differing = [key for key in ("pool", "apn", "pdn_type") if getattr(first, key) != getattr(second, key)]
        for name, section in ((one, first), (two, second)) if differing else ():
            if section.change == "in_place" and name not in reported:
                reported.add(name)
                text = (
                    f"profile `{name}` changes in place, which keeps the address, but `{differing[0]}` differs between "
                    f"`{one}` and `{two}`; write `change: reactivate` or make them equal"
                )
                source.report(("profiles", name, "change"), text)
