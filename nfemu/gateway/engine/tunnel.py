"""What happens inside a CONNECT or SOCKS tunnel that was allowed.

The first bytes decide. TLS is spliced untouched; a restricted line's ClientHello must name exactly the host that the
tunnel was opened for. Plain HTTP, whatever the port, goes through the HTTP layer, whose every request must be for the
tunnel's own authority. Anything else passes on an open line only, and never to a trusted destination, whatever name or
address of it the tunnel was opened to: what is not HTTP to us might still be HTTP to it.

An open line's tunnel is dialled before it is confirmed, so that the client learns when nobody answers and servers that
speak first are heard. A restricted line's tunnel is confirmed first: before its ClientHello nothing may be dialled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import tcp

from nfemu.gateway.engine import responses
from nfemu.gateway.engine.admission import Admission
from nfemu.gateway.engine.commands import Dial, LookUp
from nfemu.gateway.engine.deadline import Deadline
from nfemu.gateway.engine.dial import DialError, DialRequest
from nfemu.gateway.engine.judge import Line, Target
from nfemu.gateway.ports import DialTarget
from nfemu.model.destination import IpAddress
from nfemu.model.errors import InvalidInput
from nfemu.policy.names import normalise_host
from nfemu.wire.errors import WireError
from nfemu.wire.first_bytes import FirstBytes, classify
from nfemu.wire.socks5 import Reply
from nfemu.wire.socks5 import reply as socks_reply
from nfemu.wire.tls_hello import parse_client_hello

Commands = layer.CommandGenerator[None]
HttpLayerFactory = Callable[[Context, Admission], layer.Layer]

_HTTP_PORT = 80
_RTSP_PORTS = (554, 8554)
"""Where a request line of RTSP is one; elsewhere it is the HTTP layer's to refuse."""


@dataclass(frozen=True, slots=True)
class Replies:
    """How the protocol that asked for the tunnel says that it is there, or is not."""

    established: bytes
    failed: Callable[[DialError], bytes]


def _socks_failure(error: DialError) -> bytes:
    return socks_reply(Reply.NOT_ALLOWED if error.status == 403 else Reply.HOST_UNREACHABLE)


HTTP_REPLIES = Replies(responses.CONNECT_OK, DialError.page)
SOCKS_REPLIES = Replies(socks_reply(Reply.SUCCEEDED), _socks_failure)


