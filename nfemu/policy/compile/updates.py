"""What changes while the rules stay: lines, what was resolved for them, and who is trusted. Each is one transaction.

No change of a line needs more to end its flows: the filter judges every packet by the mark that its line has now.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Network
from math import ceil

from nfemu.model.destination import IpAddress
from nfemu.model.identity import PolicyName
from nfemu.policy.compile.families import FAMILIES, family_of
from nfemu.policy.compile.marks import mark_of
from nfemu.policy.compile.ports import http_ports
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import Batch, Clear, Key, Put, Remove
from nfemu.policy.rules import Bindings, PolicySet


@dataclass(frozen=True, slots=True)
class LineAddresses:
    """What a line was given: an address, a prefix of 64 bits, or both."""

    ipv4: IPv4Address | None
    ipv6: IPv6Network | None

    def sources(self) -> Iterator[IpAddress]:
        if self.ipv4 is not None:
            yield self.ipv4
        if self.ipv6 is not None:
            yield self.ipv6.network_address


@dataclass(frozen=True, slots=True)
class SteeredLine:
    """A line as the table has it. `policy` None: it has none, everything is refused."""

    addresses: LineAddresses
    policy: PolicyName | None


def change_line(before: SteeredLine | None, after: SteeredLine | None) -> Batch:
    """Attached, detached, flipped, or given another address. `before` is what the table has of the line (None: not
    there): where it is not so, the batch fails and changes nothing, and `every_line` is the way back.
    """
    old, new = _marks(before), _marks(after)
    removed = (Remove(*where) for where, mark in old.items() if new.get(where) != mark)
    return (*removed, *(Put(*where, mark) for where, mark in new.items() if old.get(where) != mark))


def every_line(lines: Iterable[SteeredLine]) -> Batch:
    """These lines and no others, whatever the table has: at start, and where a batch has failed."""
    cleared = (Clear(family.policies) for family in FAMILIES)
    put = [Put(*where, mark) for line in lines for where, mark in _marks(line).items()]
    return (*cleared, *sorted(put, key=lambda one: one.name))


def plug(interface: str, addresses: LineAddresses) -> Batch:
    """From now on these sources may send from that interface (the core's side), and no others."""
    return tuple(Put(family_of(key).lines, (interface, key)) for key in addresses.sources())


def unplug(interface: str, addresses: LineAddresses) -> Batch:
    """What `plug` did."""
    return tuple(Remove(family_of(key).lines, (interface, key)) for key in addresses.sources())


def cap(addresses: LineAddresses, policy: PolicyName) -> Batch:
    """The line has used its daily cap under that profile."""
    return tuple(Put(family_of(key).capped, (mark_of(policy), key)) for key in addresses.sources())


def uncap(addresses: LineAddresses, policy: PolicyName) -> Batch:
    """It may go on, whether it was capped or not."""
    there = cap(addresses, policy)
    return (*there, *(Remove(family_of(key).capped, (mark_of(policy), key)) for key in addresses.sources()))


def bind(addresses: LineAddresses, target: IpAddress, bindings: Bindings, now: datetime) -> Batch:
    """The address was given to the line for an allowed name: HTTP to it goes to the engine, as long as any of the
    line's `bindings` (all of them, the new one included) holds for it.
    """
    until = max((until for (_, address), until in bindings.items() if address == target), default=now)
    seconds = ceil((until - now).total_seconds())
    family = family_of(target)
    keys: list[Key] = [(key, target) for key in addresses.sources() if key.version == target.version]
    return _renewed(family.bound, keys, seconds) if seconds > 0 else ()


def trust(policies: PolicySet, plan: SteeringPlan, name: str, target: IpAddress, seconds: int | None) -> Batch:
    """The name leads to that address: HTTP to it goes through the engine on every line if any profile trusts the name.

    Empty if none does. `seconds` None: for good, as for addresses of the emulated Internet. Else it is how long the
    longest lasts of all trusted names that lead there.
    """
    keys: list[Key] = [(target, port) for port in trusted_ports(policies, plan, name)]
    return _renewed(family_of(target).trusted, keys, seconds)


def trusted_ports(policies: PolicySet, plan: SteeringPlan, name: str) -> list[int]:
    """Ports on which any profile trusts the name with HTTP."""
    rules = (rule for profile in policies.names for rule in policies.profile(profile).hosts.candidates(name))
    listed = {port for rule in rules if rule.group.trusted for port in rule.ports}
    return [port for port in http_ports(policies, plan) if port in listed]


def lead(target: IpAddress, ports: Iterable[int], seconds: int | None) -> Batch:
    """A name leads to that address that a restricted line may reach on these ports, see `named_ports`: what goes there
    is judged by name, on open lines TLS alone. `seconds` as for `trust`.
    """
    return _renewed(family_of(target).named, [(target, port) for port in ports], seconds)


def named_ports(policies: PolicySet, plan: SteeringPlan, name: str) -> list[int]:
    """Ports on which a restricted line may reach the name, under any profile."""
    profiles = (policies.profile(each) for each in policies.names)
    listed = {port for one in profiles if one.restricted for rule in one.hosts.candidates(name) for port in rule.ports}
    return sorted(listed & {*http_ports(policies, plan), *plan.tls_ports})


def _renewed(name: str, keys: list[Key], seconds: int | None) -> Batch:
    """With the time given, whether they are there already or not: adding alone leaves the old time, removing alone
    fails where there is none.
    """
    put = tuple(Put(name, key, seconds=seconds) for key in keys)
    return (*put, *(Remove(name, key) for key in keys), *put)


def _marks(line: SteeredLine | None) -> dict[tuple[str, Key], int]:
    if line is None or line.policy is None:
        return {}
    mark = mark_of(line.policy)
    return {(family_of(key).policies, (key,)): mark for key in line.addresses.sources()}
