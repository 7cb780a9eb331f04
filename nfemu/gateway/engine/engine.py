"""The engine: accepts on the sockets it was given, serves, and closes at a flip what the new state forbids."""

import asyncio
import contextlib
import gc
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from socket import IPPROTO_TCP, TCP_DEFER_ACCEPT, socket

from mitmproxy.options import Options
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context

from nfemu.gateway.engine.admission import Admission
from nfemu.gateway.engine.connection import GatewayConnection
from nfemu.gateway.engine.deadline import PATIENCE_S
from nfemu.gateway.engine.dial import Dialler
from nfemu.gateway.engine.dialled import DialledLayer
from nfemu.gateway.engine.flows import cut_all
from nfemu.gateway.engine.http_layer import GatewayHttpLayer
from nfemu.gateway.engine.judge import Judge, Target
from nfemu.gateway.engine.keeping import FlowKeeper
from nfemu.gateway.engine.socks import SocksLayer
from nfemu.gateway.ports import EngineConfig, LineView, Reports, Resolver
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Imsi, Msisdn
from nfemu.runtime.crowd import Bounds, Guests
from nfemu.runtime.descriptors import affordable, few_are_left
from nfemu.runtime.listening import DEFER_S
from nfemu.runtime.memory import give_memory_back, keep_out_of_collections
from nfemu.runtime.original import original_destination

TopLayer = Callable[[Context, Admission], layer.Layer]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]

_BACKLOG = 1024
BOUNDS = Bounds(per_line=1024, in_all=8192)
"""Of a worker. Those that have not said yet whose they are have as many places as a line."""
_HANDOVER_S = 0.02
"""What was accepted just before a listener closed reaches us some turns of the loop later."""


def tune_process() -> None:
    """Once per worker, after imports.

    A connection is a cycle of some 200 objects and, with what it has read, 30 KiB. Those that lasted are found by a
    full collection only: there is one for about every thousand of them, and it looks at nothing else that lives.
    """
    give_memory_back()
    keep_out_of_collections()
    gc.set_threshold(10_000, 5, 5)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Engine(FlowKeeper):
    """One worker's data plane. Create and start it in a running event loop."""

    def __init__(
        self,
        config: EngineConfig,
        view: LineView,
        resolver: Resolver,
        reports: Reports,
        now: Callable[[], datetime] = _utc_now,
        patience_s: float = PATIENCE_S,
        original: Callable[[socket], tuple[IpAddress, int]] = original_destination,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """`now` is wall time; `patience_s`: how long a client may take over a head, or a line's rate over a client, in
        seconds; `original`: where a redirected connection was going; `bounds`: client connections.
        """
        super().__init__(view, Judge(view, now), reports)
        self._config = config
        self._patience_s = patience_s
        self._original = original
        self._dialler = Dialler(resolver, config.origin_socket, config.origin_token)
        self._options = _options()
        self._connections: dict[GatewayConnection, asyncio.Task[None]] = {}
        self._guests: Guests[Imsi | None, GatewayConnection] = Guests(affordable(bounds))
        self._servers: list[asyncio.Server] = []

    async def start(self) -> None:
        """Begin to accept."""
        self.begin_reports()
        for sock in self._config.http_sockets:
            await self._listen(sock, GatewayHttpLayer, None)
        for sock in self._config.socks_sockets:
            await self._listen(sock, _socks_layer, None)
        for msisdn, sock in self._config.subscriber_sockets.items():
            await self._listen(sock, GatewayHttpLayer, msisdn)
        for sock in self._config.bearer_sockets:
            sock.setsockopt(IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S)
            await self._listen_on(sock, self._accept_bearer)

    async def drain(self, within_s: float) -> None:
        """Accept no more; return when every connection has ended by itself, after `within_s` seconds at the most."""
        self._close_listeners()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await asyncio.sleep(_HANDOVER_S)
                while self._connections:
                    await asyncio.gather(*(connection.wait_finished() for connection in self._connections))
        self.report_usage()

    async def stop(self) -> None:
        """Accept no more and close every connection."""
        self._close_listeners()
        await cut_all(self._connections)
        self.end_reports()

    def _close_listeners(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    @property
    def connections(self) -> int:
        """Client connections that are open."""
        return len(self._connections)

    async def _listen(self, sock: socket, top_layer: TopLayer, owner: Msisdn | None) -> None:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._accept(reader, writer, top_layer, owner, None)

        await self._listen_on(sock, accept)

    async def _listen_on(self, sock: socket, accept: Accept) -> None:
        self._servers.append(await asyncio.start_server(accept, sock=sock, backlog=_BACKLOG))

    def _accept_bearer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From a UE itself, on its way elsewhere: whose it is and where it leads are no claims of the client."""
        try:
            dialled = self._original(writer.get_extra_info("socket"))
        except OSError:  # not redirected, or gone already
            writer.transport.abort()
            return
        owner = ip_address(writer.get_extra_info("peername")[0])
        leads_to = Target(None, *dialled)

        def dialled_layer(context: Context, admission: Admission) -> layer.Layer:
            return DialledLayer(context, admission, leads_to, GatewayHttpLayer)

        self._accept(reader, writer, dialled_layer, owner, leads_to)

    def _accept(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        top_layer: TopLayer,
        owner: Msisdn | IpAddress | None,
        inside: Target | None,
    ) -> None:
        connection = GatewayConnection(reader, writer, self._options, self._dialler, self._patience_s, self._guests)
        if few_are_left(writer.get_extra_info("socket").fileno()) or not connection.belong_to(self._line(owner)):
            writer.transport.abort()
            return
        admission = Admission(
            self._judge, self._flows, self._meters, self._reports, connection, owner, inside, self._patience_s
        )
        connection.layer = top_layer(connection.layer.context, admission)
        self._connections[connection] = asyncio.create_task(self._serve(connection))

    def _line(self, owner: Msisdn | IpAddress | None) -> Imsi | None:
        """None: nobody knows yet."""
        match owner:
            case None:
                state = None
            case Msisdn():
                state = self._view.line(owner)
            case _:
                state = self._view.line_at(owner)
        return state.imsi if state is not None else None

    async def _serve(self, connection: GatewayConnection) -> None:
        try:
            await connection.serve()
        finally:
            del self._connections[connection]
            connection.leave()
            self._flows.leave(connection)
            connection.unmetered()


def _socks_layer(context: Context, admission: Admission) -> layer.Layer:
    return SocksLayer(context, admission, GatewayHttpLayer)


def _options() -> Options:
    """What mitmproxy's layers ask for; `stream_large_bodies` and `body_size_limit` stay unset (bodies are streamed)."""
    options = Options()
    wanted: dict[str, tuple[object, object]] = {
        "connection_strategy": (str, "lazy"),
        "stream_large_bodies": (str | None, None),
        "body_size_limit": (str | None, None),
        "validate_inbound_headers": (bool, True),
        "keep_host_header": (bool, True),
        "store_streamed_bodies": (bool, False),
    }
    for name, (kind, value) in wanted.items():
        if name not in options:
            options.add_option(name, kind, value, "")
    options.update(websocket=False, rawtcp=True)
    return options
