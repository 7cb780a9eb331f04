"""One connection through the gate: a hello, a judgement, a dial, then its octets both ways until both have ended."""

import asyncio
import socket
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.gate.splice import Pipes
from nfemu.gateway.bearer.spliced import Refused, Spliced
from nfemu.gateway.engine.dial import DialRequest
from nfemu.gateway.engine.judge import Target
from nfemu.gateway.engine.limiter import Counter, Limiter
from nfemu.model.destination import IpAddress
from nfemu.model.errors import InvalidInput
from nfemu.policy.names import normalise_host
from nfemu.wire.tls_hello import ClientHello, HelloReader

MAX_HELLO = 16 * 1024
"""Octets. Browsers with post-quantum keys send about 2 KiB."""


class Passage(Protocol):
    """What the gate does for its connections."""

    pipes: Pipes
    patience_s: float

    def destination(self, connection: "GateConnection") -> Target:
        """The address that it was going to. Raises OSError."""

    def admit(self, connection: "GateConnection", name: str, leads_to: Target) -> DialRequest:
        """Judge it, enter its flow, have it metered. Raises Refused, Refusal."""

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:
        """Raises DialError."""


class GateConnection(Spliced):
    """Implements flows.Limited."""

    def __init__(self, passage: Passage, sock: socket.socket, peer: IpAddress, line: LineState) -> None:
        super().__init__(passage.pipes, sock, peer, line)
        self._passage = passage
        self._counter = Counter()
        self._limiter: Limiter | None = None
        self._essential = True

    def metered(self, counter: Counter, limiter: Limiter | None, *, essential: bool) -> None:
        """Its octets are counted there, until it ends."""
        counter.flows += 1
        self._counter, self._limiter, self._essential = counter, limiter, essential

    def limited(self, limiter: Limiter | None) -> None:
        """See flows.Limited."""
        self._limiter = limiter

    async def _serve(self) -> None:
        try:
            await super()._serve()
        finally:
            self._counter.flows -= 1

    async def _pass(self) -> None:
        leads_to = self._passage.destination(self)
        async with asyncio.timeout(self._passage.patience_s):
            hello, early = await self._read_hello()
        request = self._passage.admit(self, _name(hello), leads_to)
        port: int = self.sock.getpeername()[1]
        async with asyncio.timeout(self._passage.patience_s):
            await self._sent(len(early))  # a line that has run ahead of its rate gets no further connection
        await self._splice(await self._passage.connect(request, port), early)

    async def _read_hello(self) -> tuple[ClientHello, bytes]:
        """With all octets that have come. Raises WireError, Refused."""
        reader = HelloReader(MAX_HELLO)
        early = bytearray()
        while data := await self._phone.receive(MAX_HELLO):
            early += data
            hello = reader.receive(data)
            if hello is not None:
                return hello, bytes(early)
        raise Refused

    async def _sent(self, count: int) -> None:
        self._counter.up += count
        await self._paced(count)

    async def _got(self, count: int) -> None:
        self._counter.down += count
        await self._paced(count)

    async def _paced(self, octets: int) -> None:
        """As fast as the line may. Raises Refused past its daily cap."""
        self.moved = True
        if self._limiter is not None:
            await self._limiter.pace(octets)
            if not self._essential and self._limiter.exceeded():
                raise Refused


def _name(hello: ClientHello) -> str:
    """Raises Refused: a hello without a name, or with what is none."""
    try:
        name = normalise_host(hello.server_name or "")
    except InvalidInput:
        raise Refused from None
    if not isinstance(name, str):
        raise Refused
    return name
