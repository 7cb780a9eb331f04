"""`nfemu credit explain`."""

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_fields, show_json, show_table
from nfemu.client.credit import Credit

_MEANINGS = {
    "spend": "charged a month",
    "stops": "in a year",
    "stopped_days": "in a year",
    "paid_ahead": "% of payments",
    "payment": "on average",
    "months": "as a customer",
}


@click.group()
def credit() -> None:
    """Credit levels: how far the carrier trusts an account, from 1 to 10 (S20)."""


@credit.command()
@click.argument("number")
@json_option
@click.pass_context
def explain(context: click.Context, number: str, as_json: bool) -> None:
    """Show the points of each input of the credit level of NUMBER's account, by what is known now."""
    found = client_of(context).credit(number)
    if as_json:
        show_json(found)
        return
    show_table(
        ("INPUT", "VALUE", "", "POINTS"),
        [
            ("base", "", "", str(found.base)),
            *(
                (each.input, str(each.value), _MEANINGS.get(each.input, ""), f"{each.points:+}")
                for each in found.contributions
            ),
            ("score", "", "", str(found.score)),
        ],
        right=[1, 3],
    )
    click.echo()
    show_fields(_fields(found))


def _fields(found: Credit) -> list[tuple[str, str]]:
    return [
        ("level", str(found.level)),
        ("by this score", "the same: the account is too young" if found.kept else str(found.earned)),
        ("computed", seconds(found.next_at) if found.next_at is not None else "once something is booked"),
        ("tags", ", ".join(found.tags)),
    ]
