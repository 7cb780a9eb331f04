"""`docs/reference/commands.md`: every command, from what `--help` shows."""

from collections.abc import Iterator
from inspect import cleandoc

import click

from nfemu.cli.main import nfemu
from tools.reference.markdown import MADE, code, table


def page() -> str:
    lines = [MADE, "", "# Commands", ""]
    for context in _contexts(click.Context(nfemu, info_name="nfemu")):
        lines += _section(context)
    return "\n".join(lines)


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """Of a command and all below it, in the order of `--help`."""
    yield context
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield from _contexts(click.Context(command, info_name=name, parent=context))


def _section(context: click.Context) -> Iterator[str]:
    command = context.command
    path = _path(context)
    level = "##" if context.parent is None or context.parent.parent is None else "###"
    yield from (f"{level} {path}", "")
    yield from ("    " + " ".join([path, *command.collect_usage_pieces(context)]), "")
    for text in (command.help, command.epilog):
        if text:
            yield from (cleandoc(text).replace("\b\n", ""), "")
    records = [each.get_help_record(context) for each in command.get_params(context) if "--help" not in each.opts]
    yield from table(("option", "meaning"), ((code(one[0]), one[1]) for one in records if one and one[1]))


def _path(context: click.Context) -> str:
    """Without the options of the commands above it, which `command_path` would name."""
    parent = f"{_path(context.parent)} " if context.parent is not None else ""
    return f"{parent}{context.info_name}"
