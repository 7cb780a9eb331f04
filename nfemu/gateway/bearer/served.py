"""Listeners of the core network that this process serves itself. They outlive what serves on them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from socket import socket
from typing import Literal, Self

from nfemu.gateway.bearer.network.client import CoreNetwork
from nfemu.gateway.bearer.network.messages import Transport, Where
from nfemu.model.errors import Unavailable
from nfemu.policy.compile.steering import SteeringPorts

_log = logging.getLogger(__name__)
_FAMILIES: tuple[Literal[4, 6], ...] = (4, 6)


@dataclass(frozen=True, slots=True)
class ServedSockets:
    """Of responder, gate, DNS by UDP and TCP, where the Internet is real of the relay to it, and of the advertiser.

    Who comes while nobody serves waits for who serves next.
    """

    responder: Sequence[socket] = ()
    gate: Sequence[socket] = ()
    udp: Sequence[socket] = ()
    tcp: Sequence[socket] = ()
    relay: Sequence[socket] = ()
    solicitations: Sequence[socket] = ()

    def copies(self) -> Self:
        """The same for somebody who closes them in the end."""
        return type(self)(*([sock.dup() for sock in each] for each in self._all()))

    def close(self) -> None:
        for each in self._all():
            for sock in each:
                sock.close()

    def _all(self) -> tuple[Sequence[socket], ...]:
        return self.responder, self.gate, self.udp, self.tcp, self.relay, self.solicitations


async def served_sockets(core: CoreNetwork, ports: SteeringPorts, relay: int | None) -> ServedSockets:
    """Made there. `relay`: its port, None where there is none. Raises Unavailable."""
    return ServedSockets(
        await listeners(core, Transport.TCP, ports.responder),
        await listeners(core, Transport.TCP, ports.gate),
        await listeners(core, Transport.UDP, ports.dns),
        await listeners(core, Transport.TCP, ports.dns),
        await listeners(core, Transport.TCP, relay, Where.INTERNET) if relay is not None else (),
        await _solicitations(core),
    )


async def listeners(core: CoreNetwork, transport: Transport, port: int, where: Where = Where.CORE) -> list[socket]:
    """One for each family of IP. Raises Unavailable."""
    return [await core.listen(where, transport, version, port) for version in _FAMILIES]


async def _solicitations(core: CoreNetwork) -> list[socket]:
    """None where this machine gives no raw sockets (CAP_NET_RAW): then nobody finds the captive-portal API by them,
    and all else goes on.
    """
    try:
        return [await core.listen(Where.CORE, Transport.ROUTER_SOLICITATIONS, 6, 0)]
    except Unavailable as error:
        _log.warning("router solicitations of phones stay unanswered: %s", error)
        return []
