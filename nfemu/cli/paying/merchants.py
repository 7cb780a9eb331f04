"""`nfemu pay merchant`: merchants of the emulated WeChat Pay, and which of them is meant."""

from pathlib import Path

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, show_fields, show_json
from nfemu.client import Client
from nfemu.client.wechat import Merchant
from nfemu.model.errors import InvalidInput, NotFound

merchant_option = click.option("--merchant", "mchid", help="Whose order it is; not needed where there is one merchant.")


@click.group()
def merchant() -> None:
    """Merchants of the emulated WeChat Pay, and their keys."""


@merchant.command()
@click.argument("mchid")
@click.option("--appid", "appids", multiple=True, required=True, help="Like wxd678efh567hg6787; repeatable.")
@click.option("--name", default="", help="What payers see.")
@click.option("--domain", "domains", multiple=True, help="Where its H5 payments may come from; repeatable.")
@click.option(
    "--verified-by",
    type=click.Choice(["public-key", "certificate"]),
    default="public-key",
    show_default=True,
    help="By what it checks the provider's signatures.",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its own apiclient_cert.pem.  [default: one is made, with a key]",
)
@click.option(
    "--api-v3-key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Holds its own API v3 key.  [default: one is made]",
)
@json_option
@click.pass_context
def add(
    context: click.Context,
    mchid: str,
    appids: tuple[str, ...],
    name: str,
    domains: tuple[str, ...],
    verified_by: str,
    certificate: Path | None,
    api_v3_key_file: Path | None,
    as_json: bool,
) -> None:
    """Add the merchant MCHID; what its integration must be set to is printed."""
    added = client_of(context).wechat.add_merchant(
        mchid, list(appids), name, list(domains), verified_by, _text(certificate), _text(api_v3_key_file).strip()
    )
    if as_json:
        show_json(added)
    else:
        _show_merchant(added)


@merchant.command("list")
@json_option
@click.pass_context
def list_merchants(context: click.Context, as_json: bool) -> None:
    """List the merchants, and what their integrations must be set to."""
    found = client_of(context).wechat.merchants()
    if as_json:
        show_json(found)
        return
    for number, each in enumerate(found):
        click.echo() if number else None
        _show_merchant(each)


def merchant_of(client: Client, mchid: str | None) -> str:
    """The one that is meant. Raises InvalidInput, NotFound."""
    if mchid is not None:
        return mchid
    found = client.wechat.merchants()
    if not found:
        raise NotFound("there is no merchant; add one with `nfemu pay merchant add`")
    if len(found) > 1:
        raise InvalidInput(f"there are merchants {', '.join(each.mchid for each in found)}; say which with --merchant")
    return found[0].mchid


def _text(file: Path | None) -> str:
    return "" if file is None else file.read_text(encoding="ascii", errors="replace")


def _show_merchant(found: Merchant) -> None:
    show_fields(
        (
            ("merchant", f"{found.mchid}, {found.name}"),
            ("appids", ", ".join(found.appids)),
            ("domains", ", ".join(found.domains)),
            ("certificate serial", found.serial),
            ("certificate", found.certificate_file),
            ("private key", found.private_key_file or "its own"),
            ("API v3 key", found.api_v3_key_file),
            ("provider's public key", f"{found.public_key_id}, {found.public_key_file}"),
            ("verifies by", found.verified_by),
        )
    )
