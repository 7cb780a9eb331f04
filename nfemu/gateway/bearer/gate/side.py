"""One side of a spliced connection: a bare socket, and who waits for it."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from nfemu.gateway.bearer.accepting import reset


class Side:
    """A connected socket. At most one task reads from it and one writes to it. Closing it wakes nobody up: whoever
    closes it cancels them."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock

    async def receive(self, most: int) -> bytes:
        """Empty at the end. Raises OSError."""
        while True:
            try:
                return self.sock.recv(most)
            except BlockingIOError:
                await self.readable()

    async def send(self, data: bytes) -> None:
        """All of it. Raises OSError."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.sock.send(rest) :]
            except BlockingIOError:
                await self.writable()

    async def readable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._called(loop.add_reader, loop.remove_reader)

    async def writable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._called(loop.add_writer, loop.remove_writer)

    def finish(self) -> None:
        """Nothing more is sent; the other direction goes on."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """May be called twice."""
        if self._forget():
            self.sock.close()

    def reset(self) -> None:
        """Close at once: what the kernel has not sent yet is never sent. May be called twice."""
        if self._forget():
            reset(self.sock)

    async def _called(self, add: Callable[..., object], remove: Callable[[socket.socket], object]) -> None:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        add(self.sock, _wake, ready)
        try:
            await ready
        finally:
            if self.sock.fileno() >= 0:
                remove(self.sock)

    def _forget(self) -> bool:
        """Before it is closed; False where it is closed."""
        if self.sock.fileno() < 0:
            return False
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.sock)
        loop.remove_writer(self.sock)
        return True


def _wake(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
