"""`nfemu instance list`: the carriers of this machine."""

import click

from nfemu.cli import control
from nfemu.cli.output import json_option, show_json, show_table
from nfemu.client import StateFolder
from nfemu.client.state import reachable
from nfemu.model.errors import Unavailable


@click.group()
def instance() -> None:
    """Several carriers on one machine; `--instance NAME` says which a command is for."""


@instance.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List those that have been started, and where their API is."""
    found = [(str(state.instance), _api(state)) for state in StateFolder.instances()]
    if as_json:
        show_json([{"name": name, "running": api is not None, "api": api} for name, api in found])
        return
    show_table(("INSTANCE", "API"), ((name, api or "not running") for name, api in found))


def _api(state: StateFolder) -> str | None:
    try:
        return f"http://{reachable(control.running(state).api)}"
    except Unavailable:
        return None
