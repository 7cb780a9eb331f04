"""Virtual addresses: every emulated name has one IPv4 and one IPv6 address of its own, for good."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Protocol

IPV4_RANGE = IPv4Network("198.18.0.0/15")
"""RFC 2544: for benchmarks, routed nowhere."""
IPV6_RANGE = IPv6Network("2001:2::/48")
"""RFC 5180."""
_FIRST = 16
"""The first addresses stay free for the emulator's own use."""
_CAPACITY = IPV4_RANGE.num_addresses - _FIRST - 1


class NameIndex(Protocol):
    """Durable numbers for names: 0, 1, 2 … in the order in which names were first asked for."""

    async def name_index(self, name: str) -> int: ...


class VirtualAddresses:
    """`shared` groups of names have one address together, as behind a CDN; names are lower-case A-labels."""

    def __init__(self, index: NameIndex, shared: Sequence[Sequence[str]] = ()) -> None:
        self._index = index
        self._leader = {name: group[0] for group in shared for name in group}

    async def resolve(self, name: str) -> tuple[IPv4Address, IPv6Address]:
        """The two addresses of `name`. Past 131,000 names, IPv4 addresses are shared."""
        number = await self._index.name_index(self._leader.get(name, name))
        return IPV4_RANGE[_FIRST + number % _CAPACITY], IPV6_RANGE[_FIRST + number]
