"""What every command starts from: the state folder, the running emulator, the configuration folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nfemu.cli.files import config_folder
from nfemu.client import Client, StateFolder

if TYPE_CHECKING:
    from nfemu.settings import Configuration

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def carrier_option(command: Decorated) -> Decorated:
    """`--carrier`, for every command that reads the configuration."""
    text = "Lay this carrier's overlay over the configuration; `nfemu carrier list` shows which there are."
    return click.option("--carrier", metavar="NAME", envvar="NFEMU_CARRIER", help=text)(command)


def overlay_in_words(carrier: str | None) -> str:
    """What lies over the configuration's files."""
    return "no overlay" if carrier is None else f"the overlay of {carrier}"


def state_of(context: click.Context) -> StateFolder:
    """The state folder that `--state` names, else the default one."""
    chosen: Path | None = context.find_root().params.get("state")
    return StateFolder(chosen.expanduser().absolute()) if chosen is not None else StateFolder.default()


def client_of(context: click.Context) -> Client:
    """The API of the running emulator, closed when the command ends. Raises Unavailable when none runs."""
    return context.with_resource(Client.find(state_of(context)))


def config_of(context: click.Context) -> Path:
    """The configuration folder to read."""
    return config_folder(context.find_root().params.get("config"))


def settings_of(context: click.Context) -> tuple[str, ...]:
    """What `--set` puts in place of single values of the configuration."""
    chosen: tuple[str, ...] = context.find_root().params["settings"]
    return chosen


def configuration_of(context: click.Context, carrier: str | None = None) -> "Configuration":
    """What the folder, a carrier's overlay and `--set` say together. Raises InvalidInput."""
    from nfemu.cli.overrides import load_with  # much, and light commands do without

    return load_with(config_of(context), settings_of(context), carrier)
