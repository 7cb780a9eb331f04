"""The configuration: can it be read, who is told numbers, what is wider than it should be, which clock."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nfemu.cli.diagnosis.check import Check, Health
from nfemu.cli.linting import findings

if TYPE_CHECKING:
    from nfemu.settings import Configuration


def next_start(configuration: "Configuration") -> Iterator[Check]:
    """What a carrier that does not run would have."""
    kind, workers = configuration.carrier.clock.value, configuration.carrier.proxy.workers
    moves = "moves only by `nfemu clock`" if kind == "test" else "is the wall's"
    yield Check(f"{kind} clock", Health.OK, f"business time {moves}")
    yield Check("workers", Health.OK, f"{workers} configured")


def rules(configuration: "Configuration") -> Iterator[Check]:
    """Everything that the files say about who learns and reaches what."""
    yield from _trusted(configuration)
    yield from _wide(configuration)
    yield _internet(configuration)


def _trusted(configuration: "Configuration") -> Iterator[Check]:
    """G12: who is told who a subscriber is, and in which form."""
    headers = configuration.enrichment.headers
    told = ", ".join(f"{each.name} ({each.value.value}, {each.encoding.value})" for each in headers)
    for group in configuration.policies.groups:
        if group.trusted and told:
            hosts = ", ".join((*group.hosts, *group.networks))
            yield Check("trusted group", Health.OK, f"`{group.name}` ({hosts}) is told {told} on plain HTTP")


def _wide(configuration: "Configuration") -> Iterator[Check]:
    from nfemu.policy.lint import Severity

    policies = configuration.policies
    warnings = [one for one in findings(configuration) if one.severity is not Severity.NOTE]
    for finding in warnings:
        yield Check(
            "policy", Health.WARNING, f"{finding.where}: {finding.text}", "`nfemu policy lint` shows everything"
        )
    if not warnings:
        yield Check("policy", Health.OK, f"{len(policies.groups)} groups, none wider than a site")


def _internet(configuration: "Configuration") -> Check:
    mode = configuration.carrier.internet.value
    leaves = {"emulated": "nothing leaves this machine", "real": "what a line may reach is dialled for real"}
    return Check("Internet", Health.OK, f"{mode}: {leaves[mode]}")
