"""`nfemu device`: would a phone's operating system show its sign-in page?"""

from dataclasses import asdict

import click

from nfemu.cli.context import client_of, state_of
from nfemu.cli.output import json_option, show_json, show_table
from nfemu.client.device import DEVICES, Report, look


@click.command()
@click.argument("system", type=click.Choice(list(DEVICES)))
@click.argument("number")
@click.option("--api", metavar="URL", help="As if the network had named this captive-portal API (RFC 8908, RFC 8910).")
@json_option
@click.pass_context
def device(context: click.Context, system: str, number: str, api: str | None, as_json: bool) -> None:
    """Send SYSTEM's connectivity checks on NUMBER's line, and judge the answers as it does."""
    report = look(client_of(context), state_of(context), number, system, api)
    if as_json:
        show_json(_plain(report))
    else:
        _show(report)


def _plain(report: Report) -> dict[str, object]:
    findings = [{**asdict(each), "role": each.role.value, "sign": each.sign.value} for each in report.findings]
    return {**asdict(report), "findings": findings, "verdict": report.verdict.value, "sign_in": report.sign_in}


def _show(report: Report) -> None:
    if report.findings:
        rows = [(each.sign.value, each.probe, each.got) for each in report.findings]
        show_table(("READ AS", "PROBE", "ANSWER"), rows)
    click.echo(f"would show sign-in: {'yes' if report.sign_in else 'no'}, because {report.because}")
    click.echo(f"{DEVICES[report.device].title}: {report.note}")
