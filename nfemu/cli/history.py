"""`nfemu inbox`, `timeline`."""

from datetime import timedelta

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_json, show_table
from nfemu.client.values import Event

_APART = timedelta(minutes=1)
"""On the wall clock both times are one; what a test clock went through would be told without its days."""
_CHANNELS = {"sms": "SMS", "wechat": "WeChat", "voice": "call"}


@click.command()
@click.argument("number", required=False)
@click.option("--open", "as_page", is_flag=True, help="Print a link that opens the inbox in a browser, once.")
@click.option("--click", "clicked", metavar="ID", help="The owner opens the link in this message.")
@json_option
@click.pass_context
def inbox(context: click.Context, number: str | None, as_page: bool, clicked: str | None, as_json: bool) -> None:
    """Show the messages that NUMBER's phone has received, newest first."""
    if as_page:
        click.echo(client_of(context).pages_link(number))
        return
    if number is None:
        raise click.UsageError("whose inbox? name a NUMBER, or use --open for a page with all of them")
    notices = client_of(context).inbox(number) if clicked is None else [client_of(context).click(number, clicked)]
    if as_json:
        show_json(notices)
        return
    if not notices:
        click.echo("no messages")
    for notice in notices:
        clicked = f", opened {seconds(notice.clicked_at)}" if notice.clicked_at else ""
        sent = seconds(notice.sent_at) if notice.sent_at else "-"
        click.echo(f"{sent}  {notice.id}  {_CHANNELS[notice.channel]}  {notice.sender}  ({notice.kind}{clicked})")
        click.echo(f"  {notice.text}")


@click.command()
@click.argument("number")
@click.option("--limit", type=click.IntRange(1, 500), default=500, show_default=True, help="How many events.")
@json_option
@click.pass_context
def timeline(context: click.Context, number: str, limit: int, as_json: bool) -> None:
    """Show what happened to NUMBER's line, with the milliseconds since each trigger, and business time where it is
    another than the wall clock's."""
    events = client_of(context).timeline(number, limit)
    if as_json:
        show_json(events)
        return
    apart = any(event.business_at is not None and abs(event.at - event.business_at) > _APART for event in events)
    hidden = 0 if apart else 1
    show_table(
        ("BUSINESS TIME", "WALL TIME", "SINCE TRIGGER", "EVENT", "DETAIL")[hidden:],
        (_row(event)[hidden:] for event in events),
        right=[2 - hidden],
    )


def _row(event: Event) -> tuple[str, ...]:
    return (
        "-" if event.business_at is None else seconds(event.business_at),
        event.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        f"{event.elapsed_ms:.1f} ms",
        event.name,
        ", ".join(f"{name} {value}" for name, value in event.detail.items() if value),
    )
