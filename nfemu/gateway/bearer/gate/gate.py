"""The gate: accepts what nft steers to it, judges it by the name in its ClientHello, and splices what may pass.

Theory. A restricted line reaches a name over TLS if its policy allows the name *and* our DNS has given this line that
very address for it; the address alone opens nothing, since sites share addresses. What passes is led to where the name
leads by our own resolver, never to the address as such: so a line that has been restored is served at a sinkhole
address too, for as long as its phone remembers one. Everything else is a TCP reset at once: never a hang, never a
certificate. An encrypted ClientHello shows its public front only, and that is the name that counts; our DNS gives
nobody the keys for one.

A flow is entered under its name, without the address that it was admitted at: at a flip the policy decides about the
site, however long ago the phone asked for its address.
"""

import socket
from collections.abc import Sequence
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.accepting import Original
from nfemu.gateway.bearer.crowd import Bounds
from nfemu.gateway.bearer.gate.connection import GateConnection
from nfemu.gateway.bearer.gate.splice import Pipes
from nfemu.gateway.bearer.passages import IDLE_S, Passages
from nfemu.gateway.bearer.spliced import Refused
from nfemu.gateway.engine.dial import DialRequest
from nfemu.gateway.engine.flows import Flow
from nfemu.gateway.engine.judge import Judge, Line, Target
from nfemu.gateway.engine.keeping import FlowKeeper
from nfemu.gateway.engine.reporting import reporting
from nfemu.gateway.ports import LineView, Reports
from nfemu.model.destination import IpAddress, Scheme
from nfemu.model.policy import Decision
from nfemu.policy.sinkholes import is_sinkhole
from nfemu.runtime.original import original_destination

PATIENCE_S = 10.0
"""Seconds that a ClientHello may take."""
BOUNDS = Bounds(per_line=256, in_all=4096)


class Dial(Protocol):
    """Dialler is one."""

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:
        """A socket to where the request's host leads, resolved now. Raises DialError."""


class Gate(FlowKeeper):
    """Implements FlowControl. `sockets` are its own from now on. Create and start it in a running event loop.

    `judge` is to be given the lines' bindings, and to refuse no address. `dial` resolves names.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        view: LineView,
        judge: Judge,
        dial: Dial,
        reports: Reports,
        *,
        original: Original = original_destination,
        bounds: Bounds = BOUNDS,
        patience_s: float = PATIENCE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        super().__init__(view, judge, reports)
        self.pipes = Pipes()
        self.patience_s = patience_s
        self._dial = dial
        self._original = original
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

    def destination(self, connection: GateConnection) -> Target:
        """See Passage."""
        return Target(None, *self._original(connection.sock))

    def admit(self, connection: GateConnection, name: str, leads_to: Target) -> DialRequest:
        """See Passage. The line is asked for anew: it may have changed, or another may have its address."""
        state = self._view.line_at(connection.peer)
        was = connection.line
        if state is None or (state.imsi, state.generation) != (was.imsi, was.generation):
            raise Refused
        line = self._judge.attached(state)
        named = Target(name, None, leads_to.port)
        with reporting(self._reports, line):
            decision = self._judge.tls(line, _judged(named, leads_to))
        self._enter(connection, line, named, decision)
        return DialRequest(name, named.port, plain_http=False, line=state)

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:
        """See Passage."""
        return await self._dial.connect(request, source_port)

    def _enter(self, connection: GateConnection, line: Line, target: Target, decision: Decision) -> None:
        """Raises Refused past the line's daily cap."""
        essential = decision.group in line.profile.essential
        limiter = self._meters.limiter(line)
        if limiter is not None and limiter.exceeded() and not essential:
            raise Refused
        state = line.state
        destination = target.destination(Scheme.HTTPS)
        flow = Flow(state.imsi, state.msisdn, state.generation, destination, True, line.profile.name, essential)
        self._flows.enter(connection, flow)
        connection.metered(self._meters.counter(line, decision.group), limiter, essential=essential)

    def _opened(self, sock: socket.socket, peer: IpAddress, line: LineState) -> GateConnection:
        return GateConnection(self, sock, peer, line)


def _judged(named: Target, leads_to: Target) -> Target:
    """The name at the address; the name alone at a sinkhole, which is no site's."""
    address = leads_to.address
    return named if address is None or is_sinkhole(address) else Target(named.host, address, named.port)
