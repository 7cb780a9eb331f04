"""The DNS of bearers, put together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from socket import socket

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.dns.answering import Answering
from nfemu.gateway.bearer.dns.desk import Desk
from nfemu.gateway.bearer.dns.ports import Binder, Lines
from nfemu.gateway.bearer.dns.tcp import TcpFront
from nfemu.gateway.bearer.dns.truth import Truth
from nfemu.gateway.bearer.dns.udp import UdpFront
from nfemu.gateway.bearer.dns.upstream import Resolver, Upstream
from nfemu.gateway.link.host import NameService
from nfemu.policy.sinkholes import Sinkholes


@dataclass(frozen=True, slots=True)
class DnsSockets:
    """Bound where the phones' port 53 arrives, TCP ones listening; the service closes them when it stops.

    A datagram is answered from the address that it came to, so the wildcard addresses will do: one socket each for
    IPv4 and IPv6.
    """

    udp: Sequence[socket]
    tcp: Sequence[socket]


class DnsService:
    """Answers every port-53 question of every line; an enforcement point like the others (implements Enforcer).

    `names` is the name service that all access shares. `binder` makes bindings known to the other points before a
    line is told. `sinkholes` is shared with those who must know what name an address was given for. `resolvers`: the
    system's (`system_resolvers()`) with `internet: real`, empty with `internet: emulated`. `now` gives wall time.
    """

    def __init__(
        self,
        sockets: DnsSockets,
        lines: Lines,
        names: NameService,
        binder: Binder,
        sinkholes: Sinkholes,
        resolvers: Sequence[Resolver] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sockets = sockets
        self._truth = Truth(names, binder, now)
        upstream = Upstream(resolvers) if resolvers else None
        self._desk = Desk(lines, Answering(self._truth, sinkholes, upstream, now))
        self._udp = [UdpFront(self._desk, sock) for sock in sockets.udp]
        self._tcp = TcpFront(self._desk)

    async def start(self) -> None:
        for front in self._udp:
            front.start()
        for sock in self._sockets.tcp:
            await self._tcp.start(sock)

    async def stop(self) -> None:
        """Questions under way are not answered any more."""
        for front in self._udp:
            await front.stop()
        await self._tcp.stop()
        await self._truth.stop()

    async def apply(self, state: LineState) -> None:
        """See Enforcer. To be called when `lines` gives the new state already; what was answered before is forgotten.

        Nothing is told by the old state when this returns: a question that is under way is judged again.
        """
        self._desk.forget_line(state.imsi)
