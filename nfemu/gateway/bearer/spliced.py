"""A phone's connection and the one that was opened for it: octets both ways by splice(2) until both have ended."""

import asyncio
import socket
from abc import ABC, abstractmethod

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.gate.side import Side
from nfemu.gateway.bearer.gate.splice import Pipes, pump
from nfemu.gateway.engine.dial import DialError
from nfemu.gateway.engine.judge import Refusal
from nfemu.model.destination import IpAddress


class Refused(Exception):
    """It goes no further, and is reset."""


class Spliced(ABC):
    """Implements flows.Connection. `line` and `peer` are whose it was when it was accepted, and from where."""

    def __init__(self, pipes: Pipes, sock: socket.socket, peer: IpAddress, line: LineState) -> None:
        """`sock` is its own from now on; it begins with the next turn of the event loop."""
        self._pipes = pipes
        self._phone = Side(sock)
        self._origin: Side | None = None
        self.line = line
        self.peer = peer
        self.moved = True
        """Whether anything has passed since somebody last looked."""
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

    @abstractmethod
    async def _pass(self) -> None:
        """From the first octet to the last; `_splice` between. Raises what means a reset."""

    async def _serve(self) -> None:
        try:
            await self._pass()
        except (OSError, TimeoutError, Refused, Refusal, DialError):
            pass  # the reset says it
        finally:
            self._phone.reset()
            if self._origin is not None:
                self._origin.reset()

    async def _splice(self, opened: socket.socket, early: bytes = b"") -> None:
        """To the end of both directions. `early` has come from the phone already. Raises OSError, Refused."""
        self._origin = origin = Side(opened)
        await origin.send(early)
        up = asyncio.create_task(pump(self._phone, origin, self._pipes, self._sent))
        down = asyncio.create_task(pump(origin, self._phone, self._pipes, self._got))
        try:
            await asyncio.gather(up, down)
        finally:
            up.cancel()
            down.cancel()
        self._phone.close()
        origin.close()

    async def _sent(self, _count: int) -> None:
        """The phone has sent so many octets; the next ones wait until this returns. Raises Refused."""
        self.moved = True

    async def _got(self, _count: int) -> None:
        """The same of what was sent to it."""
        self.moved = True
