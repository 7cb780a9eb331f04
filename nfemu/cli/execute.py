"""`nfemu exec` and `nfemu shell`: run a program on a subscriber's line."""

import os
from collections.abc import Sequence

import click

from nfemu.cli.context import client_of, state_of
from nfemu.client.line.programs import become


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("number")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def exec_command(context: click.Context, number: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on NUMBER's line: nfemu exec 13800138000 -- curl -si http://news.example/"""
    program = command[1:] if command[0] == "--" else command
    if not program:
        raise click.UsageError("name the command to run behind `--`")
    run(context, number, program)


@click.command("shell")
@click.argument("number")
@click.pass_context
def shell_command(context: click.Context, number: str) -> None:
    """An interactive shell on NUMBER's line; `exit` leaves it."""
    run(context, number, (os.environ.get("SHELL") or "/bin/sh",))


def run(context: click.Context, number: str, program: Sequence[str]) -> None:
    """Raises Conflict where nothing can run on the line; else this process ends with the program."""
    become(client_of(context), state_of(context), number, program)
