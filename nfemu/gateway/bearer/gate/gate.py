"""The gate: accepts what nft steers to it, judges it by the name in its ClientHello, and splices what may pass.

Theory. A restricted line reaches a name over TLS if its policy allows the name *and* the address is the name's: our DNS
has given it to this line, or our resolver knows it as such; the address alone opens nothing, since sites share
addresses. What passes is led to where the name leads by our own resolver, never to the address as such: so a line that
has been restored is served at a sinkhole address too, for as long as its phone remembers one. Everything else is a TCP
reset at once: never a hang, never a certificate. An encrypted ClientHello shows its public front only, and that is the
name that counts; our DNS gives nobody the keys for one.

TLS of open lines comes here at the addresses of names that a restricted line may reach, and at sinkholes. It passes
whatever it is (`leading`); what has shown such a name goes on when the line is restricted, all else ends.

A flow is entered under its name, without the address that it was admitted at: at a flip the policy decides about the
site, however long ago the phone asked for its address. What goes on counts under the new policy, and within its limits.
"""

import socket
from collections.abc import Sequence
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.accepting import Original
from nfemu.gateway.bearer.gate.connection import GateConnection, Place
from nfemu.gateway.bearer.gate.greeting import Greeting
from nfemu.gateway.bearer.gate.leading import Leading, ServerAt
from nfemu.gateway.bearer.gate.splice import Pipes
from nfemu.gateway.bearer.passages import IDLE_S, Passages
from nfemu.gateway.bearer.spliced import Refused
from nfemu.gateway.engine.dial import DialError, DialRequest
from nfemu.gateway.engine.judge import Judge, Line
from nfemu.gateway.engine.keeping import FlowKeeper
from nfemu.gateway.engine.reporting import reporting
from nfemu.gateway.ports import LineView, Reports
from nfemu.model.destination import IpAddress, Scheme
from nfemu.runtime.crowd import Bounds
from nfemu.runtime.original import original_destination

PATIENCE_S = 10.0
"""Seconds that a ClientHello may take."""
BOUNDS = Bounds(per_line=256, in_all=4096)


class Dial(Protocol):
    """Dialler is one."""

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:
        """A socket to where the request's host leads, resolved now. Raises DialError."""


class DialNames(Dial, Protocol):
    """Dialler is one."""

    async def addresses(self, host: str) -> Sequence[IpAddress]:
        """Of a name; none where it does not exist. Raises DialError."""


class Gate(FlowKeeper):
    """Implements FlowControl. `sockets` are its own from now on. Create and start it in a running event loop.

    `judge` is to be given the lines' bindings, and to refuse no address. `dial` resolves names.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        view: LineView,
        judge: Judge,
        dial: DialNames,
        reports: Reports,
        *,
        original: Original = original_destination,
        bounds: Bounds = BOUNDS,
        patience_s: float = PATIENCE_S,
        idle_s: float = IDLE_S,
        server_at: ServerAt = lambda _: None,
    ) -> None:
        super().__init__(view, judge, reports)
        self.pipes = Pipes()
        self.patience_s = patience_s
        self._dial = dial
        self._original = original
        self._leading = Leading(judge, server_at)
        self._passages = Passages(sockets, view, bounds, self._opened, self._flows.leave, idle_s=idle_s)

    def start(self) -> None:
        """Begin to accept, and to report what lines use."""
        self._passages.start()
        self.begin_reports()

    async def stop(self) -> None:
        """Accept no more and close every connection. May be called twice."""
        await self._passages.stop()
        self.end_reports()
        self.pipes.close()

    def __len__(self) -> int:
        """Connections that are open."""
        return len(self._passages)

    def destination(self, connection: GateConnection) -> Place:
        """See Passage."""
        return self._original(connection.sock)

    async def addresses(self, connection: GateConnection, greeting: Greeting, at: Place) -> Sequence[IpAddress]:
        """See Passage. None, too, where nobody can tell now."""
        name = self._leading.unknown_name(self._line(connection), greeting, at)
        if name is None:
            return ()
        try:
            return await self._dial.addresses(name)
        except DialError:
            return ()

    def admit(
        self, connection: GateConnection, greeting: Greeting, at: Place, addresses: Sequence[IpAddress]
    ) -> DialRequest:
        """See Passage."""
        line = self._line(connection)
        lead = self._leading.lead(line, greeting, at, addresses)
        with reporting(self._reports, line):
            decision = self._judge.tls(line, lead.target)
        self._enter(connection, line, decision, lead.target.destination(Scheme.HTTPS), named=lead.named)
        return DialRequest(lead.host, lead.target.port, plain_http=False, line=line.state)

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:
        """See Passage."""
        return await self._dial.connect(request, source_port)

    def _line(self, connection: GateConnection) -> Line:
        """As it is now: it may have changed, or another may have its address. Raises Refused, Refusal."""
        state, was = self._view.line_at(connection.peer), connection.line
        if state is None or (state.imsi, state.generation) != (was.imsi, was.generation):
            raise Refused
        return self._judge.attached(state)

    def _opened(self, sock: socket.socket, peer: IpAddress, line: LineState) -> GateConnection:
        return GateConnection(self, sock, peer, line)
