"""`nfemu doctor`: what is exposed and to whom, and what is missing; with a running carrier or without one."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nfemu.cli import control
from nfemu.cli.context import carrier_option, config_of, configuration_of, overlay_in_words, state_of
from nfemu.cli.diagnosis import exposure, files, policies, running
from nfemu.cli.diagnosis.check import Check, Health
from nfemu.cli.output import json_option, show_json
from nfemu.client.state import StateFolder
from nfemu.model.errors import NfemuError

if TYPE_CHECKING:
    from nfemu.settings import Configuration


@click.command()
@carrier_option
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool, carrier: str | None) -> None:
    """List what is exposed and to whom, and what needs attention; exit status 1 where there is a problem."""
    checks = list(_checks(context, carrier))
    counts = Counter(check.health for check in checks)
    if as_json:
        show_json({"checks": checks, "counts": {each.value: counts[each] for each in Health}})
    else:
        for check in checks:
            click.echo(f"{check.health.value:8} {check.about}: {check.text}")
            if check.advice:
                click.echo(f"{'':8} → {check.advice}")
        click.echo(f"{counts[Health.OK]} ok, {counts[Health.WARNING]} warnings, {counts[Health.PROBLEM]} problems")
    if counts[Health.PROBLEM]:
        context.exit(1)


def _checks(context: click.Context, overlay: str | None) -> Iterator[Check]:
    yield from _carrier(context, state_of(context), overlay)
    yield from files.folder(state_of(context))
    yield from running.tools()


def _configuration(context: click.Context, overlay: str | None) -> "Configuration | Check":
    """What the files say, or what is wrong with them."""
    try:
        return configuration_of(context, overlay)
    except NfemuError as error:
        first, *_ = str(error).splitlines()
        return Check("configuration", Health.PROBLEM, first, "`nfemu config check` shows every mistake")


def _carrier(context: click.Context, state: StateFolder, overlay: str | None) -> Iterator[Check]:
    """What runs, else what would; then what the files say, with its overlay unless another one is named."""
    now = control.running(state) if control.is_running(state) else None
    overlay = now.overlay if now is not None and overlay is None else overlay
    found = _configuration(context, overlay)
    configuration = None if isinstance(found, Check) else found
    files_read = f"`{config_of(context)}`" + (f" with {overlay_in_words(overlay)}" if overlay else "")
    yield found if isinstance(found, Check) else Check("configuration", Health.OK, f"{files_read} is valid")
    if now is not None:
        yield from running.overlay(now, overlay)
        yield from exposure.running_listeners(now)
        yield from running.carrier(state, now)
    elif configuration is not None:
        yield Check("carrier", Health.OK, "does not run; the listeners below are those of its next start")
        yield from exposure.configured_listeners(configuration.carrier)
        yield from policies.next_start(configuration)
    if configuration is not None:
        yield from exposure.upstreams(configuration.carrier)
        yield from policies.rules(configuration)