class TunnelLayer(layer.Layer):
    """The attribute `_handle_event` is the state, as in mitmproxy's own layers."""

    def __init__(
        self,
        context: Context,
        admission: Admission,
        line: Line,
        target: Target,
        replies: Replies,
        http_layer: HttpLayerFactory,
    ) -> None:
        super().__init__(context)
        self._admission = admission
        self._line = line
        self._target = target
        self._replies = replies
        self._http_layer = http_layer
        self._early = bytearray()
        self._deadline = Deadline(admission.patience_s)
        self._ends: set[IpAddress | None] = set()
        """Addresses of what was dialled, and of the name that it was dialled for."""
        self._no_raw = line.restricted or admission.judge.is_trusted(line, target)
        context.server = Server(address=(target.text, target.port))

    def _handle_event(self, _event: events.Event) -> Commands:
        """Start."""
        if not self._no_raw and self._target.port != _HTTP_PORT:
            outcome = yield from self._dial()
            if isinstance(outcome, DialError):
                self._become(self._done)
                self._admission.leave()
                yield commands.SendData(self.context.client, self._replies.failed(outcome))
                yield commands.CloseConnection(self.context.client)
                return
        self._become(self._sniff)
        yield commands.SendData(self.context.client, self._replies.established)

    def _dial(self) -> layer.CommandGenerator[DialTarget | DialError]:
        request = DialRequest(self._target.text, self._target.port, False, self._line.state)
        dial = Dial(self.context.server, request)
        outcome: DialTarget | DialError = yield dial
        self._ends = {self._target.address, _address(self.context.server.peername), *dial.addresses} - {None}
        return outcome

    def _become(self, state: Callable[[events.Event], Commands]) -> None:
        self._handle_event = state  # type: ignore[method-assign,assignment]  # mitmproxy's way to change state

    def _foreign(self, event: events.Event) -> bool:
        """The last words of a connection that served plain requests before the tunnel, and our own wake-ups."""
        own = (self.context.client, self.context.server)
        other = isinstance(event, events.ConnectionEvent) and event.connection not in own
        return other or self._deadline.owns(event)

    def _sniff(self, event: events.Event) -> Commands:
        if self._deadline.owns(event):
            if (yield from self._deadline.passed()):
                yield from self._close()
        elif self._foreign(event):
            return
        elif isinstance(event, events.ConnectionClosed):
            yield from self._close()
        elif isinstance(event, events.DataReceived):
            if event.connection is self.context.server:
                yield from self._raw(event)
                return
            self._early += event.data
            yield from self._decide()
            if self._early:
                yield from self._deadline.begin()

    def _decide(self) -> Commands:
        match classify(self._early):
            case FirstBytes.TLS:
                yield from self._tls()
            case FirstBytes.HTTP:
                yield from self._http()
            case FirstBytes.LIKE_HTTP if self._no_raw or self._target.port not in _RTSP_PORTS:
                yield from self._http()
            case FirstBytes.OTHER | FirstBytes.LIKE_HTTP:
                yield from self._raw()

    def _tls(self) -> Commands:
        try:
            hello = parse_client_hello(self._early)
            if hello is None:
                return
            name = None if hello.server_name is None else normalise_host(hello.server_name)
        except WireError:
            yield from self._raw()  # what looks like TLS and is none may be anything
            return
        except InvalidInput:
            name = None
        named = name is not None and name == self._target.host
        if self._line.restricted and not named:
            yield from self._close()
            return
        if named:
            self._admission.name_tunnel(self._target)
        yield from self._relay()

    def _http(self) -> Commands:
        """Each request dials for itself: plain HTTP may lead elsewhere than other traffic."""
        if self.context.server.connected:
            yield commands.CloseConnection(self.context.server)
        self._admission.leave()
        http = self._http_layer(self.context, self._admission.for_tunnel(self._line, self._target))
        self._become(lambda event: _nothing() if self._deadline.owns(event) else http.handle_event(event))
        yield from self._feed(http)

    def _raw(self, server_spoke: events.DataReceived | None = None) -> Commands:
        """Neither TLS nor HTTP, or not known yet: the server spoke first."""
        if self._no_raw or not (yield from self._connected()) or (yield from self._leads_to_trusted()):
            yield from self._close()
        else:
            yield from self._relay(server_spoke)

    def _leads_to_trusted(self) -> layer.CommandGenerator[bool]:
        """Whether the tunnel's other end is a trusted name's, as the gateway itself resolves it, or might be."""
        for name in self._line.profile.names_trusted_on(self._target.port):
            look_up = LookUp(name)
            yield look_up
            if look_up.error is not None or not self._ends.isdisjoint(look_up.addresses):
                return True
        return False

    def _connected(self) -> layer.CommandGenerator[bool]:
        """Dial unless that has been done."""
        if self.context.server.connected:
            return True
        return not isinstance((yield from self._dial()), DialError)

    def _relay(self, server_spoke: events.DataReceived | None = None) -> Commands:
        if not (yield from self._connected()):
            yield from self._close()
            return
        relay = tcp.TCPLayer(self.context, ignore=True)
        self._become(lambda event: _nothing() if self._foreign(event) else relay.handle_event(event))
        yield from self._feed(relay)
        if server_spoke is not None:
            yield from relay.handle_event(server_spoke)

    def _feed(self, child: layer.Layer) -> Commands:
        """Start it with what came so far."""
        early = bytes(self._early)
        self._early.clear()
        yield from child.handle_event(events.Start())
        if early:
            yield from child.handle_event(events.DataReceived(self.context.client, early))

    def _close(self) -> Commands:
        self._become(self._done)
        if self.context.server.connected:
            yield commands.CloseConnection(self.context.server)
        yield commands.CloseConnection(self.context.client)

    def _done(self, _event: events.Event) -> Commands:
        yield from ()


def _address(peer: tuple[object, ...] | str | None) -> IpAddress | None:
    """Of a socket's peer; None for what has no address."""
    return ip_address(str(peer[0])) if isinstance(peer, tuple) else None


def _nothing() -> Commands:
    yield from ()
