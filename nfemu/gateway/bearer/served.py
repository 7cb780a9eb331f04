"""Listeners of the core network that this process serves itself. They outlive what serves on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from socket import socket
from typing import Self


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
