"""`nfemu pay reconcile`: the provider's bill of a day beside the ledger."""

from datetime import datetime

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, show_json, show_table
from nfemu.client.reconciliation import Difference, Reconciliation
from nfemu.client.values import Amount

_SOURCES = {"bill": "by the provider's bill", "orders": "asked about each order, there is no bill yet"}


@click.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The provider's day.  [default: today]")
@click.option("--settle", is_flag=True, help="Book what the provider has and the ledger has not.")
@json_option
@click.pass_context
def reconcile(context: click.Context, day: datetime | None, settle: bool, as_json: bool) -> None:
    """Compare what WeChat Pay took for the portal with the ledger (exit status 1 if anything differs)."""
    pay = client_of(context).wechat
    asked = None if day is None else day.date()
    found = pay.repair(asked) if settle else pay.reconcile(asked)
    if as_json:
        show_json(found)
    else:
        _show(found)
    context.exit(1 if found.differences else 0)


def _show(found: Reconciliation) -> None:
    for each in found.repaired:
        click.echo(f"booked now: {each.payment}, {each.kind}")
    click.echo(f"{found.day}, {_SOURCES[found.source]}: {found.matches} agree, {len(found.differences)} differ")
    if found.differences:
        show_table(("DIFFERENCE", "ORDER", "PROVIDER", "LEDGER", "NUMBER"), map(_row, found.differences), right=[2, 3])


def _row(each: Difference) -> tuple[str, ...]:
    return each.kind, each.payment, _amount(each.stated), _amount(each.booked), each.number


def _amount(amount: Amount | None) -> str:
    return "-" if amount is None else str(amount)
