"""`nfemu pay debug`: why a signature was not believed."""

from pathlib import Path

import click

from nfemu.cli.context import client_of
from nfemu.cli.output import json_option, seconds, show_fields, show_json, show_table
from nfemu.client.wechat_debug import RefusedSignature, Sealed, SignatureCase, SignedString
from nfemu.model.errors import InvalidInput

_MOST = 40 * 1024
"""Octets of a file: the API takes no longer requests, and this goes there in base64."""
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
_MARKED = ("[[", "]]")
"""Around what differs, where there are no colours."""


@click.command()
@click.argument("identifier", metavar="[ID]", default="")
@click.option("--request", type=_FILE, help="A request or a notification: raw HTTP, or what curl -v prints.")
@click.option("--body", type=_FILE, help="Its body, where the file has the head alone.")
@click.option("--signed", type=_FILE, help="The string that you have signed, or checked.")
@click.option("--merchant", "mchid", default="", help="Of this merchant.")
@click.option("--list", "as_list", is_flag=True, help="List what was refused lately.")
@click.option("--open", "as_page", is_flag=True, help="Print a link that opens this in a browser, once.")
@json_option
@click.pass_context
def debug(
    context: click.Context,
    identifier: str,
    request: Path | None,
    body: Path | None,
    signed: Path | None,
    mchid: str,
    as_list: bool,
    as_page: bool,
    as_json: bool,
) -> None:
    """Why a request was refused for its signature, or a notification not accepted: the newest, ID, or one of a file."""
    if as_page:
        click.echo(client_of(context).pages_link(page="/pay/debug"))
        return
    api = client_of(context).wechat
    if as_list:
        found = api.refused(mchid)
        show_json(found) if as_json else _show_list(found)
        return
    if identifier and request is not None:
        raise click.UsageError("give an ID, or --request, not both")
    if body is not None and request is None:
        raise click.UsageError("--body is that of --request; give the head there")
    case = api.debug(identifier, _read(request), _read(body), _read(signed), mchid)
    show_json(case) if as_json else _show(case)


def _read(file: Path | None) -> bytes | None:
    """Raises InvalidInput for a large one."""
    if file is None:
        return None
    with click.open_file(str(file), "rb") as opened:
        octets: bytes = opened.read(_MOST + 1)
    if len(octets) > _MOST:
        raise InvalidInput(f"`{file}` is larger than {_MOST} octets; give one request and nothing else")
    return octets


def _show_list(found: list[RefusedSignature]) -> None:
    show_table(
        ("ID", "AT", "MERCHANT", "WHAT", "ABOUT", "ANSWER", "WHY"),
        (
            (each.id, seconds(each.at), each.mchid or "-", each.kind, each.about, each.code, each.why or "-")
            for each in found
        ),
        right=[0],
    )


def _show(case: SignatureCase) -> None:
    refused = case.refused
    show_fields(
        (
            (case.kind, f"{case.method} {case.target}".strip()),
            ("merchant", "" if refused is None else refused.mchid),
            ("at", "" if refused is None else seconds(refused.at)),
            ("answered", "" if refused is None else f"{refused.code} {refused.why}".strip()),
            *case.headers.items(),
        )
    )
    click.echo()
    for check in case.checks:
        click.echo(f"{'ok' if check.holds else 'WRONG':<7}{check.name}")
    click.echo()
    for sentence in case.says:
        click.echo(sentence)
    _show_string("should be signed" if case.kind == "request" else "is to be checked", case.expected)
    _show_string("you gave" if case.other_is == "given" else "was signed", case.other)
    if case.first_difference is not None:
        click.echo(f"\nthe first difference is at octet {case.first_difference}")
    _show_sealed(case.sealed)


def _show_string(title: str, string: SignedString | None) -> None:
    """What differs from the other string is marked."""
    if string is None:
        return
    click.echo(f"\n--- {title}")
    click.echo("".join(_piece(piece.text) if piece.differs else piece.text for piece in string.pieces).rstrip("\n"))


def _piece(text: str) -> str:
    begin, end = _MARKED
    return click.style(f"{begin}{text}{end}", fg="red", bold=True)


def _show_sealed(sealed: Sealed | None) -> None:
    if sealed is not None and sealed.plain is not None:
        click.echo(f"\n--- the resource holds\n{sealed.plain}")
