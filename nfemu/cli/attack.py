"""`nfemu attack`: raw bytes to an enrichment proxy, nfemu's or any other, and a score of what became of them."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import urlsplit

import click

from nfemu.attack.limits import PATIENCE_S
from nfemu.attack.line import LineSockets
from nfemu.attack.origin import RecordingOrigin
from nfemu.attack.plan import FORGED, Place, Plan
from nfemu.attack.report import Score, document, head, left_out, lines_of, matrix, wrongs
from nfemu.attack.runner import Runner, families
from nfemu.attack.values import Flip, Form, Identity, Result
from nfemu.cli.context import client_of, state_of
from nfemu.cli.control import SAME_PROGRAM
from nfemu.cli.output import json_option, show_json, show_table
from nfemu.client import StateFolder
from nfemu.client.api import Client
from nfemu.client.errors import ClientError
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn

_FAMILIES = ("spoofing", "smuggling", "authority", "tls", "state", "beyond")
_SO_ALREADY = 409
_SCHEMES: Mapping[str, tuple[Form, ...]] = {"http": (Form.PROXY, Form.CONNECT), "socks5": (Form.SOCKS,)}


@click.command()
@click.option("--proxy", "proxies", multiple=True, metavar="URL", help="http:// or socks5:// of the proxy; repeatable.")
@click.option("--listener", metavar="URL", help="http:// of a listener of this line alone, or of a transparent proxy.")
@click.option("--bearer", is_flag=True, help="By packets of the number's own line, of the running emulator.")
@click.option("--number", required=True, help="The subscriber's number; also the proxy user name.")
@click.option("--country-code", default="86", show_default=True)
@click.option("--no-user-name", is_flag=True, help="The proxy asks for no user name.")
@click.option(
    "--against", metavar="ORIGIN", help="Trusted destination, as the proxy reaches our origin (see --listen)."
)
@click.option("--other", metavar="ORIGIN", help="Destination that is not trusted, as the proxy reaches it.")
@click.option("--against-address", metavar="IP", help="What the proxy resolves --against to, where that is known.")
@click.option("--other-address", metavar="IP", help="The same for --other.")
@click.option("--listen", type=int, metavar="PORT", help="Where our trusted origin listens.  [default: a free port]")
@click.option(
    "--listen-other", type=int, metavar="PORT", help="Where our other origin listens.  [default: a free port]"
)
@click.option("--header", default="X-MSISDN", show_default=True, help="The enrichment header.")
@click.option("--value", help="What it says of this line.  [default: the number in E.164 without plus]")
@click.option("--reaches-loopback", is_flag=True, help="The proxy is meant to reach this machine's own addresses.")
@click.option("--no-connect", is_flag=True, help="The proxy knows no CONNECT.")
@click.option("--patience", type=float, default=PATIENCE_S, show_default=True, help="Seconds to wait for an answer.")
@click.option("--line", type=click.Choice(["open", "restricted", "both"]), default="open", show_default=True)
@click.option("--flip", is_flag=True, help="Restrict and restore the line by the API of the running emulator.")
@click.option("--only", "chosen", multiple=True, type=click.Choice(_FAMILIES), help="These families; repeatable.")
@click.option("--i-own-this-network", "own_network", is_flag=True, help="Attack a proxy that is not on this machine.")
@json_option
@click.pass_context
def attack(context: click.Context, /, as_json: bool, chosen: Sequence[str], flip: bool, **options: object) -> int:
    """Attack an enrichment proxy; exit status 0 when every case that was played is right.

    Without --against, two recording origins on loopback are the destinations, for a proxy that forwards to anybody.
    """
    settings = Settings(**options)  # type: ignore[arg-type]  # click gives what the options above say
    changing = _by_api(client_of(context), settings.msisdn) if flip else None
    if settings.bearer:
        settings.sockets = context.with_resource(_sockets_of(state_of(context), settings.msisdn))
    results = asyncio.run(_attack(settings, changing, chosen))
    if as_json:
        show_json(document(" ".join(settings.proxies) or "bearer", results))
    else:
        _show(results)
    return 0 if Score.of(results).wrong == 0 else 1


class Settings:
    """The command's options, checked. Raises InvalidInput."""

    def __init__(
        self,
        *,
        proxies: tuple[str, ...],
        listener: str | None,
        bearer: bool,
        number: str,
        country_code: str,
        no_user_name: bool,
        against: str | None,
        other: str | None,
        against_address: str | None,
        other_address: str | None,
        listen: int | None,
        listen_other: int | None,
        header: str,
        value: str | None,
        line: str,
        own_network: bool,
        reaches_loopback: bool,
        no_connect: bool,
        patience: float,
    ) -> None:
        self.proxies = tuple(filter(None, (*proxies, listener)))
        self.bearer = bearer
        self.sockets: LineSockets | None = None
        self.entries = _entries(proxies, listener)
        if not self.entries and not bearer:
            raise InvalidInput(
                "name what to attack: `--proxy http://127.0.0.1:8610`, `--listener http://127.0.0.1:8620`, `--bearer`"
            )
        if bearer and None in {against_address, other_address}:
            raise InvalidInput("`--bearer` needs `--against-address` and `--other-address`: a phone sends to addresses")
        if no_connect:
            self.entries.pop(Form.CONNECT, None)
        self.msisdn = Msisdn.parse(number, country_code)
        self.user = None if no_user_name else number
        self.identity = Identity(header, value or self.msisdn.e164, FORGED)
        self.lines = lines_of(line)
        self.own_network = own_network
        self.patience_s = patience
        self.reaches_loopback = reaches_loopback
        self.ports = (listen or 0, listen_other or 0)
        self.listens_to_other = other is None or listen_other is not None
        self._against, self._other = (against, against_address), (other, other_address)
        if (against is None) is not (other is None):
            raise InvalidInput("`--against` and `--other` belong together: who is told the number, and who is not")
        if against is not None and listen is None:
            raise InvalidInput("`--against` needs `--listen PORT`: where the proxy reaches our origin under that name")

    def plan(self, ports: tuple[int, int], flip: Callable[[Flip], Awaitable[None]] | None) -> Plan:
        """`ports`: where the recording origins listen."""
        trusted = Place.read(self._against[0] or f"127.0.0.1:{ports[0]}", self._against[1])
        other = Place.read(self._other[0] or f"127.0.0.1:{ports[1]}", self._other[1])
        plan = Plan(
            self.entries,
            self.identity,
            trusted,
            other,
            self.lines,
            self.user,
            ports[0],
            flip,
            other_recorded=self.listens_to_other,
            reaches_loopback=self.reaches_loopback,
            patience_s=self.patience_s,
            line=self.sockets,
        )
        plan.check(own_network=self.own_network)
        return plan


