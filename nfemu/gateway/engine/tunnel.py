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

from nfemu.gateway.engine import responses
from nfemu.gateway.engine.admission import Admission
from nfemu.gateway.engine.commands import Dial, LookUp
from nfemu.gateway.engine.dial import DialError, DialRequest
from nfemu.gateway.engine.judge import Line, Target
from nfemu.gateway.engine.passing import Commands, PassingLayer, nothing
from nfemu.gateway.engine.server_name import name_in
from nfemu.gateway.ports import DialTarget
from nfemu.model.destination import IpAddress
from nfemu.wire.errors import WireError
from nfemu.wire.first_bytes import FirstBytes, classify
from nfemu.wire.socks5 import Reply
from nfemu.wire.socks5 import reply as socks_reply
from nfemu.wire.tls_hello import parse_client_hello

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


class TunnelLayer(PassingLayer):
    def __init__(
        self,
        context: Context,
        admission: Admission,
        line: Line,
        target: Target,
        replies: Replies,
        http_layer: HttpLayerFactory,
    ) -> None:
        super().__init__(context, admission.patience_s)
        self._admission = admission
        self._line = line
        self._target = target
        self._replies = replies
        self._http_layer = http_layer
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
        except WireError:
            yield from self._raw()  # what looks like TLS and is none may be anything
            return
        name = name_in(hello)
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
        self._become(lambda event: nothing() if self._deadline.owns(event) else http.handle_event(event))
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


def _address(peer: tuple[object, ...] | str | None) -> IpAddress | None:
    """Of a socket's peer; None for what has no address."""
    return ip_address(str(peer[0])) if isinstance(peer, tuple) else None
