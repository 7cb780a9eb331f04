"""mitmproxy's HTTP layer with our two sides, our dialling, and no hooks: nothing here is an addon's business.

One origin connection is kept per client connection. It is used again only for the same destination, the same line
and the same session: the origin was told whose connection it is.
"""

from mitmproxy.connection import Connection, Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import tcp
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import ResponseEndOfMessage

from nfemu.gateway.engine.admission import Admission
from nfemu.gateway.engine.client_side import ClientSide, OriginFailed
from nfemu.gateway.engine.commands import (
    AskOrigin,
    AskOriginCompleted,
    Dial,
    LookUp,
    Origin,
    OriginDialled,
    StartTunnel,
)
from nfemu.gateway.engine.dial import DialError, DialRequest, suit
from nfemu.gateway.engine.origin_side import OriginSide
from nfemu.gateway.engine.tunnel import HTTP_REPLIES, TunnelLayer
from nfemu.gateway.ports import DialTarget, Upstream

Commands = layer.CommandGenerator[None]


class GatewayHttpLayer(HttpLayer):
    """HTTP of one client connection, at a proxy listener or inside a tunnel."""

    def __init__(self, context: Context, admission: Admission) -> None:
        super().__init__(context, HTTPMode.regular)
        self._admission = admission
        self._client_side = ClientSide(context.fork(), admission)
        self.connections[context.client] = self._client_side
        self._kept: tuple[DialRequest, Origin] | None = None

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.ConnectionEvent) and event.connection not in self.connections:
            return  # the last words of a connection that was given up
        yield from super()._handle_event(event)

    def event_to_child(self, child: layer.Layer, event: events.Event) -> Commands:
        for command in super().event_to_child(child, event):
            if isinstance(command, commands.StartHook) and not isinstance(command, LookUp):
                source = self.command_sources.pop(command)
                yield from self.event_to_child(source, events.HookCompleted(command))
            elif isinstance(command, AskOrigin):
                yield from self._find_origin(command)
            elif isinstance(command, OriginDialled):
                yield from self._origin_dialled(command)
            elif isinstance(command, StartTunnel):
                yield from self._start_tunnel(command)
            else:
                yield command

    def make_stream(self, stream_id: int) -> Commands:
        stream = GatewayStream(self.context.fork(), stream_id, self._client_side)
        self.streams[stream_id] = stream
        yield from self.event_to_child(stream, events.Start())

    def _find_origin(self, asked: AskOrigin) -> Commands:
        if self._kept is not None and self._kept[0] == asked.request and self._kept[1].connection.connected:
            yield from self._answer(asked, self._kept[1])
            return
        yield from self._give_up_origins()
        context = self.context.fork()
        context.server = Server(address=(asked.request.host, asked.request.port))
        opening = OriginOpening(context, asked)
        self.connections[context.server] = opening
        yield from self.event_to_child(opening, events.Start())

    def _origin_dialled(self, command: OriginDialled) -> Commands:
        if isinstance(command.outcome, Origin):
            self._kept = (command.asked.request, command.outcome)
        yield from self._answer(command.asked, command.outcome)

    def _answer(self, asked: AskOrigin, outcome: Origin | DialError) -> Commands:
        stream = self.command_sources.pop(asked)
        yield from self.event_to_child(stream, AskOriginCompleted(asked, outcome))

    def _give_up_origins(self) -> Commands:
        self._kept = None
        given_up: list[Connection] = [connection for connection in self.connections if isinstance(connection, Server)]
        for connection in given_up:
            del self.connections[connection]
            yield commands.CloseConnection(connection)

    def _start_tunnel(self, command: StartTunnel) -> Commands:
        yield from self._give_up_origins()
        tunnel = TunnelLayer(
            self.context, self._admission, command.line, command.target, HTTP_REPLIES, GatewayHttpLayer
        )

        def become(event: events.Event) -> Commands:
            """Wake-ups that were asked for here are of no interest any more."""
            if isinstance(event, events.Wakeup) and self.command_sources.pop(event.command, None) is not None:
                return
            yield from tunnel.handle_event(event)

        self._handle_event = become  # type: ignore[method-assign]  # mitmproxy's way to become another layer
        yield from tunnel.handle_event(events.Start())
        if command.early:
            yield from tunnel.handle_event(events.DataReceived(self.context.client, command.early))


class GatewayStream(HttpStream):
    """One allowed request and its response, both streamed."""

    def __init__(self, context: Context, stream_id: int, client_side: ClientSide) -> None:
        super().__init__(context, stream_id)
        self._client_side = client_side

    def check_invalid(self, request: bool) -> layer.CommandGenerator[bool]:
        """Requests were checked on their raw bytes."""
        return _no() if request else super().check_invalid(request)

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        forward = self._client_side.forward
        outcome: Origin | DialError = yield AskOrigin(forward.dial)
        if isinstance(outcome, DialError):
            yield from self.handle_protocol_error(OriginFailed(self.stream_id, outcome))
            return False
        self.context.server = self.flow.server_conn = outcome.connection
        if isinstance(outcome.target, Upstream):
            suit(self.flow.request.headers, outcome.target, forward.dial.line)
        return True

    def flow_done(self) -> Commands:
        """An upgraded connection is relayed as it is; mitmproxy would keep every message of it."""
        response = self.flow.response
        if response is None or response.status_code != 101:
            yield from super().flow_done()
            return
        self.child_layer = tcp.TCPLayer(self.context, ignore=True)
        self._handle_event = self.passthrough
        yield from self.child_layer.handle_event(events.Start())
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)


class OriginOpening(layer.Layer):
    """Dials, says how it went, and is the origin's side from then on."""

    def __init__(self, context: Context, asked: AskOrigin) -> None:
        super().__init__(context)
        self._asked = asked

    def _handle_event(self, _event: events.Event) -> Commands:
        """Start."""
        outcome: DialTarget | DialError = yield Dial(self.context.server, self._asked.request)
        if isinstance(outcome, DialError):
            yield OriginDialled(self._asked, outcome)
            return
        side = OriginSide(self.context)
        self._handle_event = side.handle_event  # type: ignore[method-assign,assignment]  # as mitmproxy's HttpClient
        yield OriginDialled(self._asked, Origin(self.context.server, outcome))


def _no() -> layer.CommandGenerator[bool]:
    yield from ()
    return False
