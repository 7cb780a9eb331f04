"""Questions by TCP (RFC 7766): each message behind its length in two octets, one after another on a connection."""

import asyncio
import socket
from collections import Counter
from ipaddress import ip_address

from nfemu.gateway.bearer.dns.desk import Desk
from nfemu.gateway.bearer.dns.messages import Query, read
from nfemu.runtime.crowd import sender

_IDLE_S = 10.0
"""Seconds for the next question to begin."""
_MESSAGE_S = 5.0
"""Seconds for a question that has begun to end, and for an answer to be taken."""
_OF_A_SENDER = 8
_IN_ALL = 1_024
_LENGTH = 2


class TcpFront:
    """Any number of listening sockets."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._servers: list[asyncio.Server] = []
        self._open: Counter[bytes] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._servers.append(await asyncio.start_server(self._accepted, sock=sock))

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A task of our own, so that `stop` can end it; a connection too many ends at once."""
        peer = writer.get_extra_info("peername")
        source = ip_address(peer[0].partition("%")[0]).packed if peer is not None else b""
        who = sender(source)
        if peer is None or self._open[who] >= _OF_A_SENDER or self._open.total() >= _IN_ALL:
            writer.close()
            return
        self._open[who] += 1
        task = asyncio.get_running_loop().create_task(self._serve(source, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, source: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (message := await _message(reader)) is not None:
                answer = await self._answer(source, message)
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(_LENGTH, "big") + answer)
                async with asyncio.timeout(_MESSAGE_S):
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client is gone, or too slow
        finally:
            who = sender(source)
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]
            writer.close()

    async def _answer(self, source: bytes, message: bytes) -> bytes | None:
        """None: it deserves no answer, nor does the connection deserve to go on."""
        if not self._desk.may_ask(source):
            return None
        found = read(message)
        if not isinstance(found, Query):
            return found
        with self._desk.waiting(source) as admitted:
            return await self._desk.answer(source, message, found, tcp=True) if admitted else None


async def _message(reader: asyncio.StreamReader) -> bytes | None:
    """None at the end of the stream. Raises TimeoutError, IncompleteReadError."""
    async with asyncio.timeout(_IDLE_S):
        first = await reader.read(1)
    if not first:
        return None
    async with asyncio.timeout(_MESSAGE_S):
        length = first + await reader.readexactly(_LENGTH - 1)
        return await reader.readexactly(int.from_bytes(length, "big"))
