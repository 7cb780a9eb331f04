"""`nfemu config check`, `reload`, `rotate-keys`."""

import click

from nfemu.cli.context import client_of, config_of
from nfemu.cli.output import json_option, show_json


@click.group("config")
def config_command() -> None:
    """The configuration's files, without a running emulator."""


@config_command.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Read and check every file; exit status 2 with every mistake, its line and what to write instead."""
    from nfemu.settings import load

    found = load(config_of(context))
    click.echo(
        f"{found.directory}: valid; {len(found.people)} subscribers, {len(found.catalogue.profiles)} APN profiles, "
        f"{len(found.policies.groups)} destination groups, {len(found.policies.profiles)} policy profiles"
    )


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would change; apply nothing.")
@json_option
@click.pass_context
def reload(context: click.Context, dry_run: bool, as_json: bool) -> None:
    """Make the running emulator read its configuration again: all of it, or none where it is wrong."""
    client = client_of(context)
    found = client.preview_reload() if dry_run else client.reload()
    if as_json:
        show_json(found)
        return
    for change in found:
        click.echo(change)
    if not found:
        click.echo("nothing has changed")


@click.command("rotate-keys")
@click.pass_context
def rotate_keys(context: click.Context) -> None:
    """Seal enrichment tokens with a fresh key; the one before it still opens."""
    for line in client_of(context).rotate_keys():
        click.echo(line)
