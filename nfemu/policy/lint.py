"""`lint`: what is wrong in a policy, and what is valid but hardly meant.

Errors are what `PolicySet.build` refuses: all of them, not only the first. Warnings name what will surprise somebody,
notes what could be left out. Each check is one function below.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ParamSpec, TypeVar

from nfemu.model.destination import Destination
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.compiled import CompiledProfile, ParsedGroup, check_name, check_port
from nfemu.policy.landing import landing_destination
from nfemu.policy.networks import IpNetwork, parse_network
from nfemu.policy.patterns import HostPattern, PatternKind
from nfemu.policy.public_suffix import is_registrable
from nfemu.policy.rule import DEFAULT_PORTS, Rule
from nfemu.policy.rules import refuse_twice

P = ParamSpec("P")
T = TypeVar("T")

_WIDE_PREFIX = {4: 16, 6: 32}
"""Shorter prefixes than these are more than one site's addresses."""

_LEAST_TO_PAY = 8_000
"""Bits per second: a page of 18 KiB in as many seconds."""


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """`where` is a path into `policies.yaml`, such as `groups.payment.hosts[2]` or `profiles.arrears`."""

    severity: Severity
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.severity.value}: {self.where}: {self.text}"


@dataclass(frozen=True, slots=True)
class PaymentPath:
    """Host names of the portal, and of the payment provider to which it leads on; none: it is not known where people
    pay, as with a portal team's own server."""

    portal: str
    provider: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Policy:
    """`sources` are all profiles as written, `profiles` the valid ones of them with what they compile to."""

    groups: Mapping[GroupName, ParsedGroup]
    sources: Sequence[PolicyProfile]
    profiles: Sequence[tuple[PolicyProfile, CompiledProfile]]
    path: PaymentPath | None

    def allowing(self, group: GroupName) -> list[CompiledProfile]:
        return [compiled for source, compiled in self.profiles if group in source.allow]


def lint(
    groups: Sequence[DestinationGroup], profiles: Sequence[PolicyProfile], path: PaymentPath | None = None
) -> list[Finding]:
    """Every finding, errors first. Valid parts are looked at even where others are not.

    `path` None: nothing is known of the portal.
    """
    errors: list[Finding] = []
    _attempt(errors, "groups", refuse_twice, "group", [group.name for group in groups])
    _attempt(errors, "profiles", refuse_twice, "profile", [profile.name for profile in profiles])
    parsed = {group.name: _parse(group, errors) for group in groups}
    compiled = []
    for profile in profiles:
        done = _attempt(errors, f"profiles.{profile.name}", CompiledProfile.compile, profile, parsed)
        compiled += [(profile, done)] if done is not None else []
    policy = _Policy(parsed, profiles, compiled, path)
    found = [finding for check in _CHECKS for finding in check(policy)]
    return errors + sorted(found, key=lambda finding: finding.severity is not Severity.WARNING)


def _parse(group: DestinationGroup, errors: list[Finding]) -> ParsedGroup:
    """The group with what of it is valid."""
    where = f"groups.{group.name}"
    _attempt(errors, where, check_name, group.name)
    for index, port in enumerate(group.ports):
        _attempt(errors, f"{where}.ports[{index}]", check_port, port)
    hosts = _valid(errors, f"{where}.hosts", HostPattern.parse, group.hosts)
    return ParsedGroup(group, hosts, _valid(errors, f"{where}.networks", parse_network, group.networks))


def _valid(errors: list[Finding], where: str, parse: Callable[[str], T], texts: Sequence[str]) -> tuple[T, ...]:
    """What can be read, each once."""
    read = [_attempt(errors, f"{where}[{index}]", parse, text) for index, text in enumerate(texts)]
    return tuple(dict.fromkeys(entry for entry in read if entry is not None))


