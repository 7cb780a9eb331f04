"""The redirect responder: answers plain HTTP of restricted lines that can only be sent to the landing page.

Theory. nft steers here what no rule of the line's profile can allow at that address. Each connection gets one answer,
which closes it: 302 for GET and HEAD, 511 for other methods, 403 where the profile rejects, 429 past the line's daily
cap, as on proxy access. The
head is read as strictly as there; a body is not read at all, only thrown away until the phone has heard the answer.
TLS has no answer but a reset, at its first octet: no name in it may be reached here, or it would have been steered on.
A request that the policy *allows* by now (the line was restored, or a name was bound, while the connection was on its
way) is not ours to answer, and no redirect: it is closed unanswered, so that the phone asks anew and is steered anew.

Nearly every connection brings its whole request along (its socket defers accepting until then), so the usual way is
accept, read, judge, write, close, in one go. Only what comes in pieces waits, bounded in number and in time.
"""

import asyncio
import socket
from collections.abc import Sequence

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.accepting import Acceptor, Original, reset
from nfemu.gateway.bearer.exchange import READ, Exchange
from nfemu.gateway.bearer.prepared import PreparedRedirects
from nfemu.gateway.engine import responses
from nfemu.gateway.engine.caps import Caps
from nfemu.gateway.engine.judge import Judge, Refusal, Target
from nfemu.gateway.engine.reporting import reporting
from nfemu.gateway.ports import LineView, Reports
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Imsi
from nfemu.runtime.crowd import Bounds, Crowd
from nfemu.runtime.original import original_destination
from nfemu.wire.http_head import RequestHead
from nfemu.wire.plain_get import read_plain_get

PATIENCE_S = 15.0
"""Seconds. A head that comes in pieces may take that long, and at the most twice as long."""
LINGER_S = 2.0
"""How long a phone may go on sending after its answer before the connection is closed under it (RFC 9112, 9.6)."""
BOUNDS = Bounds(per_line=64, in_all=1024)
"""Of connections that wait for the rest of a head, or linger."""

HTTP_PORT = 80


class Responder:
    """Serves on `sockets`, which are its own from now on. Create and start it in a running event loop.

    `judge` is to be given the lines' bindings, and to refuse no address: whatever arrives here is answered.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        view: LineView,
        judge: Judge,
        caps: Caps,
        reports: Reports,
        *,
        original: Original = original_destination,
        bounds: Bounds = BOUNDS,
        patience_s: float = PATIENCE_S,
        linger_s: float = LINGER_S,
    ) -> None:
        self.view = view
        self.linger_s = linger_s
        self._judge = judge
        self._caps = caps
        self._reports = reports
        self._original = original
        self._patience_s = patience_s
        self._acceptor = Acceptor(sockets, self._serve)
        self._prepared = PreparedRedirects(view.rules)
        self._waiting: Crowd[Imsi, Exchange] = Crowd(bounds)
        self._aged: set[Exchange] = set()
        self._round: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to accept."""
        self._acceptor.start()
        self._age()

    def stop(self) -> None:
        """Accept no more and close every connection. May be called twice."""
        self._acceptor.stop()
        if self._round is not None:
            self._round.cancel()
        for exchange in self._waiting.all():
            exchange.reset()

    def line_changed(self, state: LineState) -> None:
        """Close what this line has open here: its next connection is steered as it is now."""
        for exchange in self._waiting.of_line(state.imsi):
            exchange.reset()

    def __len__(self) -> int:
        """Connections that wait or linger."""
        return len(self._waiting)

    def answer(self, exchange: Exchange, head: RequestHead) -> bytes | None:
        """The answer to a request, None where there is none: it is allowed, or the address is nobody's. Raises
        OSError for a connection that was not steered here."""
        state, was = self.view.line_at(exchange.peer), exchange.line
        if state is None or (state.imsi, state.generation) != (was.imsi, was.generation):
            return None
        leads_to = Target(None, *self._original(exchange.sock))
        try:
            line = self._judge.attached(state)
            target = _target(head, leads_to)
            with self._caps.explained(line, target, head), reporting(self._reports, line):
                self._judge.request(line, target, head)
        except Refusal as refusal:
            return responses.without_body(refusal.answer) if head.method == b"HEAD" else refusal.answer
        return None

    def refuse_tls(self, exchange: Exchange) -> None:
        """Reported as any other blocked attempt, and reset."""
        self._reports.blocked(exchange.line)
        exchange.reset()

    def wait_for(self, exchange: Exchange) -> bool:
        """Keep an exchange that is not finished; False where its line has too many of them."""
        return self._waiting.enter(exchange.line.imsi, exchange)

    def forget(self, exchange: Exchange) -> None:
        self._waiting.leave(exchange.line.imsi, exchange)
        self._aged.discard(exchange)

    def _serve(self, sock: socket.socket, peer: IpAddress) -> None:
        line = self.view.line_at(peer)
        if line is None:
            reset(sock)
            return
        try:
            data = sock.recv(READ, socket.MSG_DONTWAIT)
        except OSError:
            data = b""
        if not self._served_at_once(sock, line, data):
            sock.setblocking(False)
            Exchange(self, sock, peer, line).begin(data)

    def _served_at_once(self, sock: socket.socket, line: LineState, data: bytes) -> bool:
        """The usual way, without anything to remember. False: nothing was done."""
        request = read_plain_get(data)
        if request is None:
            return False
        answer = self._prepared.answer(line, request.host, request.target)
        if answer is None or self._caps.exceeded(line, self.view.rules()):
            return False
        try:
            if self._original(sock)[1] != HTTP_PORT:
                return False
            self._reports.blocked(line)
            sock.send(answer, socket.MSG_DONTWAIT)
        except OSError:
            reset(sock)
        else:
            sock.close()
        return True

    def _age(self) -> None:
        """One timer for all: who was here in the last round already has had time enough."""
        for exchange in list(self._aged):
            exchange.expire()
        self._aged = set(self._waiting.all())
        self._round = asyncio.get_running_loop().call_later(self._patience_s, self._age)


def _target(head: RequestHead, leads_to: Target) -> Target:
    """Where the request wants to go: the name of its authority at the address that the phone has connected to.

    Raises Refusal (400) where the authority names another address or port.
    """
    named = Target.read(head.authority, leads_to.port)
    if named.port != leads_to.port or named.address not in (None, leads_to.address):
        raise Refusal(responses.refusal(400, "the request's authority is not where the connection leads"))
    return Target(named.host, leads_to.address, leads_to.port)
