"""`nfemu charge`, `ledger`."""

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_json, show_table
from nfemu.cli.subscribers import show_subscriber

NUMBER_AND_AMOUNT = {"ignore_unknown_options": True}
"""A negative amount is a wrong amount, not an unknown option."""


@click.command(context_settings=NUMBER_AND_AMOUNT)
@click.argument("number")
@click.argument("amount")
@click.option("--note", default="", help="What the charge is for.")
@click.option("--key", help="Repeating a charge with the same key has no further effect.")
@click.pass_context
def charge(context: click.Context, number: str, amount: str, note: str, key: str | None) -> None:
    """Charge the account of NUMBER with AMOUNT."""
    show_subscriber(client_of(context).charge(number, amount, note, key))


@click.command()
@click.argument("number")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="How many entries.")
@json_option
@click.pass_context
def ledger(context: click.Context, number: str, limit: int, as_json: bool) -> None:
    """Show the ledger of NUMBER's account, newest first."""
    found = client_of(context).ledger(number, limit)
    if as_json:
        show_json(found)
        return
    show_table(
        ("TIME", "KIND", "AMOUNT", "NUMBER OF PAYMENT OR KEY", "NOTE"),
        (
            (seconds(each.at), each.kind, str(each.amount), each.trade_no or "-", each.note or "-")
            for each in found.entries
        ),
        right=[2],
    )
    click.echo(f"account {found.account}: balance {found.balance}")
