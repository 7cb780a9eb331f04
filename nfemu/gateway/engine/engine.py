"""The engine: accepts on the sockets it was given, serves, and closes at a flip what the new state forbids."""

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from socket import socket

from mitmproxy.options import Options
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context

from nfemu.carrier.ports import LineState
from nfemu.gateway.engine.admission import Admission
from nfemu.gateway.engine.connection import GatewayConnection
from nfemu.gateway.engine.deadline import PATIENCE_S
from nfemu.gateway.engine.dial import Dialler
from nfemu.gateway.engine.flows import FlowTable, cut_all
from nfemu.gateway.engine.http_layer import GatewayHttpLayer
from nfemu.gateway.engine.judge import Judge, Target
from nfemu.gateway.engine.meter import Key, Meters, limits_of
from nfemu.gateway.engine.socks import SocksLayer
from nfemu.gateway.ports import EngineConfig, LineView, Reports, Resolver
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Msisdn
from nfemu.model.usage import Allowance
from nfemu.runtime.memory import give_memory_back, keep_out_of_collections
from nfemu.runtime.original import original_destination

TopLayer = Callable[[Context, Admission], layer.Layer]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]

_BACKLOG = 1024
REPORT_EVERY_S = 1.0
"""Between two reports of what lines have used."""
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


class Engine:
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
    ) -> None:
        """`now` is wall time; `patience_s`: how long a client may take over a head, or a line's rate over a client, in
        seconds; `original`: where a redirected connection was going.
        """
        self._config = config
        self._patience_s = patience_s
        self._original = original
        self._view = view
        self._judge = Judge(view, now)
        self._reports = reports
        self._meters = Meters(time.monotonic)
        self._reporting: asyncio.Task[None] | None = None
        self._flows = FlowTable()
        self._dialler = Dialler(resolver, config.origin_socket, config.origin_token)
        self._options = _options()
        self._connections: dict[GatewayConnection, asyncio.Task[None]] = {}
        self._servers: list[asyncio.Server] = []

    async def start(self) -> None:
        """Begin to accept."""
        self._reporting = asyncio.create_task(self._report())
        for sock in self._config.http_sockets:
            await self._listen(sock, GatewayHttpLayer, None)
        for sock in self._config.socks_sockets:
            await self._listen(sock, _socks_layer, None)
        for msisdn, sock in self._config.subscriber_sockets.items():
            await self._listen(sock, GatewayHttpLayer, msisdn)
        for sock in self._config.bearer_sockets:
            await self._listen_on(sock, self._accept_bearer)

    async def drain(self, within_s: float) -> None:
        """Accept no more; return when every connection has ended by itself, after `within_s` seconds at the most."""
        self._close_listeners()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await asyncio.sleep(_HANDOVER_S)
                while self._connections:
                    await asyncio.gather(*(connection.wait_finished() for connection in self._connections))
        self._report_usage()

    async def stop(self) -> None:
        """Accept no more and close every connection."""
        self._close_listeners()
        await cut_all(self._connections)
        if self._reporting is not None:
            self._reporting.cancel()
        self._report_usage()

    def _close_listeners(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def line_changed(self, state: LineState) -> None:
        """Close every flow of this line that `state` forbids; returns when they are closed."""
        flows = self._flows.of_line(state.imsi)
        await cut_all(connection for connection, flow in flows if not self._judge.permits(flow, state))

    async def rules_changed(self) -> None:
        """Close every flow that the new rules forbid; the others go on within the new limits."""
        rules = self._view.rules()
        for connection in self._connections:
            if (flow := self._flows.of(connection)) is not None:
                limits = limits_of(rules, flow.policy)
                connection.limited(self._meters.limiter_of((flow.imsi, flow.policy), limits))
        await self._end_exceeded(self._meters.rules_changed(rules))
        await cut_all(
            connection
            for connection, flow in self._flows.all()
            if (state := self._view.line(flow.msisdn)) is None or not self._judge.permits(flow, state)
        )

    async def control_lost(self) -> None:
        """Close every flow: nobody knows any more who may do what."""
        await cut_all(connection for connection, _ in self._flows.all())

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """See FlowControl."""
        await self._end_exceeded(self._meters.allow(allowances))

    def day_began(self, ends_at: datetime) -> None:
        """See FlowControl."""
        self._meters.start_day(ends_at)

    async def _end_exceeded(self, lines: Sequence[Key]) -> None:
        """Close what lines past their cap still have open, apart from what paying needs."""
        await cut_all(
            connection
            for imsi, policy in lines
            for connection, flow in self._flows.of_line(imsi)
            if flow.policy == policy and not flow.essential
        )

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            self._report_usage()

    def _report_usage(self) -> None:
        grown = self._meters.growth()
        if grown:
            self._reports.used(grown)

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
        self._accept(reader, writer, GatewayHttpLayer, owner, Target(None, *dialled))

    def _accept(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        top_layer: TopLayer,
        owner: Msisdn | IpAddress | None,
        inside: Target | None,
    ) -> None:
        connection = GatewayConnection(reader, writer, self._options, self._dialler, self._patience_s)
        admission = Admission(
            self._judge, self._flows, self._meters, self._reports, connection, owner, inside, self._patience_s
        )
        connection.layer = top_layer(connection.layer.context, admission)
        self._connections[connection] = asyncio.create_task(self._serve(connection))

    async def _serve(self, connection: GatewayConnection) -> None:
        try:
            await connection.serve()
        finally:
            del self._connections[connection]
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
