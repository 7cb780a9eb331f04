"""What the subscribers' files are gathered into while they are checked: terms, accounts, and every identity seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Network

from nfemu.epc.catalogue import Pool
from nfemu.files.findings import nearest
from nfemu.files.source import Source, ValuePath
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import PlanName, ServiceName
from nfemu.settings.people import OpeningAccount, Terms
from nfemu.settings.register import Place, Register
from nfemu.settings.schema import AccountSection


@dataclass(slots=True)
class Gathering:
    """What is being put together, and every identity seen on the way."""

    terms: Terms
    accounts: Mapping[str, AccountSection]
    source: Source
    pool: Pool | None
    opened: list[OpeningAccount] = field(default_factory=list)
    numbers: Register = field(default_factory=Register)
    imsis: Register = field(default_factory=Register)
    ipv4: Register = field(default_factory=Register)
    ipv6: Register = field(default_factory=Register)

    def place(self, path: ValuePath) -> Place:
        return Place(*self.source.place(path))


def check_fees(
    path: ValuePath, plan: str | None, services: Sequence[str], gathered: Gathering
) -> tuple[PlanName | None, tuple[ServiceName, ...]]:
    """A card's plan and services; those that do not exist are reported."""
    prices = gathered.terms.prices
    if prices is not None and plan is not None and plan not in prices.plans:
        gathered.source.report((*path, "plan"), f"plan `{plan}` does not exist; {nearest(plan, prices.plans)}")
    for index, name in enumerate(services):
        if prices is not None and name not in prices.services:
            text = f"service `{name}` does not exist; {nearest(name, prices.services)}"
            gathered.source.report((*path, "services", index), text)
    return None if plan is None else PlanName(plan), tuple(map(ServiceName, services))


def imsi_key(digits: str) -> int:
    """IMSIs of different lengths are different, also where only leading zeros tell them apart."""
    return len(digits) * 10**15 + int(digits)


def prefix_key(prefix: IPv6Network) -> int:
    return int(prefix.network_address) >> 64


def check_ipv4(address: IPv4Address, pool: Pool | None) -> None:
    """Inside the open profile's pool, and not its network, gateway or broadcast address. Raises InvalidInput."""
    if pool is None:
        return
    network = pool.ipv4
    if network is None or address not in network:
        raise InvalidInput(f"`{address}` is not in pool `{pool.name}` ({network or 'no IPv4'}); write one from there")
    if address in {network[0], network[1], network[-1]}:
        raise InvalidInput(f"`{address}` is kept for the network itself; write one from {network[2]} to {network[-2]}")


def check_ipv6(prefix: IPv6Network, pool: Pool | None) -> None:
    """Inside the open profile's pool, and not its first /64, the gateway's. Raises InvalidInput."""
    if pool is None:
        return
    network = pool.ipv6
    if network is None or not prefix.subnet_of(network):
        raise InvalidInput(f"`{prefix}` is not in pool `{pool.name}` ({network or 'no IPv6'}); write one from there")
    if prefix.network_address == network.network_address:
        raise InvalidInput(f"`{prefix}` is the gateway's own; write another /64 of {network}")
