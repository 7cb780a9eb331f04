"""`nfemu charge`, `pay`, `ledger`."""

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_json, show_table
from nfemu.cli.subscribers import show_subscriber
from nfemu.client.values import Settlement

_NUMBER_AND_AMOUNT = {"ignore_unknown_options": True}
"""A negative amount is a wrong amount, not an unknown option."""


@click.command(context_settings=_NUMBER_AND_AMOUNT)
@click.argument("number")
@click.argument("amount")
@click.option("--note", default="", help="What the charge is for.")
@click.option("--key", help="Repeating a charge with the same key has no further effect.")
@click.pass_context
def charge(context: click.Context, number: str, amount: str, note: str, key: str | None) -> None:
    """Charge the account of NUMBER with AMOUNT."""
    show_subscriber(client_of(context).charge(number, amount, note, key))


@click.command(context_settings=_NUMBER_AND_AMOUNT)
@click.argument("number")
@click.argument("amount")
@click.pass_context
def pay(context: click.Context, number: str, amount: str) -> None:
    """Pay AMOUNT for NUMBER: the provider notifies, the carrier settles."""
    client = client_of(context)
    was_restricted = client.subscriber(number).ordered != "open"
    click.echo(_outcome(client.pay(number, amount), was_restricted=was_restricted))


def _outcome(settled: Settlement, *, was_restricted: bool) -> str:
    paid, now = settled.paid, settled.subscriber
    if now.ordered != "open":
        if now.hold != "restrict" and not now.account.amount_due:
            return (
                f"{paid} paid; service is restored when the resume order has its turn; `nfemu orders` shows the queues"
            )
        why = "restricted by hand" if now.hold == "restrict" else f"{now.account.amount_due} still due"
        return f"{paid} paid; the line stays restricted: {why}"
    if was_restricted:
        detached = f"the line is detached; `nfemu attach {now.number}` attaches it"
        where = f"profile {now.effective} is in force" if now.effective else detached
        return f"{paid} paid; service is restored: {where}"
    return f"{paid} paid; balance {now.account.balance}"


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
