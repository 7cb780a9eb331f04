"""`nfemu pay NUMBER AMOUNT`, and `nfemu pay merchant | orders | show | payer | resend | fault`."""

from pathlib import Path

import click

from nfemu.cli.accounts import NUMBER_AND_AMOUNT
from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_fields, show_json, show_table
from nfemu.client import Client
from nfemu.client.values import Settlement
from nfemu.client.wechat import Merchant, PayNotification, PayOrder
from nfemu.model.errors import InvalidInput, NotFound


class _Paying(click.Group):
    """What is no command of it is a number to pay for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            return "line", self.commands["line"], args
        return super().resolve_command(ctx, args)


@click.group(cls=_Paying)
def pay() -> None:
    """Pay AMOUNT for NUMBER (`nfemu pay NUMBER AMOUNT`), or look behind the emulated WeChat Pay."""


@pay.command(context_settings=NUMBER_AND_AMOUNT)
@click.argument("number")
@click.argument("amount")
@click.pass_context
def line(context: click.Context, number: str, amount: str) -> None:
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


@pay.group()
def merchant() -> None:
    """Merchants of the emulated WeChat Pay, and their keys."""


@merchant.command()
@click.argument("mchid")
@click.option("--appid", "appids", multiple=True, required=True, help="Like wxd678efh567hg6787; repeatable.")
@click.option("--name", default="", help="What payers see.")
@click.option("--domain", "domains", multiple=True, help="Where its H5 payments may come from; repeatable.")
@click.option(
    "--verified-by",
    type=click.Choice(["public-key", "certificate"]),
    default="public-key",
    show_default=True,
    help="By what it checks the provider's signatures.",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its own apiclient_cert.pem.  [default: one is made, with a key]",
)
@click.option(
    "--api-v3-key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Holds its own API v3 key.  [default: one is made]",
)
@json_option
@click.pass_context
def add(
    context: click.Context,
    mchid: str,
    appids: tuple[str, ...],
    name: str,
    domains: tuple[str, ...],
    verified_by: str,
    certificate: Path | None,
    api_v3_key_file: Path | None,
    as_json: bool,
) -> None:
    """Add the merchant MCHID; what its integration must be set to is printed."""
    added = client_of(context).wechat.add_merchant(
        mchid, list(appids), name, list(domains), verified_by, _text(certificate), _text(api_v3_key_file).strip()
    )
    if as_json:
        show_json(added)
    else:
        _show_merchant(added)


@merchant.command("list")
@json_option
@click.pass_context
def list_merchants(context: click.Context, as_json: bool) -> None:
    """List the merchants, and what their integrations must be set to."""
    found = client_of(context).wechat.merchants()
    if as_json:
        show_json(found)
        return
    for number, each in enumerate(found):
        click.echo() if number else None
        _show_merchant(each)


@pay.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many.")
@json_option
@click.pass_context
def orders(context: click.Context, limit: int, as_json: bool) -> None:
    """List orders of merchants, newest first."""
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


@pay.command()
@click.argument("order")
@click.option("--merchant", "mchid", help="Whose order it is; not needed where there is one merchant.")
@json_option
@click.pass_context
def show(context: click.Context, order: str, mchid: str | None, as_json: bool) -> None:
    """Show ORDER, and every attempt to notify its merchant."""
    client = client_of(context)
    found = client.wechat.order(_merchant_of(client, mchid), order)
    if as_json:
        show_json(found)
        return
    _show_order(found.order)
    for each in found.notifications:
        click.echo()
        _show_notification(each)


@pay.command()
@click.argument("order")
@click.option("--merchant", "mchid", help="Whose order it is; not needed where there is one merchant.")
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
    mchid = _merchant_of(client, mchid)
    accepted = client.wechat.act_as_payer(mchid, order, outcome, openid)
    state = client.wechat.order(mchid, order).order.state
    told = {True: ", the merchant has accepted", False: ", the merchant has not accepted (yet)"}
    click.echo(f"order {order}: {state}{told[accepted] if outcome == 'paid' else ''}")


@pay.command()
@click.argument("notification")
@click.pass_context
def resend(context: click.Context, notification: str) -> None:
    """Send NOTIFICATION once more, now."""
    accepted = client_of(context).wechat.resend(notification)
    click.echo(f"notification {notification}: {'accepted' if accepted else 'not accepted'}")


@pay.group()
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
        mchid = _merchant_of(client, mchid or None)
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


def _merchant_of(client: Client, mchid: str | None) -> str:
    """The one that is meant. Raises InvalidInput, NotFound."""
    if mchid is not None:
        return mchid
    found = client.wechat.merchants()
    if not found:
        raise NotFound("there is no merchant; add one with `nfemu pay merchant add`")
    if len(found) > 1:
        raise InvalidInput(f"there are merchants {', '.join(each.mchid for each in found)}; say which with --merchant")
    return found[0].mchid


def _text(file: Path | None) -> str:
    return "" if file is None else file.read_text(encoding="ascii", errors="replace")


def _show_merchant(found: Merchant) -> None:
    show_fields(
        (
            ("merchant", f"{found.mchid}, {found.name}"),
            ("appids", ", ".join(found.appids)),
            ("domains", ", ".join(found.domains)),
            ("certificate serial", found.serial),
            ("certificate", found.certificate_file),
            ("private key", found.private_key_file or "its own"),
            ("API v3 key", found.api_v3_key_file),
            ("provider's public key", f"{found.public_key_id}, {found.public_key_file}"),
            ("verifies by", found.verified_by),
        )
    )


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
