"""`explain`: the decision of `decide`, with every rule that was considered and why it did or did not decide."""

from dataclasses import dataclass
from datetime import datetime

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import Decision, Verdict
from nfemu.policy.rule import Rule
from nfemu.policy.rules import Bindings, CompiledProfile, PolicySet, decide

_WORDS = {
    Verdict.ALLOW: "allowed",
    Verdict.REDIRECT: "redirected to {}",
    Verdict.REJECT: "refused",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule whose pattern or network covers the destination; `decided` for at most one of them."""

    group: GroupName
    pattern: str
    decided: bool
    remark: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`candidates` in the order in which they were considered, longest first."""

    profile: PolicyName
    destination: Destination
    decision: Decision
    verdict: str
    """In words: `allowed, enriched`, `redirected to http://…`, `refused`."""
    candidates: tuple[Candidate, ...]

    def lines(self) -> list[str]:
        """For people: the verdict, the rule with its reason, the rules considered."""
        considered = [
            f"considered `{one.pattern}` of group `{one.group}`: {one.remark}" for one in self.candidates
        ] or ["considered: no pattern or network of this profile covers it"]
        return [
            f"{describe(self.destination)} under profile `{self.profile}`: {self.verdict}",
            f"rule {self.decision.rule}: {self.decision.reason}",
            *considered,
        ]


def explain(
    policies: PolicySet,
    name: PolicyName,
    destination: Destination,
    bindings: Bindings,
    now: datetime,
    hours_at: datetime | None = None,
) -> Explanation:
    """Why `decide` answers as it does. Arguments as there; `name` is a policy profile. Raises NotFound."""
    profile = policies.profile(name)
    decision = decide(profile, destination, bindings, now, hours_at)
    verdict = _WORDS[decision.verdict].format(profile.redirect_to) + (", enriched" if decision.enrich else "")
    return Explanation(name, destination, decision, verdict, _candidates(profile, destination, decision))


def describe(destination: Destination) -> str:
    """The destination as one would type it: `https://news.example:443 at 198.18.0.7`, `udp 192.0.2.1:53`."""
    host, address = destination.host, destination.address
    literal = f"[{address}]" if address is not None and address.version == 6 else str(address)
    place = f"{host if host is not None else literal}:{destination.port}"
    if host is not None and address is not None:
        place += f" at {address}"
    if destination.scheme is Scheme.RAW:
        return f"{destination.transport.value} {place}"
    return f"{destination.scheme.value}://{place}"


def _candidates(profile: CompiledProfile, destination: Destination, decision: Decision) -> tuple[Candidate, ...]:
    found = []
    deciding: Rule | None = None
    for rule in _covering(profile, destination):
        remark = _unfit(rule, destination)
        if remark is None and deciding is not None:
            remark = f"a longer match, `{deciding.pattern}`, comes first"
        elif remark is None:
            deciding = rule
            remark = _deciding(rule, destination, decision)
        found.append(Candidate(rule.group.name, rule.pattern, deciding is rule, remark))
    return tuple(found)


def _covering(profile: CompiledProfile, destination: Destination) -> list[Rule]:
    if destination.host is not None:
        return profile.hosts.candidates(destination.host)
    if destination.address is not None:
        return profile.networks.candidates(destination.address)
    return []


def _unfit(rule: Rule, destination: Destination) -> str | None:
    """Why the rule does not apply although its pattern covers the destination."""
    if destination.scheme is Scheme.DNS:
        return None if destination.host is not None else "a network is no answer to a DNS question"
    if destination.transport is not Transport.TCP:
        return f"groups speak of TCP, not {destination.transport.name}"
    if destination.port not in rule.ports:
        return f"its ports are {', '.join(map(str, sorted(rule.ports)))}, not {destination.port}"
    return None


def _deciding(rule: Rule, destination: Destination, decision: Decision) -> str:
    if rule.closed is not None and decision in (rule.closed.http, rule.closed.other):
        return f"the longest match, but its group is open from {rule.group.hours}"
    if decision is not rule.allowed and decision is not rule.enriched:
        return f"the longest match, but {destination.address} was not given to this subscriber for this name"
    return "the longest match: it decides"
