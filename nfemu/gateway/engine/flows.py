"""What every client connection is doing right now, and for whom: so that a flip can close what it forbids.

A flow is entered when it is allowed, before anything is dialled for it, and stays until it ends; a connection
carries at most one at a time. Idle kept-alive connections carry none: their next request is judged anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from nfemu.gateway.engine.limiter import Counter, Limiter
from nfemu.model.destination import Destination
from nfemu.model.identity import Imsi, Msisdn, PolicyName


@dataclass(frozen=True, slots=True)
class Flow:
    """`generation`: of the session that it was opened in; another one has another address, and ends it.

    `named`: what its bytes are is known to be `destination` (plain HTTP by its head, TLS by its SNI). A tunnel
    that only claims so is no business of a restricted line.
    `policy`: by which it was allowed; `essential`: also past that policy's daily cap (G7).
    """

    imsi: Imsi
    msisdn: Msisdn
    generation: int
    destination: Destination
    named: bool
    policy: PolicyName
    essential: bool


class Connection(Protocol):
    """A client connection that can be closed at once."""

    def cut(self) -> None:
        """Stop both directions now: no further byte passes after the call."""

    async def wait_finished(self) -> None: ...


class Limited(Connection, Protocol):
    """One whose flow is counted, and has limits."""

    def metered(self, counter: Counter, limiter: Limiter | None, *, essential: bool) -> None:
        """Its octets are counted there from now on, within those limits. May be called again while it passes."""


AnyConnection = TypeVar("AnyConnection", bound=Connection)


class FlowTable(Generic[AnyConnection]):
    """All connections with their flows, found by line."""

    def __init__(self) -> None:
        self._flows: dict[AnyConnection, Flow] = {}
        self._by_line: dict[Imsi, set[AnyConnection]] = {}

    def enter(self, connection: AnyConnection, flow: Flow) -> None:
        """The connection's flow is now this one."""
        self.leave(connection)
        self._flows[connection] = flow
        self._by_line.setdefault(flow.imsi, set()).add(connection)

    def leave(self, connection: AnyConnection) -> None:
        """The connection carries no flow any more; no error if it carried none."""
        flow = self._flows.pop(connection, None)
        if flow is None:
            return
        connections = self._by_line[flow.imsi]
        connections.discard(connection)
        if not connections:
            del self._by_line[flow.imsi]

    def of(self, connection: AnyConnection) -> Flow | None:
        return self._flows.get(connection)

    def of_line(self, imsi: Imsi) -> list[tuple[AnyConnection, Flow]]:
        return [(connection, self._flows[connection]) for connection in self._by_line.get(imsi, ())]

    def all(self) -> list[tuple[AnyConnection, Flow]]:
        return list(self._flows.items())

    def __len__(self) -> int:
        return len(self._flows)


async def cut_all(connections: Iterable[Connection]) -> None:
    """Close them and wait until they are closed."""
    closing = list(connections)
    for connection in closing:
        connection.cut()
    for connection in closing:
        await connection.wait_finished()
