"""`nfemu explain`, `policy lint`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from nfemu.cli.context import carrier_option, client_of, configuration_of, state_of
from nfemu.cli.linting import findings
from nfemu.cli.output import json_option, show_fields, show_json, show_table
from nfemu.client.values import Explanation, Point

if TYPE_CHECKING:
    from nfemu.cli.observing.comparing import Compared


@click.command()
@click.argument("number")
@click.argument("url")
@click.option("--observe", is_flag=True, help="Really send it on that line, and exit with status 1 on a difference.")
@json_option
@click.pass_context
def explain(context: click.Context, number: str, url: str, observe: bool, as_json: bool) -> None:
    """May NUMBER's line reach URL now, by which rule, and what does it meet on its way?

    URL may also be dns:NAME, tcp://HOST:PORT or udp://HOST:PORT.
    """
    found = client_of(context).explain(number, url)
    compared = _observed(context, number, url, found) if observe else None
    if as_json:
        show_json(found if compared is None else {**asdict(found), "observed": compared})
    else:
        _show(found, compared)
    if compared is not None and not all(one.same for one in compared):
        context.exit(1)


def _observed(context: click.Context, number: str, url: str, found: Explanation) -> "list[Compared]":
    from nfemu.cli.observing.comparing import compare
    from nfemu.cli.observing.observing import observe
    from nfemu.client.line import Phone

    with Phone.on_line(client_of(context), state_of(context), number) as phone:
        return compare(found.points, observe(phone, url))


def _show(found: Explanation, compared: "list[Compared] | None") -> None:
    show_fields(
        (
            ("verdict", f"{found.verdict} ({found.summary})"),
            ("destination", found.destination),
            ("policy", found.profile or "none: the line is detached"),
            ("rule", found.rule),
            ("reason", found.reason),
            ("resolves to", ", ".join(found.addresses)),
            ("leads to", found.leads_to),
            *(("considered", f"`{one.pattern}` of group {one.group}: {one.remark}") for one in found.candidates),
        )
    )
    if found.points:
        click.echo()
    if compared is not None:
        rows = [(one.place, one.expected, one.observed, "" if one.same else "DIFFERENT") for one in compared]
        show_table(("AT", "EXPECTED", "OBSERVED", ""), rows)
    elif found.points:
        show_table(("AT", "VERDICT", "RULE", "SEEN AS"), [_row(one) for one in found.points])


def _row(point: Point) -> tuple[str, ...]:
    return point.place, point.verdict, point.rule or "-", point.sign


@click.group()
def policy() -> None:
    """The policy's text, without a running emulator."""


@policy.command()
@click.option("--strict", is_flag=True, help="Exit with status 1 where there are warnings.")
@carrier_option
@json_option
@click.pass_context
def lint(context: click.Context, strict: bool, as_json: bool, carrier: str | None) -> None:
    """Look for rules that are useless, too wide, or contradict one another."""
    from nfemu.policy.lint import Severity

    configuration = configuration_of(context, carrier)
    policies, found = configuration.policies, findings(configuration)
    if as_json:
        show_json([{"severity": one.severity.value, "where": one.where, "text": one.text} for one in found])
    else:
        for finding in found:
            click.echo(f"policies.yaml: {finding}")
        click.echo(f"{len(policies.groups)} groups, {len(policies.profiles)} profiles, {len(found)} to look at")
    if strict and any(finding.severity is not Severity.NOTE for finding in found):
        context.exit(1)
