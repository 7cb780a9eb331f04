"""`nfemu bill`, `nfemu grant`."""

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_fields, show_json
from nfemu.cli.subscribers import show_subscriber
from nfemu.client.billing import Bill, Consumption, Grant


@click.command()
@click.argument("number")
@json_option
@click.pass_context
def bill(context: click.Context, number: str, as_json: bool) -> None:
    """Show what NUMBER's line costs: plan, use of this month, the next fees, credit for a while."""
    found = client_of(context).bill(number)
    if as_json:
        show_json(found)
    else:
        show_fields(_fields(found))


@click.command(context_settings={"ignore_unknown_options": True})  # a negative amount is a wrong amount, not an option
@click.argument("number")
@click.argument("amount")
@click.option("--for", "lasts", required=True, metavar="DURATION", help="For how long, such as 12h or 30d.")
@click.option("--reason", default="", help="For people.")
@click.pass_context
def grant(context: click.Context, number: str, amount: str, lasts: str, reason: str) -> None:
    """Let the account of NUMBER fall further below zero by AMOUNT, for a while; the end of it can stop lines."""
    show_subscriber(client_of(context).grant_credit(number, amount, lasts, reason))


def _fields(found: Bill) -> list[tuple[str, str]]:
    fees = found.next_fees
    return [
        ("plan", found.plan or "none"),
        ("services", ", ".join(found.services)),
        *((each.measured, _used(each)) for each in found.consumption),
        ("next month", f"{fees.amount} for the account, from {seconds(fees.at)}" if fees is not None else "no fees"),
        *(("credit", _grant(each)) for each in found.grants),
    ]


def _used(each: Consumption) -> str:
    unit = "octets" if each.measured == "data" else "seconds"
    charged = f", {each.units} units past the bundle" if each.units else ""
    return f"{each.used} {unit} this month{charged}"


def _grant(each: Grant) -> str:
    return f"{each.amount} until {seconds(each.expires_at)}" + (f", {each.reason}" if each.reason else "")
