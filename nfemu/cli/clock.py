"""`nfemu clock show | advance | set`."""

from datetime import datetime

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, show_json
from nfemu.client.values import Clock
from nfemu.model.moments import moment_of

_of_account = click.option("--account", help="Move the clock of this account alone; the carrier's goes on as before.")


@click.group()
def clock() -> None:
    """Business time. It moves by command where the carrier was started with `nfemu up --clock test`; an account can be
    put ahead of it on any clock."""


@clock.command()
@json_option
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Show business time, and the accounts on clocks of their own."""
    _report(client_of(context).clock(), as_json=as_json)


@clock.command(context_settings={"ignore_unknown_options": True})  # `-5m` is a wrong duration, not an option
@click.argument("duration")
@_of_account
@json_option
@click.pass_context
def advance(context: click.Context, duration: str, account: str | None, as_json: bool) -> None:
    """Move the test clock forward by DURATION, such as 15m, 24h or 1d12h."""
    _report(client_of(context).advance_clock(duration, account), as_json=as_json)


@clock.command("set")
@click.argument("moment")
@_of_account
@json_option
@click.pass_context
def set_command(context: click.Context, moment: str, account: str | None, as_json: bool) -> None:
    """Move the test clock forward to MOMENT, such as 2026-11-01T08:00:00+08:00."""
    _report(client_of(context).set_clock(moment_of(moment), account), as_json=as_json)


def _report(found: Clock, *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    for line in found.happened:
        click.echo(f"  {line}")
    click.echo(f"{_shown(found.now)} ({found.kind} clock)")
    for each in found.own:
        click.echo(f"{_shown(each.now)} (account {each.account})")


def _shown(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")
