"""Who is on the way through a point of this process: accepted, counted by line, and ended when nothing passes."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.accepting import Acceptor, reset
from nfemu.gateway.bearer.spliced import Spliced
from nfemu.gateway.engine.flows import cut_all
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Imsi
from nfemu.runtime.crowd import Bounds, Crowd
from nfemu.runtime.listening import DEFER_S

IDLE_S = 600.0
"""Seconds after which a connection on which nothing passes is cut; after twice as many at the latest."""


class LinesByAddress(Protocol):
    """A LineView is one."""

    def line_at(self, address: IpAddress) -> LineState | None:
        """The attached line whose UE has this address; None: nobody's."""


Passing = TypeVar("Passing", bound=Spliced)
Open = Callable[[socket.socket, IpAddress, LineState], Passing]
Leave = Callable[[Passing], None]


def _nothing(_: Spliced) -> None:
    """Nobody else keeps a list."""


class Passages(Generic[Passing]):
    """Create and start it in a running event loop. `sockets` are its own from now on.

    `open_` makes a connection of an accepted socket, `left` hears of its end. `defer_s`: see Acceptor.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        view: LinesByAddress,
        bounds: Bounds,
        open_: Open[Passing],
        left: Leave[Passing] = _nothing,
        *,
        idle_s: float = IDLE_S,
        defer_s: int = DEFER_S,
    ) -> None:
        self._view = view
        self._open = open_
        self._left = left
        self._idle_s = idle_s
        self._acceptor = Acceptor(sockets, self._accepted, defer_s)
        self._crowd: Crowd[Imsi, Passing] = Crowd(bounds)
        self._round: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to accept."""
        self._acceptor.start()
        self._end_idle()

    async def stop(self) -> None:
        """Accept no more and close every connection. May be called twice."""
        self._acceptor.stop()
        if self._round is not None:
            self._round.cancel()
        await cut_all(self._crowd.all())

    def of_line(self, imsi: Imsi) -> list[Passing]:
        return self._crowd.of_line(imsi)

    def all(self) -> list[Passing]:
        return self._crowd.all()

    def __len__(self) -> int:
        """Connections that are open."""
        return len(self._crowd)

    def _accepted(self, sock: socket.socket, peer: IpAddress) -> None:
        line = self._view.line_at(peer)
        if line is None:
            reset(sock)
            return
        connection = self._open(sock, peer, line)
        if self._crowd.enter(line.imsi, connection):
            connection.task.add_done_callback(lambda _: self._ended(connection))
        else:
            connection.cut()

    def _ended(self, connection: Passing) -> None:
        self._left(connection)
        self._crowd.leave(connection.line.imsi, connection)

    def _end_idle(self) -> None:
        """One timer for all."""
        for connection in self._crowd.all():
            if not connection.moved:
                connection.cut()
            connection.moved = False
        self._round = asyncio.get_running_loop().call_later(self._idle_s, self._end_idle)
