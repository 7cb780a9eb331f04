"""`nfemu pay NUMBER AMOUNT`: a payment on its whole way, without a phone."""

import click

from nfemu.cli.accounts import NUMBER_AND_AMOUNT
from nfemu.cli.context import client_of
from nfemu.client.values import Settlement


@click.command(context_settings=NUMBER_AND_AMOUNT)
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
