"""One line of a compiled profile, with the decisions that it can lead to, made once."""

from dataclasses import dataclass, replace
from datetime import datetime

from nfemu.model.identity import GroupName
from nfemu.model.policy import Decision, DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.hours import is_open

DEFAULT_PORTS = frozenset({80, 443})
"""What a group without ports means."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What is decided where no rule allows: `http` for plain HTTP, which alone can be redirected, `other` else."""

    http: Decision
    other: Decision


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """`pattern` (a host pattern or a network, in normalised spelling) of `group` within one profile.

    `enriched` is the decision for plain HTTP, `allowed` the one for everything else; the same object unless the
    group is trusted. `unbound` answers a listed name at an address that this subscriber was not given for it,
    `closed` whatever is asked outside the group's opening hours; None: it has none.
    """

    group: DestinationGroup
    pattern: str
    ports: frozenset[int]
    allowed: Decision
    enriched: Decision
    unbound: Outcomes
    closed: Outcomes | None = None

    def in_force(self, at: datetime | None) -> bool:
        """Whether its group is open at that business time; a group with hours is not where nobody knows the time."""
        hours = self.group.hours
        return hours is None or (at is not None and is_open(hours, at))


@dataclass(frozen=True, slots=True)
class RuleFactory:
    """Makes the rules of one group within one profile; what they have in common is made once."""

    group: DestinationGroup
    prefix: str
    ports: frozenset[int]
    listed: str
    trusted: str
    unbound: Outcomes
    closed: Outcomes | None

    @classmethod
    def of(cls, profile: PolicyProfile, group: DestinationGroup) -> "RuleFactory":
        reason = f"the name is listed in group `{group.name}`, but this subscriber was not given the address for it"
        if profile.default is Verdict.ALLOW:
            reason += ": allowed, as everything is, and not enriched"
        return cls(
            group,
            f"{profile.name}/allow/{group.name}/",
            frozenset(group.ports) or DEFAULT_PORTS,
            f"listed in group `{group.name}`, which profile `{profile.name}` allows",
            f"listed in trusted group `{group.name}`, which profile `{profile.name}` allows: plain HTTP is enriched",
            outcomes(profile.default, f"{profile.name}/unbound/{group.name}", reason, group.name),
            _closed(profile, group),
        )

    def rule(self, pattern: str) -> Rule:
        group, rule_id = self.group, self.prefix + pattern
        allowed = Decision(Verdict.ALLOW, False, rule_id, self.listed, group.name)
        enriched = Decision(Verdict.ALLOW, True, rule_id, self.trusted, group.name) if group.trusted else allowed
        return Rule(group, pattern, self.ports, allowed, enriched, self.unbound, self.closed)


def _closed(profile: PolicyProfile, group: DestinationGroup) -> Outcomes | None:
    hours = group.hours
    if hours is None:
        return None
    reason = f"group `{group.name}` is closed until {hours.opens:%H:%M}; it is open from {hours}"
    if profile.default is Verdict.ALLOW:
        reason += ". Allowed, as everything is, and not enriched"
    return outcomes(profile.default, f"{profile.name}/closed/{group.name}", reason, group.name)


def outcomes(default: Verdict, rule_id: str, reason: str, group: GroupName | None = None) -> Outcomes:
    """The profile's default as decisions. Only plain HTTP can be sent elsewhere: the rest of a redirect is a reject."""
    http = Decision(default, False, rule_id, reason, group)
    return Outcomes(http, replace(http, verdict=Verdict.REJECT) if default is Verdict.REDIRECT else http)


def first_for_port(rules: tuple[Rule, ...], port: int) -> Rule | None:
    """The first of the rules that share one pattern whose group has `port`."""
    for rule in rules:
        if port in rule.ports:
            return rule
    return None
