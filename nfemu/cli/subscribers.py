"""`nfemu subscriber list | show`, `attach`, `detach`, `restrict`, `restore`, `profile`."""

import click

from nfemu.cli.auto_deduct import summary
from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_fields, show_json, show_table
from nfemu.client import Client
from nfemu.client.values import Session, Subscriber

_PAGE = 500


@click.group()
def subscriber() -> None:
    """The people: list them, show one."""


@subscriber.command("list")
@click.option("--after", metavar="NUMBER", help="Begin behind this number.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many to show.")
@click.option("--all", "everybody", is_flag=True, help="Show everybody.")
@json_option
@click.pass_context
def list_command(context: click.Context, after: str | None, limit: int, everybody: bool, as_json: bool) -> None:
    """List subscribers by number."""
    found, total, more = _read(client_of(context), after, None if everybody else limit)
    if as_json:
        show_json(found)
        return
    show_table(
        ("NUMBER", "ACCOUNT", "ROLE", "BALANCE", "STANDING", "ORDERED", "EFFECTIVE", "ADDRESS"),
        (
            (
                each.number,
                each.account.id,
                each.role,
                str(each.account.balance),
                each.account.standing,
                each.ordered,
                each.effective or "-",
                _address(each.session),
            )
            for each in found
        ),
        right=[3],
    )
    if more is not None:
        click.echo(f"{len(found)} of {total}; go on with --after {more}, or --all")


def _read(client: Client, after: str | None, limit: int | None) -> tuple[list[Subscriber], int, str | None]:
    """Subscribers, how many there are in all, and where to go on."""
    found: list[Subscriber] = []
    while True:
        page = client.subscribers(after, _PAGE if limit is None else min(_PAGE, limit - len(found)))
        found += page.subscribers
        after = page.next
        if after is None or len(found) == limit:
            return found, page.total, after


@subscriber.command("show")
@click.argument("number")
@json_option
@click.pass_context
def show_command(context: click.Context, number: str, as_json: bool) -> None:
    """Show one subscriber: account, what is ordered, what is effective."""
    found = client_of(context).subscriber(number)
    if as_json:
        show_json(found)
    else:
        show_subscriber(found)


@click.command()
@click.argument("number")
@click.pass_context
def attach(context: click.Context, number: str) -> None:
    """Give the line a session and an address."""
    session = client_of(context).attach(number)
    click.echo(f"{number} attached: {_addresses(session)}; profile {session.profile}, policy {session.policy}")


@click.command()
@click.argument("number")
@click.pass_context
def detach(context: click.Context, number: str) -> None:
    """Release the line's session."""
    session = client_of(context).detach(number)
    click.echo(f"{number} detached; {_addresses(session)} on hold")


@click.command()
@click.argument("number")
@click.pass_context
def restrict(context: click.Context, number: str) -> None:
    """Restrict by hand; only a manual restore lifts it."""
    show_subscriber(client_of(context).restrict(number))


@click.command()
@click.argument("number")
@click.pass_context
def restore(context: click.Context, number: str) -> None:
    """Restore by hand; an overdue account stays open until its standing next changes."""
    show_subscriber(client_of(context).restore(number))


@click.command()
@click.argument("number")
@click.argument("name", metavar="PROFILE")
@click.pass_context
def profile(context: click.Context, number: str, name: str) -> None:
    """Give NUMBER's line the APN profile PROFILE, such as a garden's; `open` is the usual one."""
    show_subscriber(client_of(context).order_profile(number, name))


def show_subscriber(found: Subscriber) -> None:
    """Everything about one line, a field a line."""
    account, session = found.account, found.session
    show_fields(
        (
            ("number", f"{found.number} (+{found.e164})"),
            ("IMSI", found.imsi),
            ("card", f"{found.role}, {found.language}"),
            ("account", f"{account.id} ({account.kind}, level {account.level})"),
            ("balance", str(account.balance)),
            ("credit limit", str(account.credit_limit) if account.credit_limit else ""),
            ("credit for a while", str(account.granted) if account.granted else ""),
            ("standing", account.standing),
            ("due", str(account.amount_due) if account.amount_due else ""),
            ("owner sees", f"{found.shown_due} due" if found.shown_due != account.amount_due else ""),
            ("auto-deduct", summary(found.auto_deduct)),
            ("ordered", found.ordered + (f", held by a manual {found.hold}" if found.hold != "none" else "")),
            ("profile", found.profile),
            ("effective", found.effective or "-"),
            ("session", _session(session)),
        )
    )


def _session(session: Session | None) -> str:
    if session is None:
        return "never attached"
    since = f"since {seconds(session.attached_at)}" if session.state == "active" else "released"
    return f"{_addresses(session)}; policy {session.policy}, generation {session.generation}, {since}"


def _address(session: Session | None) -> str:
    return (session.ue_ipv4 or session.ue_ipv6 or "-") if session is not None and session.state == "active" else "-"


def _addresses(session: Session) -> str:
    return ", ".join(address for address in (session.ue_ipv4, session.ue_ipv6) if address)
