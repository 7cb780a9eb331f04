"""`nfemu state save | load | list | delete`: named states of the whole carrier."""

from datetime import datetime

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, show_json, show_table
from nfemu.model.moments import moment_of


@click.group()
def state() -> None:
    """Named states of the whole carrier: all that it knows of its people, and what time it is with them."""


@state.command()
@click.argument("name")
@click.pass_context
def save(context: click.Context, name: str) -> None:
    """Keep the carrier as it is now under NAME, in place of an earlier state of that name."""
    saved = client_of(context).save_state(name)
    click.echo(f"state {name} is saved: {saved.subscribers} subscribers, {_shown(saved.business_time)}")


@state.command()
@click.argument("name")
@click.option(
    "--clock", metavar="MOMENT", help="Business time then, by a test clock, such as 2026-11-01T08:00:00+08:00."
)
@json_option
@click.pass_context
def load(context: click.Context, name: str, clock: str | None, as_json: bool) -> None:
    """Go over to the state NAME; what has happened since is gone. `initial` is what the configuration gives."""
    loaded = client_of(context).load_state(name, None if clock is None else moment_of(clock))
    if as_json:
        show_json(loaded)
        return
    click.echo(f"state {name} is loaded")
    for difference in loaded.differences:
        click.echo(f"  {difference}")


@state.command("list")
@json_option
@click.pass_context
def list_command(context: click.Context, as_json: bool) -> None:
    """List the states; one that is damaged cannot be loaded."""
    states = client_of(context).states()
    if as_json:
        show_json(states)
        return
    rows = (
        (each.name, "", "damaged", "")
        if each.damaged
        else (each.name, str(each.subscribers or ""), _shown(each.business_time), _shown(each.saved_at))
        for each in states
    )
    show_table(("STATE", "SUBSCRIBERS", "BUSINESS TIME", "SAVED AT"), rows)


@state.command()
@click.argument("name")
@click.pass_context
def delete(context: click.Context, name: str) -> None:
    """Forget the state NAME; the carrier stays as it is."""
    for line in client_of(context).delete_state(name):
        click.echo(line)


def _shown(moment: datetime | None) -> str:
    return "as configured" if moment is None else moment.isoformat(sep=" ", timespec="seconds")
