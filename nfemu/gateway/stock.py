"""Our rules in a stock mitmproxy: what `addons/*.py` load into `mitmdump -s …` or mitmweb beside a running emulator.

Works in mitmproxy's regular mode; the proxy user name is the subscriber's number. Whatever is loaded, clients' copies
of enrichment headers are removed, nothing forbidden is dialled, TLS is never opened, and without the lease of the
control process nobody is served. Requests are seen only after mitmproxy's own parser:
docs/stock-addons.md lists what that hides.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from mitmproxy import http
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.net.http import http1
from mitmproxy.options import Options
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData

from nfemu.client.state import StateFolder
from nfemu.gateway.engine import responses
from nfemu.gateway.engine.dial import DialError
from nfemu.gateway.engine.judge import Refusal
from nfemu.gateway.stock_point import StockPoint

_STATE = "nfemu_state"


class ArrearsRedirect:
    """Redirects or refuses plain HTTP that the line's policy does not allow."""

    _gate: "Gate"

    def load(self, loader: Loader) -> None:
        self._gate = _gate(loader)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        with _answered(flow):
            point = self._gate.point()
            point.request(point.arrival(flow))


class HeaderEnrichment:
    """Inserts what trusted destinations are told. Refuses nothing by itself: what is forbidden is not dialled."""

    _gate: "Gate"

    def load(self, loader: Loader) -> None:
        self._gate = _gate(loader)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        with _answered(flow):
            point = self._gate.point()
            arrival = point.arrival(flow)
            inserted = point.enrichment(arrival)
            flow.request.headers = http.Headers([*flow.request.headers.fields, *inserted])


class Gate:
    """What both need, once per mitmproxy: the link, and every connection to an origin. Behind both in the chain."""

    name = "nfemu"

    def __init__(self, options: Options) -> None:
        self._options = options
        self._point: StockPoint | None = None
        self._following: asyncio.Task[None] | None = None

    def point(self) -> StockPoint:
        """Raises Refusal before mitmproxy runs."""
        if self._point is None:
            raise Refusal(responses.UNAVAILABLE)
        return self._point

    def load(self, loader: Loader) -> None:
        loader.add_option(_STATE, str, "", "State folder of the running nfemu; default: where `nfemu up` keeps it.")

    def running(self) -> None:
        # Lazy: a refused request must not have dialled anything.
        self._options.update(connection_strategy="lazy")
        chosen = getattr(self._options, _STATE)
        state = Path(chosen).expanduser() if chosen else StateFolder.default().path
        self._point = StockPoint(state)
        self._following = asyncio.create_task(self._point.follow())

    async def done(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.response is not None:
            return
        # Stays if anything goes wrong below: mitmproxy logs an addon's error and carries on.
        flow.response = _response(responses.UNAVAILABLE, flow.request.method)
        try:
            arrival = self.point().arrival(flow)
            await self.point().suit(flow, arrival)
        except Refusal as refusal:
            _refuse(flow, refusal)
        else:
            flow.response = None

    def http_connect(self, flow: http.HTTPFlow) -> None:
        with _answered(flow):
            self.point().tunnel(flow)

    def tls_clienthello(self, data: ClientHelloData) -> None:
        inside = self._point is not None and self._point.tls_inside(data.context.client, data.client_hello.sni)
        data.ignore_connection = data.ignore_connection or inside

    async def server_connect(self, data: ServerConnectionHookData) -> None:
        # The same here: else mitmproxy would dial by itself.
        data.server.error = "nfemu: the line is not served"
        try:
            await self.point().dial(data.client, data.server)
        except DialError as error:
            data.server.error = f"nfemu: {error}"
        except Refusal:
            return
        else:
            data.server.error = None

    def server_connected(self, data: ServerConnectionHookData) -> None:
        self.point().dialled(data.server)

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        self.point().ended(data.server)

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        self.point().ended(data.server)

    def client_disconnected(self, client: Client) -> None:
        if self._point is not None:
            self._point.left(client)


def _gate(loader: Loader) -> Gate:
    """The one of this mitmproxy, added when the first of our addons is loaded."""
    known = loader.master.addons.get(Gate.name)
    if isinstance(known, Gate):
        return known
    gate = Gate(loader.master.options)
    loader.master.addons.add(gate)
    return gate


@contextlib.contextmanager
def _answered(flow: http.HTTPFlow) -> Iterator[None]:
    """Turn a refusal into the flow's response; an answer that is already there stays."""
    try:
        yield
    except Refusal as refusal:
        if flow.response is None:
            _refuse(flow, refusal)


def _refuse(flow: http.HTTPFlow, refusal: Refusal) -> None:
    flow.request.stream = False
    flow.response = _response(refusal.answer, flow.request.method)


def _response(answer: bytes, method: str) -> http.Response:
    head, _, body = answer.partition(b"\r\n\r\n")
    response = http1.read_response_head(head.split(b"\r\n"))
    response.data.content = b"" if method == "HEAD" else body
    response.timestamp_start = response.timestamp_end = time.time()
    return response
