"""Which ports carry names, and the rules of a policy that a kernel which sees no names cannot keep."""

from collections.abc import Iterator
from ipaddress import ip_network

from nfemu.model.errors import InvalidInput
from nfemu.policy.compile.steering import DNS_PORT, SteeringPlan
from nfemu.policy.rule import Rule
from nfemu.policy.rules import PolicySet

_HTTP = 80
_NAMELESS = {
    21: "FTP",
    22: "SSH",
    23: "Telnet",
    25: "SMTP",
    110: "POP3",
    143: "IMAP",
    465: "SMTP over TLS",
    587: "SMTP",
    853: "DNS over TLS",
    993: "IMAP over TLS",
    995: "POP3 over TLS",
}
"""Ports whose protocol is neither HTTP nor HTTPS, so that nobody reads a name there."""


def http_ports(policies: PolicySet, plan: SteeringPlan) -> tuple[int, ...]:
    """Ascending. The same for all profiles: a port of the network either carries HTTP or does not."""
    found = {_HTTP}
    for profile in map(policies.profile, policies.names):
        for rule in profile.hosts.rules():
            found |= rule.ports
        for rule in profile.networks.rules():
            if rule.group.trusted:
                found |= rule.ports
    return tuple(sorted(found - plan.tls_ports))


def check_expressible(policies: PolicySet, plan: SteeringPlan) -> None:
    """Raises InvalidInput that names the first rule which the table could not keep."""
    for profile in map(policies.profile, policies.names):
        for rule in profile.hosts.rules():
            _check(rule, _about_ports(rule))
        for rule in profile.networks.rules():
            _check(rule, _about_network(rule, plan))


def _check(rule: Rule, complaints: Iterator[str]) -> None:
    for complaint in complaints:
        raise InvalidInput(f"rule `{rule.allowed.rule}` cannot be enforced on bearers: {complaint}")


def _about_dns(rule: Rule) -> Iterator[str]:
    if DNS_PORT in rule.ports:
        yield (
            f"port {DNS_PORT} always leads to the carrier's DNS; leave it out of `ports` of group `{rule.group.name}`, "
            "names of `hosts` can be asked for anyway"
        )


def _about_ports(rule: Rule) -> Iterator[str]:
    yield from _about_dns(rule)
    for port in sorted(rule.ports & _NAMELESS.keys()):
        yield (
            f"port {port} carries {_NAMELESS[port]}, in which no name is read; list the addresses under `networks` in "
            f"a group of their own, or leave the port out of group `{rule.group.name}`"
        )


def _about_network(rule: Rule, plan: SteeringPlan) -> Iterator[str]:
    yield from _about_dns(rule)
    network = ip_network(rule.pattern)
    for sinkholes in plan.sinkholes:
        if network.overlaps(sinkholes):
            yield f"it holds addresses of {sinkholes}, which stand for names that are not allowed; make it smaller"
