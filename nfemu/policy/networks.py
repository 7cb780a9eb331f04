"""Networks in CIDR form, and the table that finds the longest prefix for an address.

One dictionary per prefix length in use: at most 33 look-ups for IPv4 and 129 for IPv6, however many networks there are.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from nfemu.model.destination import IpAddress
from nfemu.model.errors import InvalidInput
from nfemu.policy.names import canonical_address, shown
from nfemu.policy.rule import Rule, first_for_port

IpNetwork = IPv4Network | IPv6Network

_CIDR = re.compile(r"[0-9a-fA-F.:]+(/[0-9]{1,3})?")


def parse_network(text: str) -> IpNetwork:
    """A network (`198.51.100.0/24`) or one address. Raises InvalidInput: not one, or bits set behind the prefix."""
    if not _CIDR.fullmatch(text):
        raise _not_cidr(text)
    try:
        network = ip_network(text, strict=False)
        with_host_bits = ip_address(text.partition("/")[0]) != network.network_address
    except ValueError:
        raise _not_cidr(text) from None
    if with_host_bits:
        raise InvalidInput(f"network {shown(text)} has bits set behind its prefix; write {network}")
    if canonical_address(network.network_address).version != network.version:
        raise InvalidInput(f"network {shown(text)} is IPv4 in IPv6 form; write it as IPv4")
    return network


def _not_cidr(text: str) -> InvalidInput:
    return InvalidInput(
        f"network {shown(text)} is not in CIDR form; write 198.51.100.0/24, 2001:db8::/32 or one address"
    )


class NetworkTable:
    """Networks of one profile. Filled while a profile is compiled, then only read."""

    __slots__ = ("_by_prefix",)

    def __init__(self) -> None:
        self._by_prefix: dict[int, list[tuple[int, dict[int, tuple[Rule, ...]]]]] = {4: [], 6: []}

    def add(self, network: IpNetwork, rule: Rule) -> tuple[Rule, ...]:
        """Behind the rules that have the same network already; those are returned."""
        shift = network.max_prefixlen - network.prefixlen
        levels = self._by_prefix[network.version]
        level = next((known for known_shift, known in levels if known_shift == shift), None)
        if level is None:
            level = {}
            levels.append((shift, level))
            levels.sort(key=lambda item: item[0])
        key = int(network.network_address) >> shift
        earlier = level.get(key, ())
        level[key] = (*earlier, rule)
        return earlier

    def rules(self) -> Iterator[Rule]:
        """Every rule of every network."""
        for levels in self._by_prefix.values():
            for _, level in levels:
                for rules in level.values():
                    yield from rules

    def match(self, address: IpAddress, port: int) -> Rule | None:
        """The rule of the longest prefix that holds the address and whose group has the port."""
        address = canonical_address(address)
        number = int(address)
        for shift, level in self._by_prefix[address.version]:
            rules = level.get(number >> shift)
            if rules is not None and (rule := first_for_port(rules, port)) is not None:
                return rule
        return None

    def candidates(self, address: IpAddress) -> list[Rule]:
        """Every rule whose network holds the address, on whatever port, longest prefix first."""
        address = canonical_address(address)
        number = int(address)
        return [rule for shift, level in self._by_prefix[address.version] for rule in level.get(number >> shift, ())]
