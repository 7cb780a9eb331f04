"""`nfemu explain`, `policy lint`."""

import click

from nfemu.cli.context import carrier_option, client_of, configuration_of
from nfemu.cli.linting import findings
from nfemu.cli.output import json_option, show_fields, show_json


@click.command()
@click.argument("number")
@click.argument("url")
@json_option
@click.pass_context
def explain(context: click.Context, number: str, url: str, as_json: bool) -> None:
    """May NUMBER's line reach URL now, by which rule, and why?"""
    found = client_of(context).explain(number, url)
    if as_json:
        show_json(found)
        return
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
