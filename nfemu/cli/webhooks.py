"""`nfemu webhooks [list | add | remove | deliveries | resend]`."""

from datetime import datetime

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_json, show_table


@click.group()
def webhooks() -> None:
    """Programs that are told of events, and what became of that."""


@webhooks.command("list")
@json_option
@click.pass_context
def list_command(context: click.Context, as_json: bool) -> None:
    """Who is told, and of which events."""
    found = client_of(context).webhooks()
    if as_json:
        show_json(found)
        return
    show_table(
        ("WEBHOOK", "CALLBACK", "EVENTS", "OF"),
        (
            (each.id, each.callback, ", ".join(each.events), "carrier.yaml" if each.configured else "the API")
            for each in found
        ),
    )


@webhooks.command()
@click.argument("callback")
@click.option("--event", "events", multiple=True, default=["*"], show_default=True, help="A kind; repeatable.")
@json_option
@click.pass_context
def add(context: click.Context, callback: str, events: tuple[str, ...], as_json: bool) -> None:
    """Have events posted to CALLBACK, a URL of this machine or of a host in `webhooks.hosts`."""
    found = client_of(context).add_webhook(callback, events)
    if as_json:
        show_json(found)
        return
    click.echo(f"webhook {found.webhook.id}, told of {', '.join(found.webhook.events)}")
    click.echo(f"secret {found.secret} (shown this once)")


@webhooks.command()
@click.argument("webhook")
@click.pass_context
def remove(context: click.Context, webhook: str) -> None:
    """Tell WEBHOOK nothing any more, and forget what is on its way."""
    for line in client_of(context).remove_webhook(webhook):
        click.echo(line)


@webhooks.command()
@click.argument("webhook")
@click.option("--pending", "state", flag_value="pending", help="Those that are on their way.")
@click.option("--dead", "state", flag_value="dead", help="Those that were given up.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many.")
@json_option
@click.pass_context
def deliveries(context: click.Context, webhook: str, state: str | None, limit: int, as_json: bool) -> None:
    """What has become of the events of WEBHOOK, newest first."""
    found = client_of(context).deliveries(webhook, state, limit)
    if as_json:
        show_json(found)
        return
    show_table(
        ("EVENT", "KIND", "STATE", "ATTEMPTS", "SINCE", "NEXT", "OUTCOME"),
        (
            (
                each.event,
                each.kind,
                each.state,
                str(each.attempts),
                seconds(each.since),
                _moment(each.next_attempt_at),
                each.outcome,
            )
            for each in found
        ),
        right=[3],
    )


@webhooks.command()
@click.argument("webhook")
@click.argument("event", required=False)
@click.option("--dead", "everything", is_flag=True, help="Every event that was given up.")
@click.pass_context
def resend(context: click.Context, webhook: str, event: str | None, everything: bool) -> None:
    """Send EVENT to WEBHOOK again."""
    if everything is (event is not None):
        raise click.UsageError("name one event, or write --dead")
    for line in client_of(context).resend(webhook, event) or ["no event was given up"]:
        click.echo(line)


def _moment(at: datetime | None) -> str:
    return "-" if at is None else seconds(at)
