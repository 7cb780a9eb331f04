"""`nfemu usage NUMBER`, `nfemu usage post`."""

from datetime import datetime

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_json, show_table
from nfemu.cli.subscribers import show_subscriber
from nfemu.client.values import Cap


class _Usage(click.Group):
    """What is no other command of the group is the number whose use is shown."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *self.get_help_option_names(context)}:
            args = ["show", *args]
        return super().parse_args(context, args)


@click.group(cls=_Usage)
def usage() -> None:
    """What lines use: `nfemu usage NUMBER` shows it."""


@usage.command()
@click.argument("number")
@click.option("--bytes", "octets", type=click.IntRange(min=1), help="Traffic, both directions together.")
@click.option("--seconds", "spoken", type=click.IntRange(min=1), help="Calls.")
@click.option("--key", help="Repeating a post with the same key has no further effect.")
@click.pass_context
def post(context: click.Context, number: str, octets: int | None, spoken: int | None, key: str | None) -> None:
    """Count traffic or calls of NUMBER as if the network had reported them; what is past the bundle is charged."""
    if (octets is None) == (spoken is None):
        raise click.UsageError("give either `--bytes` or `--seconds`")
    measured = "data" if octets is not None else "voice"
    show_subscriber(client_of(context).post_usage(number, measured, octets or spoken or 0, key))


@usage.command()
@click.argument("number")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A business day such as 2026-11-01.  [default: today]")
@json_option
@click.pass_context
def show(context: click.Context, number: str, day: datetime | None, as_json: bool) -> None:
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
