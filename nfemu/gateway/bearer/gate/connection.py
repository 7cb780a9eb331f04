"""One connection through the gate: a hello, a judgement, a dial, then its octets both ways until both have ended."""

import asyncio
import socket
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.gate.side import Side
from nfemu.gateway.bearer.gate.splice import Pipes, pump
from nfemu.gateway.engine.dial import DialError, DialRequest
from nfemu.gateway.engine.judge import Refusal, Target
from nfemu.gateway.engine.limiter import Counter, Limiter
from nfemu.model.destination import IpAddress
from nfemu.model.errors import InvalidInput
from nfemu.policy.names import normalise_host
from nfemu.wire.errors import WireError
from nfemu.wire.tls_hello import ClientHello, HelloReader

MAX_HELLO = 16 * 1024
"""Octets. Browsers with post-quantum keys send about 2 KiB."""


class Refused(Exception):
    """It goes no further, and is reset."""


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


class GateConnection:
    """Implements flows.Limited. `line` and `peer` are whose it was when it was accepted, and from where."""

    def __init__(self, passage: Passage, sock: socket.socket, peer: IpAddress, line: LineState) -> None:
        self._passage = passage
        self._phone = Side(sock)
        self._origin: Side | None = None
        self.line = line
        self.peer = peer
        self.moved = True
        """Whether anything has passed since somebody last looked."""
        self._counter = Counter()
        self._limiter: Limiter | None = None
        self._essential = True
        self.task = asyncio.create_task(self._serve())

    @property
    def sock(self) -> socket.socket:
        return self._phone.sock

    def cut(self) -> None:
        """See flows.Connection: both sides are reset."""
        self._phone.reset()
        if self._origin is not None:
            self._origin.reset()
        self.task.cancel()

    async def wait_finished(self) -> None:
        await asyncio.wait((self.task,))

    def metered(self, counter: Counter, limiter: Limiter | None, *, essential: bool) -> None:
        """Its octets are counted there, until it ends."""
        counter.flows += 1
        self._counter, self._limiter, self._essential = counter, limiter, essential

    def limited(self, limiter: Limiter | None) -> None:
        """See flows.Limited."""
        self._limiter = limiter

    async def _serve(self) -> None:
        try:
            await self._pass()
        except (OSError, TimeoutError, WireError, Refused, Refusal, DialError):
            pass  # the reset says it
        finally:
            self._counter.flows -= 1
            self._phone.reset()
            if self._origin is not None:
                self._origin.reset()

    async def _pass(self) -> None:
        leads_to = self._passage.destination(self)
        async with asyncio.timeout(self._passage.patience_s):
            hello, early = await self._read_hello()
        request = self._passage.admit(self, _name(hello), leads_to)
        port: int = self.sock.getpeername()[1]
        async with asyncio.timeout(self._passage.patience_s):
            await self._sent(len(early))  # a line that has run ahead of its rate gets no further connection
        self._origin = Side(await self._passage.connect(request, port))
        await self._origin.send(early)
        await self._splice(self._origin)
        self._phone.close()
        self._origin.close()

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

    async def _splice(self, origin: Side) -> None:
        pipes = self._passage.pipes
        up = asyncio.create_task(pump(self._phone, origin, pipes, self._sent))
        down = asyncio.create_task(pump(origin, self._phone, pipes, self._got))
        try:
            await asyncio.gather(up, down)
        finally:
            up.cancel()
            down.cancel()

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
