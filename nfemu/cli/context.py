"""What every command starts from: the state folder, the running emulator, the configuration folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from nfemu.cli.files import config_folder
from nfemu.client import Client, StateFolder
from nfemu.model.errors import InvalidInput

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
    """The state folder that `--state` names, or `--instance`, else the default one.

    What is on the command line outranks the environment; there, `$NFEMU_STATE` outranks `$NFEMU_INSTANCE`. Raises
    InvalidInput for what is no name of an instance, and for both on the command line.
    """
    root = context.find_root()
    folder: Path | None = root.params.get("state")
    instance: str | None = root.params.get("instance")
    by_name = _is_typed(root, "instance")
    if by_name and _is_typed(root, "state"):
        raise InvalidInput("`--instance` and `--state` both name a state folder; give one of them")
    if instance is not None and (by_name or folder is None):
        return StateFolder.of_instance(instance)
    return StateFolder(folder.expanduser().absolute()) if folder is not None else StateFolder.default()


def _is_typed(root: click.Context, option: str) -> bool:
    return root.get_parameter_source(option) is ParameterSource.COMMANDLINE


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
