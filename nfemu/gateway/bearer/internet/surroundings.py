"""What the host's network is like at the moment, as far as lines are concerned. Nothing is sent to find out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

from nfemu.gateway.addresses import is_public, sent_from
from nfemu.policy.networks import IpNetwork

_SOMEWHERE = (IPv4Address("1.0.0.0"), IPv6Address("2600::"))
"""Public addresses; a route to one is taken for a way to all."""
_LOCAL4 = re.compile(r"\|-- ([0-9.]+)\n(?:\s+/\d+ \w+ \w+\n)*?\s+/32 host LOCAL")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`families` that the machine has a way out for. `own`: public addresses that are its own or its lines'."""

    families: frozenset[int]
    own: frozenset[IpNetwork]


def look_around(lines: Iterable[IpNetwork], proc: Path = Path("/proc/net")) -> Surroundings:
    """`lines`: what the carrier gives addresses from."""
    families = (address.version for address in _SOMEWHERE if sent_from(address) is not None)
    own = (network for network in (*_own4(proc), *_own6(proc), *lines) if is_public(network.network_address))
    return Surroundings(frozenset(families), frozenset(own))


def _own4(proc: Path) -> Iterator[IPv4Network]:
    for address in _LOCAL4.findall(_text(proc / "fib_trie")):
        yield IPv4Network(address)


def _own6(proc: Path) -> Iterator[IPv6Network]:
    for line in _text(proc / "if_inet6").splitlines():
        yield IPv6Network(bytes.fromhex(line.split()[0]))


def _text(file: Path) -> str:
    """Empty where the kernel has no such family."""
    try:
        return file.read_text()
    except OSError:
        return ""
