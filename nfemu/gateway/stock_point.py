"""A stock mitmproxy as an enforcement point: whose connection it is, what it may reach, and how it gets there."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakKeyDictionary

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.net.http.url import hostport

from nfemu.carrier.ports import LineState
from nfemu.gateway.engine import responses
from nfemu.gateway.engine.dial import DialError, Dialler, DialRequest, suit
from nfemu.gateway.engine.flows import Flow, FlowTable, cut_all
from nfemu.gateway.engine.judge import Judge, Line, Refusal, Target
from nfemu.gateway.engine.reporting import reporting
from nfemu.gateway.link.client import Connection, LinkClient
from nfemu.gateway.link.messages import LinkError, Role
from nfemu.gateway.link.token import CONTROL_SOCKET, LINK_TOKEN, read_token
from nfemu.gateway.ports import Upstream
from nfemu.gateway.stock_bridge import Bridge
from nfemu.gateway.worker import software
from nfemu.model.destination import Scheme
from nfemu.model.errors import InvalidInput, NotFound, Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.usage import Allowance
from nfemu.policy.names import normalise_host
from nfemu.wire.http_head import Fields, HeadError, RequestHead, parse_request_head

_log = logging.getLogger(__name__)
_RETRY_S = 0.5


@dataclass(frozen=True, slots=True)
class Arrival:
    """A plain HTTP request, read strictly, and whose it is."""

    line: Line
    target: Target
    head: RequestHead


@dataclass(slots=True)
class _Visit:
    """One client connection: its line, its tunnel if it has one, and what it asked for last."""

    msisdn: Msisdn
    target: Target
    scheme: Scheme
    tunnel: Target | None = None


class StockPoint:
    """One per mitmproxy process. Implements FlowControl."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._link = LinkClient(state / CONTROL_SOCKET, Role.ADDON, f"stock, {software()}")
        self.judge = Judge(self._link, lambda: datetime.now(UTC))
        self._flows: FlowTable[Bridge] = FlowTable()
        self._arrivals: WeakKeyDictionary[http.HTTPFlow, Arrival] = WeakKeyDictionary()
        self._visits: dict[str, _Visit] = {}
        self._bridges: dict[str, tuple[Bridge, tuple[str, int]]] = {}
        self._dialler: Dialler | None = None

    async def follow(self) -> None:
        """For ever: connect, follow, and when the link ends, connect again."""
        while True:
            try:
                connection = await self._link.connect(read_token(self._state / LINK_TOKEN))
                origin = connection.welcome.origin
                self._dialler = Dialler(self._link, origin.socket, origin.token)
                await self._follow(connection)
                _log.error("nfemu: the control process has gone; nobody is served until it is back")
            except (OSError, LinkError, Unavailable) as error:
                _log.error("nfemu: no link to the control process, nobody is served: %s", error)
            await asyncio.sleep(_RETRY_S)

    async def _follow(self, connection: Connection) -> None:
        announcing = asyncio.create_task(self._announce())
        try:
            await self._link.follow(connection, self)
        finally:
            announcing.cancel()

    async def _announce(self) -> None:
        """Say that we serve; for the status page."""
        await self._link.picture()
        self._link.ready()

    # FlowControl: every origin connection is a bridge, and every bridge a flow.

    async def line_changed(self, state: LineState) -> None:
        flows = self._flows.of_line(state.imsi)
        await cut_all(bridge for bridge, flow in flows if self.judge.permits(flow, state) is None)

    async def rules_changed(self) -> None:
        """Also what is still allowed: with new rules a name may lead elsewhere."""
        await self.control_lost()

    async def hold(self) -> None:
        await self.control_lost()

    async def control_lost(self) -> None:
        await cut_all(bridge for bridge, _ in self._flows.all())

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """Nothing is metered here (docs/stock-addons.md)."""

    def day_began(self, ends_at: datetime) -> None:
        """The same."""

    # What arrives

    def arrival(self, flow: http.HTTPFlow) -> Arrival:
        """Read a plain HTTP request, find its line, and remove what clients must not send; once per flow.

        Raises Refusal.
        """
        if flow not in self._arrivals:
            self._arrivals[flow] = self._arrive(flow)
        return self._arrivals[flow]

    def _arrive(self, flow: http.HTTPFlow) -> Arrival:
        visit = self._visits.get(flow.client_conn.id)
        tunnel = visit.tunnel if visit is not None else None
        head = _head(flow.request, inside=tunnel is not None)
        target = Target.read(head.authority, 80 if tunnel is None else tunnel.port)
        if tunnel is not None and target != tunnel:
            raise Refusal(responses.refusal(400, "the request's authority is not the tunnel's"))
        if visit is None or tunnel is None:
            line = self.judge.line_of(head.notable[b"proxy-authorization"])
        else:
            line = self.judge.line(visit.msisdn)
        self._visit(flow.client_conn, _Visit(line.state.msisdn, target, Scheme.HTTP, tunnel))
        fields = line.rules.enricher.strip(flow.request.headers.fields)
        if not head.notable[b"host"]:
            fields.insert(0, (b"Host", str(head.authority).encode()))
        flow.request.headers = http.Headers(fields)
        flow.request.data.host = target.text
        return Arrival(line, target, head)

    def request(self, arrival: Arrival) -> None:
        """Judge a plain HTTP request. Raises Refusal."""
        with reporting(self._link, arrival.line):
            self.judge.request(arrival.line, arrival.target, arrival.head)

    def enrichment(self, arrival: Arrival) -> Fields:
        """What to insert: nothing where the policy refuses. Raises Refusal for a value that cannot be sent."""
        try:
            decision = self.judge.request(arrival.line, arrival.target, arrival.head)
        except Refusal:
            return []
        return self.judge.enrichment(arrival.line, arrival.target, decision) if decision.enrich else []

    def tunnel(self, flow: http.HTTPFlow) -> None:
        """Judge a CONNECT request. Raises Refusal."""
        if self._visits.get(flow.client_conn.id) is not None:
            raise Refusal(responses.refusal(400, "CONNECT on a connection that was used before"))
        head = _head(flow.request, inside=False)
        line = self.judge.line_of(head.notable[b"proxy-authorization"])
        target = Target.read(head.authority)
        with reporting(self._link, line):
            self.judge.tunnel(line, target)
        self._visit(flow.client_conn, _Visit(line.state.msisdn, target, Scheme.RAW, target))
        flow.request.data.host = target.text

    def _visit(self, client: Client, visit: _Visit) -> None:
        """Origin connections are kept with the client's connection: it stays with one line. Raises Refusal."""
        before = self._visits.get(client.id)
        if before is not None and before.msisdn != visit.msisdn:
            raise Refusal(responses.refusal(400, "a connection is for one number; open another one"))
        self._visits[client.id] = visit

    def tls_inside(self, client: Client, sni: str | None) -> bool:
        """A ClientHello has arrived: whether it is inside a tunnel of ours. Its name counts if it is the tunnel's."""
        visit = self._visits.get(client.id)
        if visit is None or visit.tunnel is None:
            return False
        try:
            named = sni is not None and normalise_host(sni) == visit.tunnel.host
        except InvalidInput:
            named = False
        visit.scheme = Scheme.HTTPS if named else Scheme.RAW
        return True

    def left(self, client: Client) -> None:
        """The client's connection has ended."""
        self._visits.pop(client.id, None)

    # What leaves

    async def suit(self, flow: http.HTTPFlow, arrival: Arrival) -> None:
        """Make the headers of an allowed request what a configured upstream wants."""
        try:
            route = await self._link.resolve(arrival.target.text)
        except (NotFound, Unavailable):
            return  # said by the dial
        if isinstance(route.http, Upstream):
            suit(flow.request.headers, route.http, arrival.line.state)

    async def dial(self, client: Client, server: Server) -> None:
        """Judge once more, open the real connection, and have `server` dial the bridge to it.

        Raises Refusal or DialError.
        """
        visit = self._visits.get(client.id)
        if visit is None or server.address != (visit.target.text, visit.target.port) or self._dialler is None:
            raise DialError(403, "nothing was allowed on this connection")
        line = self.judge.line(visit.msisdn)
        state = line.state
        named = visit.scheme is not Scheme.RAW
        flow = Flow(
            state.imsi,
            state.msisdn,
            state.generation,
            visit.target.destination(visit.scheme),
            named,
            line.profile.name,
            True,
        )
        if self.judge.permits(flow, state) is None or (not named and self.judge.is_trusted(line, visit.target)):
            raise DialError(403, "the line's policy does not allow it")
        plain_http = visit.scheme is Scheme.HTTP
        request = DialRequest(visit.target.text, visit.target.port, plain_http, state, line.rules)
        bridge = Bridge(await self._dialler.dial(request, client.peername[1]), self._flows.leave)
        self._flows.enter(bridge, flow)
        asked = server.address
        server.address = await bridge.open()
        self._bridges[server.id] = (bridge, asked)

    def dialled(self, server: Server) -> None:
        """mitmproxy has dialled the bridge. The address is set back, so that it keeps the connection for its origin."""
        known = self._bridges.get(server.id)
        if known is None or server.sockname is None:
            return
        bridge, asked = known
        object.__setattr__(server, "address", asked)
        bridge.claim(server.sockname[1])

    def ended(self, server: Server) -> None:
        """The connection to an origin has ended, or did not come about."""
        known = self._bridges.pop(server.id, None)
        if known is not None:
            known[0].cut()


def _head(request: http.Request, *, inside: bool) -> RequestHead:
    """The request as it came to mitmproxy, read strictly. `inside` a tunnel its target has no authority.

    Raises Refusal.
    """
    target = request.data.path
    if request.method == "CONNECT":
        target = request.data.authority
    elif not inside:
        target = f"{request.scheme}://{hostport(request.scheme, request.host, request.port)}".encode() + target
    lines = [b"%s %s %s" % (request.data.method, target, request.data.http_version)]
    lines += [b"%s: %s" % field for field in request.headers.fields]
    try:
        return parse_request_head(b"\r\n".join([*lines, b"", b""]))
    except HeadError as error:
        raise Refusal(responses.refusal(error.status, str(error))) from None
