"""The networks of policies as ranges that do not overlap: a longest-prefix match for tables that have none."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from ipaddress import ip_address, ip_network

from nfemu.model.destination import IpAddress
from nfemu.model.identity import GroupName
from nfemu.policy.compile.table import Key, Range
from nfemu.policy.networks import IpNetwork
from nfemu.policy.rule import Rule
from nfemu.policy.rules import CompiledProfile, PolicySet

_BITS = {4: 32, 6: 128}


def allowed_ranges(
    profile: CompiledProfile, version: int, ports: Callable[[int], bool], hours_at: datetime | None
) -> tuple[Key, ...]:
    """(range, port) for every address that a network of the profile allows by itself, on the ports wanted."""

    def allows(address: IpAddress, port: int) -> bool:
        rule = profile.networks.match(address, port)
        return rule is not None and rule.in_force(hours_at)

    return _keys(list(profile.networks.rules()), version, ports, allows)


def ranges_by_group(
    profile: CompiledProfile, version: int, ports: Callable[[int], bool], hours_at: datetime | None
) -> dict[GroupName, tuple[Key, ...]]:
    """(range, port) by the group whose rule lets flows through: all that it lists, where the profile allows anything
    and the group says only what that counts as. Groups without such a rule are left out.
    """
    found: dict[GroupName, tuple[Key, ...]] = {}
    for name in dict.fromkeys(rule.group.name for rule in profile.networks.rules()):

        def allows(address: IpAddress, port: int, group: GroupName = name) -> bool:
            rule = profile.networks.match(address, port)
            if rule is None or rule.group.name != group:
                return False
            return not profile.restricted or rule.in_force(hours_at)

        found[name] = _keys(list(profile.networks.rules()), version, ports, allows)
    return {name: keys for name, keys in found.items() if keys}


def trusted_ranges(policies: PolicySet, version: int, ports: Callable[[int], bool]) -> tuple[Key, ...]:
    """(range, port) for every address in a trusted network of any profile; opening hours play no part, since who
    believes a header does so at any time.
    """
    profiles = [policies.profile(name) for name in policies.names]
    rules = [rule for profile in profiles for rule in profile.networks.rules() if rule.group.trusted]

    def trusts(address: IpAddress, port: int) -> bool:
        found = (rule for profile in profiles for rule in profile.networks.candidates(address))
        return any(rule.group.trusted and port in rule.ports for rule in found)

    return _keys(rules, version, ports, trusts)


def _keys(
    rules: list[Rule], version: int, ports: Callable[[int], bool], holds: Callable[[IpAddress, int], bool]
) -> tuple[Key, ...]:
    found: list[Key] = []
    for port in sorted({port for rule in rules for port in rule.ports if ports(port)}):
        networks = [ip_network(rule.pattern) for rule in rules if port in rule.ports]
        wanted = [network for network in networks if network.version == version]
        found += ((part, port) for part in _disjoint(wanted, port, holds))
    return tuple(found)


def _disjoint(networks: list[IpNetwork], port: int, holds: Callable[[IpAddress, int], bool]) -> Iterator[Range]:
    """Between two neighbouring edges of networks the answer is the same for every address."""
    if not networks:
        return
    version = networks[0].version
    start: int | None = None
    for edge in _edges(networks):
        inside = edge < 1 << _BITS[version] and holds(_address(edge, version), port)
        if start is not None and not inside:
            yield Range(_address(start, version), _address(edge - 1, version))
            start = None
        elif start is None and inside:
            start = edge


def _edges(networks: Iterable[IpNetwork]) -> list[int]:
    edges = set[int]()
    for network in networks:
        edges |= {int(network.network_address), int(network.broadcast_address) + 1}
    return sorted(edges)


def _address(number: int, version: int) -> IpAddress:
    return ip_address(number.to_bytes(_BITS[version] // 8, "big"))
