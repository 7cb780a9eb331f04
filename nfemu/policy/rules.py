"""`decide`: the only place where "may this subscriber go there?" is answered (architecture, section 5).

A `PolicySet` is compiled once from groups and profiles. Decisions are made at that time and handed out; `decide`
builds none. What is compiled is only read afterwards, so it may be shared by threads.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Self

from nfemu.model.destination import Destination, IpAddress, Scheme
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import Decision, DestinationGroup, PolicyProfile
from nfemu.policy.compiled import CompiledProfile, ParsedGroup
from nfemu.policy.names import shown
from nfemu.policy.rule import Outcomes, Rule

__all__ = ["NO_BINDINGS", "Bindings", "CompiledProfile", "PolicySet", "decide", "is_bound", "refuse_twice"]

Bindings = Mapping[tuple[str, IpAddress], datetime]
"""What one subscriber was told: (normalised name, address) → wall time until which it holds."""

NO_BINDINGS: Bindings = MappingProxyType({})

_HTTP, _DNS = Scheme.HTTP, Scheme.DNS


class PolicySet:
    """All profiles of one `policies.yaml`, valid as a whole."""

    __slots__ = ("_profiles", "groups")

    def __init__(self, profiles: Mapping[PolicyName, CompiledProfile], groups: tuple[GroupName, ...] = ()) -> None:
        self._profiles = profiles
        self.groups = groups

    @classmethod
    def build(cls, groups: Sequence[DestinationGroup], profiles: Sequence[PolicyProfile]) -> Self:
        """Compile. Raises InvalidInput: a bad or over-wide pattern, a name given twice, an unknown group, the same
        pattern both trusted and not in one profile, a landing page that the profile itself does not allow.
        """
        refuse_twice("group", (group.name for group in groups))
        refuse_twice("profile", (profile.name for profile in profiles))
        parsed = {group.name: ParsedGroup.parse(group) for group in groups}
        compiled = {profile.name: CompiledProfile.compile(profile, parsed) for profile in profiles}
        return cls(compiled, tuple(parsed))

    @property
    def names(self) -> tuple[PolicyName, ...]:
        return tuple(self._profiles)

    def profile(self, name: PolicyName) -> CompiledProfile:
        """Raises NotFound."""
        try:
            return self._profiles[name]
        except KeyError:
            there = ", ".join(self._profiles) or "none"
            raise NotFound(f"policy profile {shown(name)} does not exist; there are: {there}") from None


def decide(
    profile: CompiledProfile,
    destination: Destination,
    bindings: Bindings,
    now: datetime,
    hours_at: datetime | None = None,
) -> Decision:
    """The verdict for one destination, with the rule that made it.

    `bindings` are the asking subscriber's; `now` is wall time. A destination without address is one that the asking
    point will resolve itself: its host alone decides. With scheme DNS the question is whether the name may be resolved;
    the address, the resolver's, plays no part. `hours_at` is business time in the carrier's zone, for opening hours;
    where nobody knows it, groups that have hours are closed.
    """
    rule = profile.match(destination)
    http = destination.scheme is _HTTP
    match rule:
        # 1. Nothing listed covers it: the profile's default. No profile can be written without one.
        case None:
            return profile.otherwise.http if http else profile.otherwise.other
        # 2. Listed, but outside its group's opening hours.
        case _ if (closed := _outside_hours(rule, hours_at)) is not None:
            return closed.http if http else closed.other
        # 3. A listed name at an address that was not given for it: a forged Host or SNI, or a neighbour on a CDN.
        case _ if not _address_is_bound(destination, bindings, now):
            return rule.unbound.http if http else rule.unbound.other
        # 4. Listed. Only plain HTTP can be given a header; `enriched` says so where the group is trusted.
        case _:
            return rule.enriched if http else rule.allowed


def _outside_hours(rule: Rule, at: datetime | None) -> Outcomes | None:
    """What is decided because the rule is not in force at that time; None where it is."""
    return None if rule.in_force(at) else rule.closed


def _address_is_bound(destination: Destination, bindings: Bindings, now: datetime) -> bool:
    """True where there is nothing to bind: only a name, only an address, or a DNS question."""
    host, address = destination.host, destination.address
    if address is None or host is None or destination.scheme is _DNS:
        return True
    return is_bound(bindings, host, address, now)


def is_bound(bindings: Bindings, host: str, address: IpAddress, now: datetime) -> bool:
    """Whether the subscriber was given that address for the normalised name, and may still go by it."""
    expires = bindings.get((host, address))
    return expires is not None and now < expires


def refuse_twice(kind: str, names: Iterable[str]) -> None:
    """Raises InvalidInput."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput(f"{kind} {shown(name)} is defined twice; rename or remove one")
        seen.add(name)
