"""`nfemu`: the command line. Commands are loaded when they are called, so that light ones stay light."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from nfemu import __version__
from nfemu.client.errors import ClientError
from nfemu.model.errors import InvalidInput, NfemuError

_COMMANDS = {
    "run": "lifecycle",
    "up": "lifecycle",
    "down": "lifecycle",
    "status": "lifecycle",
    "reset": "lifecycle",
    "doctor": "doctor",
    "demo": "demo",
    "subscriber": "subscribers",
    "attach": "subscribers",
    "detach": "subscribers",
    "restrict": "subscribers",
    "restore": "subscribers",
    "profile": "subscribers",
    "charge": "accounts",
    "pay": "paying.commands",
    "ledger": "accounts",
    "autodeduct": "auto_deduct",
    "usage": "usage",
    "bill": "billing",
    "grant": "billing",
    "credit": "credit",
    "inbox": "history",
    "timeline": "history",
    "explain": "policies",
    "verify": "verifying",
    "policy": "policies",
    "config": "configuration",
    "carrier": "configuration",
    "reload": "configuration",
    "rotate-keys": "configuration",
    "exec": "execute",
    "shell": "execute",
    "capture": "capture",
    "replay": "replay",
    "device": "devices",
    "orders": "orders",
    "webhooks": "webhooks",
    "clock": "clock",
    "state": "states",
    "instance": "instances",
    "attack": "attack",
    "scenario": "scenarios.commands",
    "compare": "compare",
    "bench": "bench",
}
"""Command → module of this package; there it has its name, or where Python knows that word, `<name>_command`."""


class Commands(click.Group):
    """Imports the module of a command when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"nfemu.cli.{_COMMANDS[cmd_name]}")
        name = cmd_name.replace("-", "_")
        command = getattr(module, f"{name}_command", None) or getattr(module, name)
        assert isinstance(command, click.Command)  # noqa: S101 - a mistake in the table above
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command where there is none of that name."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"did you mean `{close[0]}`?" if close else "`nfemu --help` lists the commands"
            ctx.fail(f"there is no command `{args[0]}`; {hint}")
        return super().resolve_command(ctx, args)


_EXIT_STATUS = "Exit status: 0 done, 1 refused or failed, 2 wrong input or configuration, 130 interrupted."


@click.command(
    cls=Commands,
    epilog=_EXIT_STATUS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NFEMU_STATE",
    help="State folder of the emulator to talk to.  [default: $NFEMU_STATE, else one in the home folder]",
)
@click.option(
    "--instance",
    metavar="NAME",
    envvar="NFEMU_INSTANCE",
    help="Which of several carriers of this machine, each on a state folder and ports of its own.  "
    "[default: $NFEMU_INSTANCE, else `default`]",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NFEMU_CONFIG",
    help="Configuration folder.  [default: $NFEMU_CONFIG, else ./config, else the shipped one]",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FILE.KEY=VALUE",
    envvar="NFEMU_SET",
    help="One value instead of the configuration's, like carrier.api.port=0; repeatable.  "
    "[default: $NFEMU_SET, blanks between]",
)
@click.version_option(__version__, prog_name="nfemu")
def nfemu(state: Path | None, instance: str | None, config: Path | None, settings: tuple[str, ...]) -> None:
    """A mobile carrier's green channel on one machine."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. Refusals are printed to standard error."""
    try:
        status = nfemu.main(arguments, prog_name="nfemu", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except NfemuError as error:
        click.echo(_shown(error), err=True)
        return exit_status(error)
    except (click.Abort, KeyboardInterrupt):
        return 130
    return status if isinstance(status, int) else 0


def exit_status(error: NfemuError) -> int:
    """2 where the caller's input or configuration is wrong, else 1."""
    wrong_input = isinstance(error, InvalidInput) or (isinstance(error, ClientError) and error.status == 422)
    return 2 if wrong_input else 1


def _shown(error: NfemuError) -> str:
    """Several findings each get a line of their own."""
    text = str(error)
    return f"nfemu:\n{text}" if "\n" in text else f"nfemu: {text}"


if __name__ == "__main__":
    main()
