"""`nfemu pay orders | show | payer | resend`: orders of merchants, and how these are told."""

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_fields, show_json, show_table
from nfemu.cli.paying.merchants import merchant_of, merchant_option
from nfemu.client.wechat import PayNotification, PayOrder


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many.")
@click.option("--open", "as_page", is_flag=True, help="Print a link that opens them in a browser, once.")
@json_option
@click.pass_context
def orders(context: click.Context, limit: int, as_page: bool, as_json: bool) -> None:
    """List orders of merchants, newest first."""
    if as_page:
        click.echo(client_of(context).pages_link(page="/pay"))
        return
    found = client_of(context).wechat.orders(limit)
    if as_json:
        show_json(found)
        return
    show_table(
        ("MERCHANT", "ORDER", "KIND", "FEN", "STATE", "ORDERED", "FAULT"),
        (
            (each.mchid, each.out_trade_no, each.kind, str(each.total), each.state, seconds(each.created_at),
             each.fault or "-")
            for each in found
        ),
        right=[3],
    )  # fmt: skip


@click.command()
@click.argument("order")
@merchant_option
@json_option
@click.pass_context
def show(context: click.Context, order: str, mchid: str | None, as_json: bool) -> None:
    """Show ORDER, and every attempt to notify its merchant."""
    client = client_of(context)
    found = client.wechat.order(merchant_of(client, mchid), order)
    if as_json:
        show_json(found)
        return
    _show_order(found.order)
    for each in found.notifications:
        click.echo()
        _show_notification(each)


@click.command()
@click.argument("order")
@merchant_option
@click.option(
    "--outcome",
    type=click.Choice(["paid", "failed", "given-up"]),
    default="paid",
    show_default=True,
    help="What the payer does.",
)
@click.option("--openid", default="", help="Of the payer of an H5 order.")
@click.pass_context
def payer(context: click.Context, order: str, mchid: str | None, outcome: str, openid: str) -> None:
    """Be the payer of ORDER, without a phone."""
    client = client_of(context)
    mchid = merchant_of(client, mchid)
    accepted = client.wechat.act_as_payer(mchid, order, outcome, openid)
    state = client.wechat.order(mchid, order).order.state
    told = {True: ", the merchant has accepted", False: ", the merchant has not accepted (yet)"}
    click.echo(f"order {order}: {state}{told[accepted] if outcome == 'paid' else ''}")


@click.command()
@click.argument("notification")
@click.pass_context
def resend(context: click.Context, notification: str) -> None:
    """Send NOTIFICATION once more, now."""
    accepted = client_of(context).wechat.resend(notification)
    click.echo(f"notification {notification}: {'accepted' if accepted else 'not accepted'}")


def _show_order(order: PayOrder) -> None:
    show_fields(
        (
            ("order", f"{order.out_trade_no} of merchant {order.mchid}, {order.kind}"),
            ("amount", f"{order.total} fen {order.currency}" + (f", {order.refunded} refunded" * bool(order.refunded))),
            ("state", order.state),
            ("transaction", order.transaction_id or ""),
            ("ordered", seconds(order.created_at)),
            ("expires", seconds(order.expires_at)),
            ("paid", "" if order.paid_at is None else seconds(order.paid_at)),
            ("fault", order.fault or ""),
        )
    )


def _show_notification(told: PayNotification) -> None:
    state = "accepted" if told.accepted else "not accepted"
    due = f", next attempt {seconds(told.due_at)}" if told.due_at is not None else ""
    click.echo(f"{told.event} {told.id} to {told.url}: {state}{due}")
    show_table(
        ("ATTEMPT", "AT", "SENT", "STATUS", "ANSWER"),
        ((str(each.number), seconds(each.at), each.deviation, str(each.status or "-"), each.answer or "-")
         for each in told.attempts),
    )  # fmt: skip
