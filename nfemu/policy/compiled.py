"""Groups and profiles, read and compiled: what `decide` looks things up in.

Whatever has no clear meaning is refused here, with the group or profile named; nothing is silently dropped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import UNLIMITED, DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.policy.landing import landing_destination
from nfemu.policy.names import shown
from nfemu.policy.networks import IpNetwork, NetworkTable, parse_network
from nfemu.policy.patterns import HostPattern, HostTable, PatternKind
from nfemu.policy.rule import Outcomes, Rule, RuleFactory, outcomes

_DNS, _TCP = Scheme.DNS, Transport.TCP
"""Looking a member up in its enum class costs as much as a step down the tree of labels."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DEFAULT_REASON = {
    Verdict.ALLOW: "profile `{}` allows whatever it does not list",
    Verdict.REDIRECT: "not listed in profile `{}`: plain HTTP is redirected, all else is refused",
    Verdict.REJECT: "not listed in profile `{}`: refused",
}


@dataclass(frozen=True, slots=True)
class ParsedGroup:
    """A group whose patterns and networks have been read once, for all profiles. Those given twice are there once."""

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
            hosts = tuple(dict.fromkeys(HostPattern.parse(text) for text in group.hosts))
            return cls(group, hosts, tuple(dict.fromkeys(parse_network(text) for text in group.networks)))
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
    """For what nothing lists."""
    limits: Limits = UNLIMITED
    essential: frozenset[GroupName] = frozenset()
    """Groups that a line reaches past its daily cap."""
    trusted_names: dict[str, frozenset[int]] = field(default_factory=dict)
    """Ports by name, of the trusted patterns that hold for one name that can be written out."""

    @classmethod
    def compile(cls, profile: PolicyProfile, groups: Mapping[GroupName, ParsedGroup]) -> Self:
        """Raises InvalidInput that names the profile: unknown group, contradiction, landing page not allowed."""
        try:
            check_name(profile.name)
            reason = _DEFAULT_REASON[profile.default].format(profile.name)
            otherwise = outcomes(profile.default, f"{profile.name}/default", reason)
            essential = frozenset(profile.essential)
            tables = HostTable(), NetworkTable()
            compiled = cls(
                profile.name, profile.default, profile.redirect_to, *tables, otherwise, profile.limits, essential
            )
            for name in dict.fromkeys(profile.allow):
                compiled._add(_known(groups, name), profile)
            compiled._check_essential(profile)
            compiled._check_landing()
        except InvalidInput as error:
            raise InvalidInput(f"profile {shown(profile.name)}: {error}") from None
        return compiled

    @property
    def restricted(self) -> bool:
        """Whether what is not listed is refused."""
        return self.default is not Verdict.ALLOW

    def match(self, destination: Destination) -> Rule | None:
        """The rule of the longest match. Groups speak of TCP: QUIC and all other UDP go by the default.

        A known name excludes the networks, else any other site at a listed address would pass. A DNS question
        is about the name on whatever port.
        """
        host = destination.host
        if destination.scheme is _DNS:
            return next(iter(self.hosts.candidates(host)), None) if host is not None else None
        if destination.transport is not _TCP:
            return None
        if host is not None:
            return self.hosts.match(host, destination.port)
        if destination.address is not None:
            return self.networks.match(destination.address, destination.port)
        return None

    def names_trusted_on(self, port: int) -> list[str]:
        """An address is as trusted as a name that has it."""
        return [name for name, ports in self.trusted_names.items() if port in ports]

    def _add(self, parsed: ParsedGroup, profile: PolicyProfile) -> None:
        factory = RuleFactory.of(profile, parsed.group)
        for pattern in parsed.hosts:
            rule = factory.rule(str(pattern))
            _refuse_clash(self.hosts.add(pattern, rule), rule)
            if parsed.group.trusted and pattern.kind is not PatternKind.SINGLE:
                self.trusted_names[pattern.name] = self.trusted_names.get(pattern.name, frozenset()) | rule.ports
        for network in parsed.networks:
            rule = factory.rule(str(network))
            _refuse_clash(self.networks.add(network, rule), rule)

    def _check_essential(self, profile: PolicyProfile) -> None:
        for name in profile.essential:
            if name not in profile.allow:
                raise InvalidInput(
                    f"`essential` names group {shown(name)}, which is not under `allow`; add it there too"
                )

    def _check_landing(self) -> None:
        if self.default is not Verdict.REDIRECT:
            if self.redirect_to is not None:
                raise InvalidInput("`redirect_to` has no effect; set `default: redirect` or leave it out")
            return
        if self.redirect_to is None:
            raise InvalidInput("`default: redirect` needs `redirect_to`, an http:// URL that the profile allows")
        landing = landing_destination(self.redirect_to)
        found = self.match(landing)
        if found is not None and found.group.hours is not None:
            raise InvalidInput(
                f"redirect target {shown(self.redirect_to)} is in group `{found.group.name}`, which has opening hours: "
                "outside them nobody could be told when it opens; put the page into a group without"
            )
        if found is not None and self.limits.daily_cap and found.group.name not in self.essential:
            raise InvalidInput(
                f"redirect target {shown(self.redirect_to)} is in group `{found.group.name}`, which a line cannot "
                "reach past its `daily_cap`; list the group under `essential`, so that it can always be paid"
            )
        if found is None:
            raise InvalidInput(
                f"redirect target {shown(self.redirect_to)} is not allowed by the profile itself, port {landing.port}; "
                "add its group to `allow`, or the host or port to a group that is there"
            )


def check_name(name: str) -> None:
    """Names become parts of rule ids. Raises InvalidInput."""
    if not _NAME.fullmatch(name):
        raise InvalidInput("its name is not letters, digits, `_`, `-` and `.`, at most 64, starting with no sign")


def check_port(port: int) -> None:
    """Raises InvalidInput."""
    if not 0 < port < 65536:
        raise InvalidInput(f"port `{port}` is out of range; give 1 to 65535")


def _known(groups: Mapping[GroupName, ParsedGroup], name: GroupName) -> ParsedGroup:
    try:
        return groups[name]
    except KeyError:
        there = ", ".join(groups) or "none"
        raise InvalidInput(f"`allow` names group {shown(name)}, which does not exist; there are: {there}") from None


def _refuse_clash(earlier: tuple[Rule, ...], rule: Rule) -> None:
    """One pattern, one port, two answers about trust or time: nobody could say which holds. Raises InvalidInput."""
    for other in earlier:
        if not other.ports & rule.ports:
            continue
        if other.group.hours != rule.group.hours:
            raise InvalidInput(
                f"`{rule.pattern}` is in groups `{other.group.name}` and `{rule.group.name}`, which have different "
                "opening hours; leave it in one of them"
            )
        if other.group.trusted is not rule.group.trusted:
            trusted, plain = (rule, other) if rule.group.trusted else (other, rule)
            raise InvalidInput(
                f"`{rule.pattern}` is in group `{trusted.group.name}`, which is trusted, and in group "
                f"`{plain.group.name}`, which is not; leave it in one of them"
            )