def _attempt(errors: list[Finding], where: str, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    try:
        return step(*args, **kwargs)
    except InvalidInput as error:
        errors.append(Finding(Severity.ERROR, where, str(error)))
        return None


def _without_purpose(policy: _Policy) -> Iterator[Finding]:
    """Groups that nobody allows or that hold nothing; groups listed where everything is allowed anyhow."""
    for name, parsed in policy.groups.items():
        if not any(name in source.allow for source in policy.sources):
            yield Finding(Severity.NOTE, f"groups.{name}", "no profile allows this group; name it in one, or remove it")
        if not parsed.group.hosts and not parsed.group.networks:
            yield Finding(Severity.WARNING, f"groups.{name}", "it has neither hosts nor networks, so it allows nothing")
        for profile in policy.allowing(name):
            if profile.default is Verdict.ALLOW and not parsed.group.trusted:
                text = f"group `{name}` has no effect here: all is allowed, and the group is not trusted"
                yield Finding(Severity.NOTE, f"profiles.{profile.name}.allow", text)


def _over_wide(policy: _Policy) -> Iterator[Finding]:
    """G6: the list of what a restricted line reaches is exact."""
    for name, parsed in policy.groups.items():
        severity = Severity.WARNING if parsed.group.trusted else Severity.NOTE
        told = ", and each is told who the subscriber is" if parsed.group.trusted else ""
        for pattern in parsed.hosts:
            if pattern.kind is not PatternKind.EXACT and is_registrable(pattern.name):
                text = f"`{pattern}` covers every host of `{pattern.name}`{told}; list the hosts that are needed"
                yield Finding(severity, f"groups.{name}.hosts", text)
        for network in parsed.networks:
            if network.prefixlen < _WIDE_PREFIX[network.version]:
                text = f"`{network}` covers {network.num_addresses} addresses{told}; list the networks that are needed"
                yield Finding(Severity.WARNING, f"groups.{name}.networks", text)


def _shadowed(policy: _Policy) -> Iterator[Finding]:
    """A pattern without which every decision would be the same, its rule id aside, in all profiles that have it."""
    for name, parsed in policy.groups.items():
        profiles = policy.allowing(name)
        for entry in (*parsed.hosts, *parsed.networks):
            shadows = [_shadow(_covering(profile, entry), name, str(entry)) for profile in profiles]
            if shadows and None not in shadows:
                shadow = next(filter(None, shadows))
                text = f"`{entry}` changes nothing beside `{shadow.pattern}` of group `{shadow.group.name}`; remove one"
                yield Finding(Severity.NOTE, f"groups.{name}", text)


def _covering(profile: CompiledProfile, entry: HostPattern | IpNetwork) -> list[Rule]:
    """The rules that cover all of `entry`, and those that are longer."""
    if not isinstance(entry, HostPattern):
        return profile.networks.candidates(entry.network_address)
    if entry.kind is PatternKind.SINGLE:
        return profile.hosts.candidates(f"*.{entry.name}")
    found = profile.hosts.candidates(entry.name)
    if entry.kind is PatternKind.SUFFIX:
        return [rule for rule in found if rule.pattern.startswith(".")]
    return found


def _shadow(rules: list[Rule], group: GroupName, pattern: str) -> Rule | None:
    """The rule that would decide just so without that of `group` with `pattern`, which is among `rules`."""
    place = next(i for i, rule in enumerate(rules) if rule.group.name == group and rule.pattern == pattern)
    own = rules[place]
    same = [rule for rule in rules[:place] if rule.pattern == pattern]
    shorter = [rule for rule in rules[place:] if rule.pattern != pattern]
    nearest = [rule for rule in shorter if rule.pattern == shorter[0].pattern]
    for rule in same + nearest:
        same_time = rule.group.hours == own.group.hours
        if rule.ports >= own.ports and rule.group.trusted is own.group.trusted and same_time:
            return rule
    return None


def _trust(policy: _Policy) -> Iterator[Finding]:
    """Destinations that learn the number under one profile and not under another."""
    for name, parsed in policy.groups.items():
        if not parsed.group.trusted:
            continue
        if set(parsed.group.ports) == {443}:
            text = "trusted on port 443 only, where nothing can be inserted; add a plain HTTP port"
            yield Finding(Severity.WARNING, f"groups.{name}.ports", text)
        for user in policy.allowing(name)[:1]:
            for _, profile in policy.profiles:
                yield from _trust_differs(parsed, user, profile)


def _trust_differs(parsed: ParsedGroup, user: CompiledProfile, profile: CompiledProfile) -> Iterator[Finding]:
    """`user` allows the trusted group; does `profile` tell the same destinations less?"""
    where = f"profiles.{profile.name}.allow"
    for entry in (*parsed.hosts, *parsed.networks):
        for port in sorted(set(parsed.group.ports or DEFAULT_PORTS) - {443}):
            sample = _sample(entry, port)
            rule = profile.match(sample)
            text = f"`{entry}`, port {port}, learns the number under `{user.name}`, but not under `{profile.name}`: "
            if rule is None and profile.default is Verdict.ALLOW:
                yield Finding(Severity.WARNING, where, f"{text}add group `{parsed.group.name}`")
            elif rule is not None and not rule.group.trusted and _is_trusted(user.match(sample)):
                text += f"there it is in group `{rule.group.name}`, which is not trusted"
                yield Finding(Severity.WARNING, where, text)


def _is_trusted(rule: Rule | None) -> bool:
    return rule is not None and rule.group.trusted


def _sample(entry: HostPattern | IpNetwork, port: int) -> Destination:
    """One destination that `entry` covers and no longer host pattern does: no name has a label `*`."""
    if not isinstance(entry, HostPattern):
        return Destination(None, entry.network_address, port)
    prefix = {PatternKind.EXACT: "", PatternKind.SINGLE: "*.", PatternKind.SUFFIX: "*.*."}[entry.kind]
    return Destination(prefix + entry.name, None, port)


def _landing(policy: _Policy) -> Iterator[Finding]:
    """G10, G11: the portal knows the subscriber only where its group is trusted. Other landing pages need not."""
    portal = policy.path.portal if policy.path is not None else None
    for _, profile in policy.profiles:
        if profile.redirect_to is None:
            continue
        landing = landing_destination(profile.redirect_to)
        if portal is not None and landing.host != portal:
            continue
        rule = profile.match(landing)
        if rule is not None and not rule.group.trusted:
            text = (
                f"the landing page is in group `{rule.group.name}`, which is not trusted: it will not know the number"
            )
            yield Finding(Severity.WARNING, f"profiles.{profile.name}.redirect_to", text)


def _past_cap(policy: _Policy) -> Iterator[Finding]:
    """G7: what is left open past the cap, so that it can be paid, is bounded too, and enough for that."""
    for profile, compiled in policy.profiles:
        if compiled.limits.daily_cap and profile.essential:
            where = f"profiles.{profile.name}"
            for key, text in _slow_rate(compiled.limits.rate, compiled.limits.rate_past_cap):
                yield Finding(Severity.WARNING, f"{where}.{key}", text)


def _slow_rate(rate: int, slow: int) -> Iterator[tuple[str, str]]:
    """What is wrong with the rate past the cap, and with which key; both in bits per second."""
    if not slow:
        text = "past `daily_cap` nothing but `rate` bounds what these groups carry; add `rate_past_cap`, such as 32k"
        yield "essential", text
    elif slow < _LEAST_TO_PAY:
        yield "rate_past_cap", f"{slow} bits per second are too few to pay with; write 8k at least, such as 32k"
    elif rate and slow >= rate:
        yield "rate_past_cap", f"it changes nothing: `rate` is {rate} bits per second already; write less"


def _payment(policy: _Policy) -> Iterator[Finding]:
    """G3, G5, G6, G7: whoever is sent to the portal reaches the pages on which it has people pay, over HTTPS; past the
    daily cap too."""
    path = policy.path
    if path is None:
        return
    for _, profile in policy.profiles:
        if profile.redirect_to is not None and landing_destination(profile.redirect_to).host == path.portal:
            for host in path.provider:
                yield from _payment_at(host, profile)


def _payment_at(host: str, profile: CompiledProfile) -> Iterator[Finding]:
    rule = profile.match(Destination(host, None, 443))
    if rule is None:
        text = (
            f"people are sent to the portal, which has them pay at `{host}`, but that is not allowed on port 443; add "
            "its group"
        )
        yield Finding(Severity.WARNING, f"profiles.{profile.name}.allow", text)
    elif profile.limits.daily_cap and rule.group.name not in profile.essential:
        text = (
            f"past `daily_cap` nobody can pay at `{host}`, where the portal has people pay; add group "
            f"`{rule.group.name}`"
        )
        yield Finding(Severity.WARNING, f"profiles.{profile.name}.essential", text)


_CHECKS: tuple[Callable[[_Policy], Iterator[Finding]], ...] = (
    _without_purpose,
    _over_wide,
    _shadowed,
    _trust,
    _landing,
    _past_cap,
    _payment,
)