def _entries(proxies: Sequence[str], listener: str | None) -> dict[Form, tuple[str, int]]:
    """Raises InvalidInput."""
    entries: dict[Form, tuple[str, int]] = {}
    for url in proxies:
        scheme = urlsplit(url).scheme
        if scheme not in _SCHEMES:
            raise InvalidInput(f"`{url}` is no proxy; write it like http://127.0.0.1:8610 or socks5://127.0.0.1:8611")
        entries |= dict.fromkeys(_SCHEMES[scheme], _endpoint(url))
    if listener is not None:
        entries[Form.LISTENER] = _endpoint(listener)
    return entries


def _endpoint(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None:
        raise InvalidInput(f"`{url}` has no host and port; write it like http://127.0.0.1:8610")
    return host, port


async def _attack(
    settings: Settings, flip: Callable[[Flip], Awaitable[None]] | None, chosen: Sequence[str]
) -> list[Result]:
    trusted, other = RecordingOrigin("trusted"), RecordingOrigin("other")
    try:
        await trusted.start(port=settings.ports[0])
        await other.start(port=settings.ports[1])
        plan = settings.plan((trusted.port, other.port), flip)
        tables = [family for family in families(plan) if not chosen or family.name in chosen]
        runner = Runner(plan, trusted, other if settings.listens_to_other else None)
        return [result async for result in runner.run(tables)]
    finally:
        await trusted.stop()
        await other.stop()


def _sockets_of(state: StateFolder, msisdn: Msisdn) -> LineSockets:
    on_line = (sys.executable, "-P", "-m", "nfemu.attack.on_line")
    return LineSockets((*SAME_PROGRAM, "--state", str(state.path), "exec", msisdn.e164, "--", *on_line))


def _by_api(client: Client, msisdn: Msisdn) -> Callable[[Flip], Awaitable[None]]:
    """Each change returns when every worker has acknowledged it."""

    async def flip(change: Flip) -> None:
        call = client.restrict if change is Flip.RESTRICT else client.restore
        try:
            await asyncio.to_thread(call, msisdn.e164)
        except ClientError as error:
            if error.status != _SO_ALREADY:
                raise

    return flip


def _show(results: Sequence[Result]) -> None:
    show_table(head(), matrix(results))
    for title, lines in (("wrong:", wrongs(results)), ("not played:", left_out(results))):
        if lines:
            click.echo(f"\n{title}")
            click.echo("\n".join(f"  {line}" for line in lines))
    click.echo(f"\n{Score.of(results)}")
