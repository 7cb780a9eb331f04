"""Questions by UDP."""

import asyncio
import socket

from nfemu.gateway.bearer.dns.datagrams import Datagrams, Peer
from nfemu.gateway.bearer.dns.desk import Desk
from nfemu.gateway.bearer.dns.messages import Query, read

_BUFFER = 4 << 20
"""Octets that the kernel may hold while the event loop does other things; it gives what it allows."""


class UdpFront:
    """One socket. A message of any content raises nothing out of here."""

    def __init__(self, desk: Desk, sock: socket.socket) -> None:
        self._desk = desk
        self._socket = sock
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._datagrams = Datagrams(self._socket)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._arrived)

    async def stop(self) -> None:
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _arrived(self) -> None:
        """One batch; the event loop calls again while there is more, and does other things in between."""
        datagrams, desk = self._datagrams, self._desk
        count = datagrams.receive()
        certain = desk.is_current()
        unsent = 0
        for index in range(count):
            message, source = datagrams.message(index), datagrams.source(index)
            answer = desk.recall(source, message) if certain else None
            if answer is not None:
                datagrams.reply(index, answer)
                continue
            datagrams.send(unsent, index)
            unsent = index + 1
            if desk.may_ask(source):  # else as a full socket would: the client asks again
                self._admit(message, datagrams.peer(index))
        datagrams.send(unsent, count)

    def _admit(self, message: bytes, peer: Peer) -> None:
        found = read(message)
        if isinstance(found, Query):
            task = asyncio.get_running_loop().create_task(self._answer(message, found, peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif found is not None:
            self._datagrams.send_to(peer, found)

    async def _answer(self, message: bytes, query: Query, peer: Peer) -> None:
        with self._desk.waiting(peer.source) as admitted:
            if not admitted:
                return  # as a full socket would: the client asks again
            answer = await self._desk.answer(peer.source, message, query, tcp=False)
        self._datagrams.send_to(peer, answer)
