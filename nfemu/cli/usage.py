"""`nfemu usage`."""

from datetime import datetime

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_json, show_table
from nfemu.client.values import Cap


@click.command()
@click.argument("number")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A business day such as 2026-11-01.  [default: today]")
@json_option
@click.pass_context
def usage(context: click.Context, number: str, day: datetime | None, as_json: bool) -> None:
    """Show what the line of NUMBER has used in a business day, in octets."""
    found = client_of(context).usage(number, day.date() if day is not None else None)
    if as_json:
        show_json(found)
        return
    show_table(
        ("DAY", "POLICY", "GROUP", "UP", "DOWN"),
        ((found.day.isoformat(), each.policy, each.group or "-", str(each.up), str(each.down)) for each in found.used),
        right=[3, 4],
    )
    if found.cap is not None:
        click.echo(_cap(found.cap))


def _cap(cap: Cap) -> str:
    state = "reached: only essential groups" if cap.reached else "not reached"
    return f"cap of {cap.policy}: {cap.used} of {cap.octets} octets, {state}; ends {seconds(cap.ends_at)}"
