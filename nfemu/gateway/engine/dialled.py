"""What a UE sends to an address that it has dialled itself: TLS or HTTP, by its first octet, whatever the port.

TLS is spliced untouched. On a restricted line its name must be allowed, and the address one that the name has, as for a
request's authority; on an open line a name that does not lead there changes nothing: it goes where it was sent, and
nothing is inserted. All else is a request, or is answered as a bad one.
"""

from mitmproxy.connection import Server
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.context import Context

from nfemu.gateway.engine.admission import Admission
from nfemu.gateway.engine.commands import Dial, look_up
from nfemu.gateway.engine.dial import DialError, DialRequest
from nfemu.gateway.engine.judge import Refusal, Target
from nfemu.gateway.engine.passing import Commands, PassingLayer
from nfemu.gateway.engine.server_name import name_in
from nfemu.gateway.engine.tunnel import HttpLayerFactory
from nfemu.gateway.ports import DialTarget
from nfemu.wire.errors import WireError
from nfemu.wire.http_head import Authority
from nfemu.wire.tls_hello import HelloReader, is_handshake


class DialledLayer(PassingLayer):
    """`leads_to`: the address that was dialled."""

    _request: DialRequest

    def __init__(self, context: Context, admission: Admission, leads_to: Target, http_layer: HttpLayerFactory) -> None:
        super().__init__(context, admission.patience_s)
        self._admission = admission
        self._leads_to = leads_to
        self._http_layer = http_layer

    def _handle_event(self, event: events.Event) -> Commands:
        """Until the first octet."""
        if isinstance(event, events.ConnectionClosed):
            yield from self._close()
        elif isinstance(event, events.DataReceived):
            if is_handshake(event.data):
                self._reader = HelloReader()
                self._become(self._await_hello)
                yield from self._await_hello(event)
            else:
                self._early += event.data
                yield from self._become_http()

    def _become_http(self) -> Commands:
        """Altogether: no event of a request's way passes here again."""
        http = self._http_layer(self.context, self._admission)
        self.handle_event = http.handle_event  # type: ignore[method-assign]  # as mitmproxy's NextLayer does
        yield from self._feed(http)

    def _await_hello(self, event: events.Event) -> Commands:
        if self._deadline.owns(event):
            if (yield from self._deadline.passed()):
                yield from self._close()
        elif isinstance(event, events.ConnectionClosed):
            yield from self._close()
        elif isinstance(event, events.DataReceived):
            self._early += event.data
            try:
                hello = self._reader.receive(event.data)
            except WireError:
                yield from self._close()
                return
            if hello is None:
                yield from self._deadline.begin()
            else:
                yield from self._judged(name_in(hello))

    def _judged(self, name: str | None) -> Commands:
        leads_to = self._leads_to
        authority = Authority(name if name is not None else leads_to.text, leads_to.port)
        try:
            addresses = yield from look_up(self._admission.claimed_name(authority))
            self._request = self._admission.tls(authority, addresses)
        except Refusal:
            yield from self._close()
            return
        self.context.server = Server(address=(self._request.host, self._request.port))
        yield from self._relay()

    def _dial(self) -> layer.CommandGenerator[DialTarget | DialError]:
        outcome: DialTarget | DialError = yield Dial(self.context.server, self._request)
        return outcome
