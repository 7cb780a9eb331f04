"""Questions by UDP."""

import asyncio
import socket
from typing import cast

from nfemu.gateway.bearer.dns.desk import Desk
from nfemu.gateway.bearer.dns.messages import Query, read

_BUFFER = 4 << 20
"""Octets that the kernel may hold while the event loop does other things; it gives what it allows."""


class UdpFront(asyncio.DatagramProtocol):
    """One socket. A message of any content raises nothing out of here."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()

    async def start(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=sock)

    async def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()
            await self._closed.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._send = self._transport.sendto

    def connection_lost(self, _error: Exception | None) -> None:
        self._closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._desk.recall(addr[0], data)
        if answer is not None:
            self._send(answer, addr)
            return
        found = read(data)
        if isinstance(found, Query):
            task = asyncio.get_running_loop().create_task(self._answer(data, found, addr))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif found is not None:
            self._send(found, addr)

    async def _answer(self, data: bytes, query: Query, addr: tuple[str, int]) -> None:
        with self._desk.waiting(addr[0]) as admitted:
            if not admitted:
                return  # as a full socket would: the client asks again
            answer = await self._desk.answer(addr[0], data, query, tcp=False)
        self._send(answer, addr)
