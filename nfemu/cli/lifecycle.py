"""`nfemu up | down | status | reset | run`: the life of one carrier on this machine."""

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click

from nfemu.cli import control
from nfemu.cli.context import carrier_option, config_of, configuration_of, overlay_in_words, settings_of, state_of
from nfemu.cli.control import Options
from nfemu.client import Client, StateFolder
from nfemu.client.state import DEFAULT_INSTANCE, RunningStatus
from nfemu.client.values import Status
from nfemu.model.errors import Conflict, Unavailable

_RESET_S = 30.0
_POLL_S = 0.05

_TRY = """
Try this in another terminal (`make shell` puts nfemu on PATH):

    nfemu subscriber list
    nfemu exec {plan.number} -- curl -si http://news.example/
    nfemu charge {plan.number} {plan.charged}
    nfemu inbox {plan.number}
    nfemu exec {plan.number} -- curl -si http://news.example/
    nfemu explain {plan.number} https://news.example/
    nfemu pay {plan.number} {plan.due}
    nfemu timeline {plan.number}
"""


@click.command()
@click.option("--foreground", is_flag=True, help="Serve in this process until Ctrl-C.")
@click.option("--clock", type=click.Choice(["wall", "test"]), help="Business clock; test moves only when told.")
@click.option(
    "--free-ports",
    is_flag=True,
    help="Take any free ports instead of the configured ones, and the same again next time.",
)
@click.option("--show-new-token", is_flag=True, help="With --foreground: print the API token if this start makes it.")
@click.option("--ready-fd", type=int, hidden=True)
@carrier_option
@click.pass_context
def up(
    context: click.Context,
    foreground: bool,
    clock: str | None,
    free_ports: bool,
    show_new_token: bool,
    ready_fd: int | None,
    carrier: str | None,
) -> None:
    """Start the emulated carrier."""
    chosen_clock = (f"carrier.clock={clock}",) if clock else ()
    options = _options(context, carrier, *chosen_clock, free_ports=free_ports)
    if ready_fd is not None:
        control.serve_and_report(options, os.fdopen(ready_fd, "w"))
    elif foreground:
        to_show = [options.state.api_token] if show_new_token and not options.state.api_token.exists() else []
        control.serve(options, lambda: _show_start(options.state, to_show))
    else:
        control.start(options)
        with Client.find(options.state) as client:
            _show_status(options.state, control.running(options.state), client.status())


def _options(context: click.Context, carrier: str | None, *settings: str, free_ports: bool = False) -> Options:
    """The configured ports are the default instance's; any other takes free ones."""
    state = state_of(context)
    named = state.instance not in {None, DEFAULT_INSTANCE}
    given = (*settings_of(context), *settings)
    return Options(state, config_of(context).absolute(), given, carrier, free_ports or named)


@click.command()
@click.pass_context
def down(context: click.Context) -> None:
    """Stop the emulated carrier; what it knows stays."""
    click.echo("stopped" if control.stop(state_of(context)) else "nfemu is not running")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show what runs and where it listens. Exit status 1 where a part is missing."""
    state = state_of(context)
    running = control.running(state)
    with Client.find(state) as client:
        seen = client.status()
    if as_json:
        known = {"healthy": seen.healthy, "version": seen.version, "subscribers": seen.subscribers}
        click.echo(json.dumps({**known, "state": str(state.path), **asdict(running)}, indent=2))
    else:
        _show_status(state, running, seen)
    context.exit(0 if seen.healthy else 1)


def _show_start(state: StateFolder, tokens: list[Path]) -> None:
    """Also after each reset; a token is shown at the first of them only."""
    _show_addresses(state)
    while tokens:
        token = tokens.pop()
        click.echo(f"API token, shown this once: {token.read_text().strip()} (kept in {token})")


def _show_addresses(state: StateFolder) -> None:
    """From the carrier's own process, which cannot ask itself."""
    running = state.status()
    click.echo(f"The carrier serves until Ctrl-C. API {running.api}, HTTP proxy {running.http_proxy}, ", nl=False)
    click.echo(f"SOCKS5 proxy {running.socks_proxy}; the proxy user name is the subscriber's number.")


def _show_status(state: StateFolder, running: RunningStatus, seen: Status) -> None:
    click.echo(f"nfemu {seen.version} is running (process {running.pid}), {seen.subscribers} subscribers")
    if state.instance is not None:
        click.echo(f"  instance {state.instance}")
    click.echo(f"  state    {state.path}")
    for part in seen.components:
        click.echo(f"  {part.name:16} {part.detail}{'' if part.healthy else '   NOT HEALTHY'}")


@click.command()
@carrier_option
@click.pass_context
def reset(context: click.Context, carrier: str | None) -> None:
    """Back to the shipped state: ledger, orders, sessions and messages are emptied."""
    options = _options(context, carrier)
    if control.is_running(options.state):
        _check_overlay(control.running(options.state), carrier)
        _reset_running(options)
    else:
        control.wipe(options)
    click.echo("everything is as shipped")


def _check_overlay(running: RunningStatus, carrier: str | None) -> None:
    """Raises Conflict where another carrier's overlay is asked for: a running one keeps its own."""
    if carrier is not None and carrier != running.overlay:
        raise Conflict(
            f"the running carrier has {overlay_in_words(running.overlay)}, and a reset keeps that; "
            f"`nfemu down`, then `nfemu reset --carrier {carrier}`"
        )


def _reset_running(options: Options) -> None:
    """Ask for it, then wait for the carrier's next start. Raises Unavailable when it does not come."""
    state = options.state
    before = state.status().started_at
    with Client.find(state) as client:
        client.reset()
    deadline = time.monotonic() + _RESET_S
    while time.monotonic() < deadline:
        try:
            if state.status().started_at != before:
                return
        except Unavailable:
            pass  # between two starts there is no status
        if not control.is_running(state):
            raise _ended(options)
        time.sleep(_POLL_S)
    raise Unavailable(f"the carrier did not start again; its log is `{state.log_file}`")


def _ended(options: Options) -> Unavailable:
    """The carrier could not empty its store, or not start again. Trying it here says which, and why."""
    try:
        control.wipe(options)
    except Unavailable as error:
        return Unavailable(f"the carrier has ended, since its store could not be emptied and is as it was: {error}")
    return Unavailable("the carrier ended while it was reset; its store is empty now, start it with `nfemu up`")


@click.command()
@carrier_option
@click.pass_context
def run(context: click.Context, carrier: str | None) -> None:
    """Show the journey, then serve (on a terminal) until Ctrl-C."""
    from nfemu.cli.demo import INTRODUCTION, plan_of, play

    options = _options(context, carrier)
    click.echo(INTRODUCTION)
    plan = plan_of(configuration_of(context, carrier))
    failed = play(options.config, options.settings, plan, carrier)
    if failed or not sys.stdout.isatty():
        context.exit(1 if failed else 0)
    click.echo("\nStarting the carrier …")

    def started() -> None:
        _show_addresses(options.state)
        click.echo(_TRY.format(plan=plan))

    control.serve(options, started)
