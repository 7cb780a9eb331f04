"""`decide`: the only place where "may this subscriber go there?" is answered (architecture, section 5).

A `PolicySet` is compiled once from groups and profiles and refuses what has no clear meaning. Decisions are made
at that time and handed out; `decide` builds none. What is compiled is only read, so it may be shared by threads.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Self

from nfemu.model.destination import Destination, IpAddress, Scheme, Transport
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import Decision, DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.landing import landing_destination
from nfemu.policy.names import shown
from nfemu.policy.networks import IpNetwork, NetworkTable, parse_network
from nfemu.policy.patterns import HostPattern, HostTable
from nfemu.policy.rule import Outcomes, Rule, RuleFactory, outcomes

Bindings = Mapping[tuple[str, IpAddress], datetime]
"""What one subscriber was told: (normalised name, address) → wall time until which it holds."""

NO_BINDINGS: Bindings = MappingProxyType({})

_HTTP, _DNS, _TCP = Scheme.HTTP, Scheme.DNS, Transport.TCP
"""Looking a member up in its enum class costs as much as a step down the tree."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DEFAULT_REASON = {
    Verdict.ALLOW: "profile `{}` allows whatever it does not list",
    Verdict.REDIRECT: "not listed in profile `{}`: plain HTTP is sent to the landing page, all else is refused",
    Verdict.REJECT: "not listed in profile `{}`: refused",
}


@dataclass(frozen=True, slots=True)
class ParsedGroup:
    """A group whose patterns and networks have been read once, for all profiles."""

    group: DestinationGroup
    hosts: tuple[HostPattern, ...]
    networks: tuple[IpNetwork, ...]

    @classmethod
    def parse(cls, group: DestinationGroup) -> Self:
        """Raises InvalidInput that names the group."""
        try:
            check_name(group.name)
            for port in group.ports:
                check_port(port)
            hosts = tuple(HostPattern.parse(text) for text in group.hosts)
            return cls(group, hosts, tuple(parse_network(text) for text in group.networks))
        except InvalidInput as error:
            raise InvalidInput(f"group {shown(group.name)}: {error}") from None


@dataclass(frozen=True, slots=True, eq=False)
class CompiledProfile:
    """One profile, ready for `decide`. `redirect_to` is set exactly when `default` is REDIRECT."""

    name: PolicyName
    default: Verdict
    redirect_to: str | None
    hosts: HostTable
    networks: NetworkTable
    otherwise: Outcomes

    @classmethod
    def compile(cls, profile: PolicyProfile, groups: Mapping[GroupName, ParsedGroup]) -> Self:
        """Raises InvalidInput that names the profile: unknown group, contradiction, landing page not allowed."""
        try:
            check_name(profile.name)
            compiled = cls(
                profile.name,
                profile.default,
                profile.redirect_to,
                HostTable(),
                NetworkTable(),
                outcomes(
                    profile.default, f"{profile.name}/default", _DEFAULT_REASON[profile.default].format(profile.name)
                ),
            )
            for name in dict.fromkeys(profile.allow):
                compiled._add(_known(groups, name), profile)
            compiled._check_landing()
        except InvalidInput as error:
            raise InvalidInput(f"profile {shown(profile.name)}: {error}") from None
        return compiled

    def _add(self, parsed: ParsedGroup, profile: PolicyProfile) -> None:
        factory = RuleFactory.of(profile, parsed.group)
        for pattern in dict.fromkeys(parsed.hosts):
            rule = factory.rule(str(pattern))
            _refuse_clash(self.hosts.add(pattern, rule), rule)
        for network in dict.fromkeys(parsed.networks):
            rule = factory.rule(str(network))
            _refuse_clash(self.networks.add(network, rule), rule)

    def _check_landing(self) -> None:
        if self.default is not Verdict.REDIRECT:
            if self.redirect_to is not None:
                raise InvalidInput("`redirect_to` has no effect; set `default: redirect` or leave it out")
            return
        if self.redirect_to is None:
            raise InvalidInput("`default: redirect` needs `redirect_to`, an http:// URL that the profile allows")
        landing = landing_destination(self.redirect_to)
        if _rule_for(self, landing) is None:
            raise InvalidInput(
                f"redirect target {shown(self.redirect_to)} is not allowed by the profile itself, port {landing.port}; "
                "add its group to `allow`, or the host or port to a group that is there"
            )


