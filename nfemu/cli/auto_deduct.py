"""`nfemu autodeduct sign | revoke | show | bank`."""

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_fields, show_json
from nfemu.client.values import AutoDeduct, Subscriber


@click.group()
def autodeduct() -> None:
    """Agreements by which the payment provider pays what is due (G19)."""


@autodeduct.command()
@click.argument("number")
@click.option("--cap", help="The most that one deduction takes.  [default: auto_deduct.cap in dunning.yaml]")
@click.pass_context
def sign(context: click.Context, number: str, cap: str | None) -> None:
    """Sign an agreement for NUMBER's account; what is due already is deducted at once."""
    _show(client_of(context).sign_auto_deduct(number, cap))


@autodeduct.command()
@click.argument("number")
@click.option("--at-provider", is_flag=True, help="By the payer, at the provider: the carrier learns of it later.")
@click.pass_context
def revoke(context: click.Context, number: str, at_provider: bool) -> None:
    """End the agreement of NUMBER's account."""
    _show(client_of(context).revoke_auto_deduct(number, "provider" if at_provider else "carrier"))


@autodeduct.command()
@click.argument("number")
@json_option
@click.pass_context
def show(context: click.Context, number: str, as_json: bool) -> None:
    """Show the agreement of NUMBER's account."""
    found = client_of(context).subscriber(number)
    if as_json:
        show_json(found.auto_deduct)
    else:
        _show(found)


@autodeduct.command()
@click.argument("number")
@click.argument("answer", type=click.Choice(["accept", "decline", "unreachable", "silent"]))
@click.pass_context
def bank(context: click.Context, number: str, answer: str) -> None:
    """Have the emulated bank behind the agreement ANSWER so from now on."""
    client_of(context).set_bank(number, answer)
    click.echo(f"deductions for {number}: the bank will {_WILL[answer]}")


_WILL = {
    "accept": "accept",
    "decline": "decline",
    "unreachable": "not be reached",
    "silent": "take the question and never answer",
}


def summary(agreement: AutoDeduct | None) -> str:
    """One line; empty without an agreement."""
    if agreement is None:
        return ""
    waiting = f"; {agreement.unanswered} not answered yet" if agreement.unanswered is not None else ""
    return f"by {agreement.provider}, up to {agreement.cap} at a time{waiting}"


def _show(found: Subscriber) -> None:
    agreement = found.auto_deduct
    if agreement is None:
        click.echo(f"account {found.account.id} has no auto-deduct agreement")
        return
    show_fields(
        (
            ("account", found.account.id),
            ("auto-deduct", summary(agreement)),
            ("contract", f"{agreement.contract}, signed {seconds(agreement.signed_at)}"),
            ("balance", str(found.account.balance)),
        )
    )
