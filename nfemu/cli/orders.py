"""`nfemu orders [list | fail | resubmit]`."""

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_json, show_table
from nfemu.client.orders import Order, OrderReport, Spread

_STATES = {"waiting": "created", "executed": "executed", "dead": "dead"}


@click.group(invoke_without_command=True)
@click.option(
    "--minutes",
    type=click.IntRange(1, 100_000),
    default=60,
    show_default=True,
    help="Of business time, over which orders that are done are counted.",
)
@json_option
@click.pass_context
def orders(context: click.Context, minutes: int, as_json: bool) -> None:
    """Show the queues of stop and resume orders: what waits, and how long orders took."""
    if context.invoked_subcommand is not None:
        return
    found = client_of(context).order_report(minutes)
    if as_json:
        show_json(found)
        return
    _show_backlog(found)
    click.echo()
    _show_done(found, minutes)


@orders.command("list")
@click.option("--dead", "state", flag_value="dead", help="Those that were given up.")
@click.option("--waiting", "state", flag_value="waiting", help="Those whose turn has not come.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many.")
@json_option
@click.pass_context
def list_command(context: click.Context, state: str | None, limit: int, as_json: bool) -> None:
    """List orders that are not done, oldest first."""
    found = client_of(context).unfinished_orders(None if state is None else _STATES[state], limit)
    if as_json:
        show_json(found)
        return
    show_table(
        ("ORDER", "NUMBER", "KIND", "CREATED", "STATE", "REFUSED"),
        (
            (each.id, each.number, each.kind, seconds(each.created_at), _state(each), str(each.attempts))
            for each in found
        ),
        right=[5],
    )


@orders.command()
@click.option("--next", "count", type=click.IntRange(0), required=True, help="How many; 0: none any more.")
@click.pass_context
def fail(context: click.Context, count: int) -> None:
    """Have the network elements refuse the next orders, to try out what becomes of them."""
    armed = client_of(context).fail_orders(count).armed
    click.echo(f"the network elements refuse the next {armed} orders" if armed else "no order is refused")


@orders.command()
@click.argument("order", required=False)
@click.option("--all", "everything", is_flag=True, help="Every dead order.")
@click.pass_context
def resubmit(context: click.Context, order: str | None, everything: bool) -> None:
    """Try the dead ORDER again."""
    if everything is (order is not None):
        raise click.UsageError("name one dead order, or write --all")
    done = client_of(context).resubmit_order(order)
    for line in done or ["no order is dead"]:
        click.echo(line)


def _state(order: Order) -> str:
    if order.stage is None:
        return order.state
    pause = f", not before {seconds(order.next_attempt_at)}" if order.next_attempt_at is not None else ""
    return f"waits for {order.stage}{pause}"


def _show_backlog(found: OrderReport) -> None:
    kinds = list(dict.fromkeys(each.kind for each in found.backlog))
    waiting = {(each.stage, each.kind): each.waiting for each in found.backlog}
    show_table(
        ("WAITING", *(kind.upper() for kind in kinds)),
        (
            (stage, *(str(waiting[stage, kind]) for kind in kinds))
            for stage in dict.fromkeys(each.stage for each in found.backlog)
        ),
        right=range(1, len(kinds) + 1),
    )
    oldest = f", the first of them for {_duration(found.oldest)}" if found.oldest is not None else ""
    armed = f", {found.armed} of the next to be refused" if found.armed else ""
    total = sum(each.waiting for each in found.backlog)
    click.echo(f"{total} wait{oldest}; {found.begun} executed and not acknowledged, {found.dead} dead{armed}")


def _show_done(found: OrderReport, minutes: int) -> None:
    show_table(
        (f"DONE IN {minutes} MIN", "ORDERS", "A MINUTE", "WAITED P50", "P95", "LONGEST", "TOOK P50", "P95", "LONGEST"),
        (
            (each.kind, str(each.done), f"{each.per_minute:.2f}", *_spread(each.waited), *_spread(each.took))
            for each in found.done
        ),
        right=range(1, 9),
    )
    if found.posting is not None:
        median, p95, longest = _spread(found.posting)
        click.echo(f"top-ups in the ledger after {median} (p50), {p95} (p95), {longest} (longest)")


def _spread(spread: Spread | None) -> tuple[str, str, str]:
    if spread is None:
        return "-", "-", "-"
    return _duration(spread.p50), _duration(spread.p95), _duration(spread.longest)


def _duration(length: float) -> str:
    """With as many decimals as tell something: `12 ms`, `3.4 s`, `5m20s`."""
    if length < 1:
        return f"{length * 1000:.0f} ms"
    if length < 60:
        return f"{length:.1f} s"
    minutes, rest = divmod(round(length), 60)
    return f"{minutes}m{rest:02}s"
