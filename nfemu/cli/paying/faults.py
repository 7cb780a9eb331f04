"""`nfemu pay fault`: what goes wrong by order."""

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, show_json, show_table
from nfemu.cli.paying.merchants import merchant_of


@click.group()
def fault() -> None:
    """What goes wrong by order: for one order, for the next ones, or by the amount."""


@fault.command()
@click.argument("name")
@click.option("--order", "out_trade_no", default="", help="For this order, placed already or not; with --merchant.")
@click.option("--merchant", "mchid", default="", help="For orders of this merchant alone.")
@click.option("--next", "count", type=click.IntRange(1), default=1, show_default=True, help="For so many orders.")
@click.pass_context
def arm(context: click.Context, name: str, out_trade_no: str, mchid: str, count: int) -> None:
    """Arm the fault NAME, like duplicate, or late:600 with a parameter."""
    client = client_of(context)
    if out_trade_no:
        mchid = merchant_of(client, mchid or None)
    client.wechat.arm(name, mchid, out_trade_no, count)
    where = f"order {out_trade_no}" if out_trade_no else f"the next {count} orders"
    click.echo(f"{name} is armed for {where}")


@fault.command("list")
@json_option
@click.pass_context
def list_faults(context: click.Context, as_json: bool) -> None:
    """List the faults there are, by what amount an order has one, and what is armed."""
    found = client_of(context).wechat.faults()
    if as_json:
        show_json(found)
        return
    show_table(("FAULT", "BY AMOUNT (FEN)"), ((name, str(total)) for name, total in found.amounts.items()), right=[1])
    for each in found.armed:
        whose = f" of merchant {each.mchid}" if each.mchid else ""
        where = f"order {each.out_trade_no}" if each.out_trade_no else f"the next {each.left} orders"
        click.echo(f"armed: {each.fault} for {where}{whose}")


@fault.command()
@click.pass_context
def clear(context: click.Context) -> None:
    """Forget every armed fault; orders that have one keep it."""
    for text in client_of(context).wechat.disarm():
        click.echo(text)
