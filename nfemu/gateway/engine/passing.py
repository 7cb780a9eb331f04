"""A connection whose octets pass untouched, once the first of them have said what it is."""

from abc import abstractmethod
from collections.abc import Callable

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import tcp

from nfemu.gateway.engine.deadline import Deadline
from nfemu.gateway.engine.dial import DialError
from nfemu.gateway.ports import DialTarget

Commands = layer.CommandGenerator[None]


class PassingLayer(layer.Layer):
    """The attribute `_handle_event` is the state, as in mitmproxy's own layers. `patience_s`: see Admission."""

    def __init__(self, context: Context, patience_s: float) -> None:
        super().__init__(context)
        self._early = bytearray()
        """What the client has sent so far."""
        self._deadline = Deadline(patience_s)

    @abstractmethod
    def _dial(self) -> layer.CommandGenerator[DialTarget | DialError]:
        """Open the context's server connection."""

    def _become(self, state: Callable[[events.Event], Commands]) -> None:
        self._handle_event = state  # type: ignore[method-assign,assignment]  # mitmproxy's way to change state

    def _foreign(self, event: events.Event) -> bool:
        """The last words of a connection that served plain requests before, and our own wake-ups."""
        own = (self.context.client, self.context.server)
        other = isinstance(event, events.ConnectionEvent) and event.connection not in own
        return other or self._deadline.owns(event)

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
        self._become(lambda event: nothing() if self._foreign(event) else relay.handle_event(event))
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


def nothing() -> Commands:
    """What is asked for at an event that means nothing."""
    yield from ()
