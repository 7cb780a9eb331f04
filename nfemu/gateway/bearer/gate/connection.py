"""One connection through the gate: a greeting, a judgement, a dial, then its octets both ways until both have ended."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.gate.greeting import Greeting, read_greeting
from nfemu.gateway.bearer.gate.splice import Pipes
from nfemu.gateway.bearer.spliced import Refused, Spliced
from nfemu.gateway.engine.dial import DialRequest
from nfemu.gateway.engine.limiter import Counter, Limiter
from nfemu.gateway.engine.pacing import Pacing
from nfemu.model.destination import IpAddress

Place = tuple[IpAddress, int]
"""An address and a port."""


class Passage(Protocol):
    """What the gate does for its connections."""

    pipes: Pipes
    patience_s: float

    def destination(self, connection: "GateConnection") -> Place:
        """Where it was going. Raises OSError."""

    async def addresses(self, connection: "GateConnection", greeting: Greeting, at: Place) -> Sequence[IpAddress]:
        """What the verdict needs beside the greeting: where its name leads, as far as that matters. Raises Refused,
        Refusal.
        """

    def admit(
        self, connection: "GateConnection", greeting: Greeting, at: Place, addresses: Sequence[IpAddress]
    ) -> DialRequest:
        """Judge it, enter its flow, have it metered. Raises Refused, Refusal."""

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:
        """Raises DialError."""


class GateConnection(Spliced):
    """Implements flows.Limited."""

    def __init__(self, passage: Passage, sock: socket.socket, peer: IpAddress, line: LineState) -> None:
        super().__init__(passage.pipes, sock, peer, line)
        self._passage = passage
        self._counter = Counter()
        self._pacing = Pacing()

    def metered(self, counter: Counter, limiter: Limiter | None, *, essential: bool) -> None:
        """See flows.Limited."""
        self._counter.flows -= 1
        counter.flows += 1
        self._counter = counter
        self._pacing.change(limiter, essential=essential)

    async def _serve(self) -> None:
        try:
            await super()._serve()
        finally:
            self._counter.flows -= 1

    async def _pass(self) -> None:
        passage, place = self._passage, self._passage.destination(self)
        greeting = await read_greeting(self._phone, passage.patience_s)
        request = passage.admit(self, greeting, place, await passage.addresses(self, greeting, place))
        port: int = self.sock.getpeername()[1]
        async with asyncio.timeout(passage.patience_s):
            await self._sent(len(greeting.octets))  # a line that has run ahead of its rate gets no further connection
        await self._splice(await passage.connect(request, port), greeting.octets)

    async def _sent(self, count: int) -> None:
        self._counter.up += count
        await self._paced(count)

    async def _got(self, count: int) -> None:
        self._counter.down += count
        await self._paced(count)

    async def _paced(self, octets: int) -> None:
        """As fast as the line may. Raises Refused past its daily cap."""
        self.moved = True
        await self._pacing.pace(octets)
        if self._pacing.is_over():
            raise Refused
