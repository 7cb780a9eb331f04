"""The relay: TCP that has come out of the core, dialled from the host's network and spliced.

Whatever arrives here has been judged: the core's kernel forwards it and counts it, and is told of a flip, a cap or an
hour before anybody else. From then on no octet of a connection that is forbidden gets here or back to its phone. What
is left to do here is to end it on the far side as well, before the change is acknowledged.

A phone's connection stands before the origin's does, since only a listening socket takes it: an origin that refuses, or
that nobody has a way to, is a reset right after it.
"""

import socket
from collections.abc import Callable, Sequence

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.accepting import Original
from nfemu.gateway.bearer.gate.gate import Dial
from nfemu.gateway.bearer.gate.splice import Pipes
from nfemu.gateway.bearer.passages import IDLE_S, LinesByAddress, Passages
from nfemu.gateway.bearer.spliced import Refused, Spliced
from nfemu.gateway.engine.dial import DialRequest
from nfemu.gateway.engine.flows import cut_all
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Imsi
from nfemu.runtime.crowd import Bounds
from nfemu.runtime.original import original_destination

BOUNDS = Bounds(per_line=1024, in_all=8192)

Forwards = Callable[[LineState, IpAddress, int], bool]
"""Whether the core forwards TCP of the line to that address and port, as things are now."""


class Relay:
    """`sockets` are its own from now on. Create and start it in a running event loop. `dial` guards what it dials."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        view: LinesByAddress,
        forwards: Forwards,
        dial: Dial,
        *,
        original: Original = original_destination,
        bounds: Bounds = BOUNDS,
        idle_s: float = IDLE_S,
    ) -> None:
        self.pipes = Pipes()
        self._view = view
        self._forwards = forwards
        self._dial = dial
        self._original = original
        # Accepted at once: some servers speak first, and a refusal should not wait for the phone's first word.
        self._passages: Passages[_Relayed] = Passages(sockets, view, bounds, self._opened, idle_s=idle_s, defer_s=0)

    def start(self) -> None:
        """Begin to accept."""
        self._passages.start()

    async def stop(self) -> None:
        """Accept no more and close every connection. May be called twice."""
        await self._passages.stop()
        self.pipes.close()

    def __len__(self) -> int:
        """Connections that are open."""
        return len(self._passages)

    async def line_changed(self, imsi: Imsi) -> None:
        """Return when nothing of the line is relayed that is not forwarded any more."""
        await cut_all(each for each in self._passages.of_line(imsi) if not self.permits(each))

    async def rules_changed(self) -> None:
        """The same for every line."""
        await cut_all(each for each in self._passages.all() if not self.permits(each))

    def permits(self, connection: "_Relayed") -> bool:
        """Its line is the one that opened it, and is there by the same session. One that has not said yet where it is
        going is looked at when it does.
        """
        state, was = self._view.line_at(connection.peer), connection.line
        if state is None or (state.imsi, state.generation) != (was.imsi, was.generation):
            return False
        return connection.target is None or self._forwards(state, *connection.target)

    def destination(self, connection: "_Relayed") -> tuple[IpAddress, int]:
        """Raises OSError."""
        return self._original(connection.sock)

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:
        """Raises DialError."""
        return await self._dial.connect(request, source_port)

    def _opened(self, sock: socket.socket, peer: IpAddress, line: LineState) -> "_Relayed":
        return _Relayed(self, sock, peer, line)


class _Relayed(Spliced):
    """One connection through the relay."""

    def __init__(self, relay: Relay, sock: socket.socket, peer: IpAddress, line: LineState) -> None:
        super().__init__(relay.pipes, sock, peer, line)
        self._relay = relay
        self.target: tuple[IpAddress, int] | None = None

    async def _pass(self) -> None:
        self.target = address, port = self._relay.destination(self)
        if not self._relay.permits(self):
            raise Refused
        source_port: int = self.sock.getpeername()[1]
        request = DialRequest(str(address), port, plain_http=False, line=self.line)
        await self._splice(await self._relay.connect(request, source_port))