class PolicySet:
    """All profiles of one `policies.yaml`, valid as a whole."""

    __slots__ = ("_profiles",)

    def __init__(self, profiles: Mapping[PolicyName, CompiledProfile]) -> None:
        self._profiles = profiles

    @classmethod
    def build(cls, groups: Sequence[DestinationGroup], profiles: Sequence[PolicyProfile]) -> Self:
        """Compile. Raises InvalidInput: a bad or over-wide pattern, a name given twice, an unknown group, the same
        pattern both trusted and not in one profile, a landing page that the profile itself does not allow.
        """
        refuse_twice("group", (group.name for group in groups))
        refuse_twice("profile", (profile.name for profile in profiles))
        parsed = {group.name: ParsedGroup.parse(group) for group in groups}
        return cls({profile.name: CompiledProfile.compile(profile, parsed) for profile in profiles})

    @property
    def names(self) -> tuple[PolicyName, ...]:
        return tuple(self._profiles)

    def profile(self, name: PolicyName) -> CompiledProfile:
        """Raises NotFound."""
        try:
            return self._profiles[name]
        except KeyError:
            known = ", ".join(self._profiles)
            raise NotFound(f"policy profile {shown(name)} does not exist; there are: {known}") from None


def decide(profile: CompiledProfile, destination: Destination, bindings: Bindings, now: datetime) -> Decision:
    """The verdict for one destination, with the rule that made it.

    `bindings` are the asking subscriber's; `now` is wall time. A destination without address is one that the asking
    point will resolve itself: its host alone decides. With scheme DNS the question is whether the name may be resolved;
    the address, the resolver's, plays no part.
    """
    rule = _rule_for(profile, destination)
    http = destination.scheme is _HTTP
    match rule:
        # 1. Nothing listed covers it: the profile's default. No profile can be written without one.
        case None:
            return profile.otherwise.http if http else profile.otherwise.other
        # 2. A listed name at an address that was not given for it: a forged Host or SNI, or a neighbour on a CDN.
        case _ if not _address_is_bound(destination, bindings, now):
            return rule.unbound.http if http else rule.unbound.other
        # 3. Listed. Only plain HTTP can be given a header; `enriched` says so where the group is trusted.
        case _:
            return rule.enriched if http else rule.allowed


def _rule_for(profile: CompiledProfile, destination: Destination) -> Rule | None:
    """The longest match. Groups speak of TCP: QUIC and all other UDP go by the default. A known name excludes the
    networks, else another site at a listed address would pass.
    """
    host = destination.host
    if destination.scheme is _DNS:
        return next(iter(profile.hosts.candidates(host)), None) if host is not None else None
    if destination.transport is not _TCP:
        return None
    if host is not None:
        return profile.hosts.match(host, destination.port)
    if destination.address is not None:
        return profile.networks.match(destination.address, destination.port)
    return None


def _address_is_bound(destination: Destination, bindings: Bindings, now: datetime) -> bool:
    """True where there is nothing to bind: only a name, only an address, or a DNS question."""
    host, address = destination.host, destination.address
    if address is None or host is None or destination.scheme is _DNS:
        return True
    expires = bindings.get((host, address))
    return expires is not None and now < expires


def check_name(name: str) -> None:
    """Names become parts of rule ids. Raises InvalidInput."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "its name may have letters, digits, `_`, `-` and `.`, at most 64, the first a letter or digit"
        )


def check_port(port: int) -> None:
    """Raises InvalidInput."""
    if not 0 < port < 65536:
        raise InvalidInput(f"port `{port}` is out of range; give 1 to 65535")


def refuse_twice(kind: str, names: Iterable[str]) -> None:
    """Raises InvalidInput."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput(f"{kind} {shown(name)} is defined twice; rename or remove one")
        seen.add(name)


def _known(groups: Mapping[GroupName, ParsedGroup], name: GroupName) -> ParsedGroup:
    try:
        return groups[name]
    except KeyError:
        raise InvalidInput(
            f"`allow` names group {shown(name)}, which does not exist; there are: {', '.join(groups)}"
        ) from None


def _refuse_clash(earlier: tuple[Rule, ...], rule: Rule) -> None:
    """One pattern, one port, two answers about trust: nobody could say which holds. Raises InvalidInput."""
    for other in earlier:
        if other.ports & rule.ports and other.group.trusted is not rule.group.trusted:
            trusted, plain = (rule, other) if rule.group.trusted else (other, rule)
            raise InvalidInput(
                f"`{rule.pattern}` is in group `{trusted.group.name}`, which is trusted, and in group "
                f"`{plain.group.name}`, which is not; leave it in one of them"
            )
