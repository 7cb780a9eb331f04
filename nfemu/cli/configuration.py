"""`nfemu config check`, `carrier list`, `reload`, `rotate-keys`."""

import click

from nfemu.cli.context import carrier_option, client_of, config_of, configuration_of
from nfemu.cli.output import json_option, show_json, show_table


@click.group("config")
def config_command() -> None:
    """The configuration's files, without a running emulator."""


@config_command.command()
@carrier_option
@click.pass_context
def check(context: click.Context, carrier: str | None) -> None:
    """Read and check every file; exit status 2 with every mistake, its line and what to write instead."""
    found = configuration_of(context, carrier)
    overlay = f" with the overlay of {carrier}" if carrier else ""
    click.echo(
        f"{found.directory}{overlay}: valid; {len(found.people)} subscribers, {len(found.catalogue.profiles)} APN "
        f"profiles, {len(found.policies.groups)} destination groups, {len(found.policies.profiles)} policy profiles"
    )


@click.group("carrier")
def carrier_command() -> None:
    """The carriers that the configuration has overlays for."""


@carrier_command.command("list")
@click.pass_context
def carrier_list(context: click.Context) -> None:
    """List them: `nfemu up --carrier NAME` starts one."""
    from nfemu.settings import carriers, load

    folder = config_of(context)
    found = [(name, load(folder, carrier=name)) for name in carriers(folder)]
    show_table(
        ("NAME", "CARRIER", "PLMN", "CURRENCY", "PORTAL", "HEADER"),
        (
            (
                name,
                each.carrier.name["en"],
                str(each.carrier.plmn),
                each.carrier.currency,
                each.carrier.portal.host,
                ", ".join(f"{header.name} ({header.encoding.value})" for header in each.enrichment.headers),
            )
            for name, each in found
        ),
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
