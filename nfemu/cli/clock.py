"""`nfemu clock show | advance | set`."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, show_json
from nfemu.client import Client
from nfemu.client.values import Clock
from nfemu.model.durations import duration
from nfemu.model.errors import InvalidInput
from nfemu.model.moments import moment_of

_of_account = click.option("--account", help="Move the clock of this account alone; the carrier's goes on as before.")
_DAY = timedelta(days=1)
_SHORT_S = 0.5
"""A move that took no longer is followed by one twice as far."""


@click.group()
def clock() -> None:
    """Business time. It moves by command where the carrier was started with `nfemu up --clock test`; an account can be
    put ahead of it on any clock."""


@clock.command()
@json_option
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Show business time, and the accounts on clocks of their own."""
    _report([client_of(context).clock()], as_json=as_json)


@clock.command(context_settings={"ignore_unknown_options": True})  # `-5m` is a wrong duration, not an option
@click.argument("by", metavar="DURATION")
@_of_account
@json_option
@click.pass_context
def advance(context: click.Context, by: str, account: str | None, as_json: bool) -> None:
    """Move the test clock forward by DURATION, such as 15m, 24h or 1d12h.

    Ctrl-C stops it behind the day, or the days, that the carrier is at work on.
    """
    _report(_moves(client_of(context), duration(by), account), as_json=as_json)


@clock.command("set")
@click.argument("moment")
@_of_account
@json_option
@click.pass_context
def set_command(context: click.Context, moment: str, account: str | None, as_json: bool) -> None:
    """Move the test clock forward to MOMENT, such as 2026-11-01T08:00:00+08:00."""
    _report(_moves_to(client_of(context), moment_of(moment), account), as_json=as_json)


def _moves(client: Client, by: timedelta, account: str | None) -> Iterator[Clock]:
    """In pieces that the carrier has done in about a second, so that what happens is seen as it happens, and Ctrl-C
    stops it; people make a day's work long, not its hours. Raises InvalidInput."""
    try:
        _ = client.clock().now_of(account) + by
    except OverflowError:
        raise InvalidInput(f"`{by}` leads beyond the year 9999; advance by less") from None
    piece = _DAY
    while by > piece:
        begun = time.monotonic()
        yield client.advance_clock(f"{piece.days}d", account)
        by -= piece
        piece = piece * 2 if time.monotonic() - begun < _SHORT_S else max(piece // 2, _DAY)
        piece = timedelta(days=piece.days)
    yield client.advance_clock(f"{by.days}d{by.seconds}s", account)


def _moves_to(client: Client, moment: datetime, account: str | None) -> Iterator[Clock]:
    """As `_moves`, and last to the moment itself: one that is past, or has no zone, is refused there."""
    ahead = moment - client.clock().now_of(account) if moment.tzinfo is not None else timedelta(0)
    if ahead > _DAY:
        yield from _moves(client, ahead - _DAY, account)
    yield client.set_clock(moment, account)


def _report(moves: Iterable[Clock], *, as_json: bool) -> None:
    happened = []
    for found in moves:
        happened += found.happened
        if not as_json:
            for line in found.happened:
                click.echo(f"  {line}")
    if as_json:
        show_json(replace(found, happened=happened))
        return
    click.echo(f"{_shown(found.now)} ({found.kind} clock)")
    for each in found.own:
        click.echo(f"{_shown(each.now)} (account {each.account})")


def _shown(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")
