"""Connections of a stock mitmproxy to origins, through a loopback socket that is opened for one connection only.

Stock mitmproxy dials TCP addresses. It is given that of a fresh loopback listener instead, behind which the gateway's
own dialler has already opened the real connection. The listener serves the one connection whose source port mitmproxy
reports; another local program that finds the port first gets nothing.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from nfemu.gateway.engine.dial import Dialled

_CLAIM_S = 5.0
_CHUNK = 65536


class Bridge:
    """Implements the engine's Connection, so that a flip can cut it. `ended` is called once."""

    def __init__(self, dialled: Dialled, ended: Callable[["Bridge"], None]) -> None:
        self._dialled = dialled
        self._ended = ended
        self._arrived: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self._arrival = asyncio.Event()
        self._claimed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._finished = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._work: asyncio.Task[None] | None = None

    async def open(self) -> tuple[str, int]:
        """Listen; the address to dial. Raises OSError."""
        sock = socket.create_server(("127.0.0.1", 0), backlog=4)
        self._server = await asyncio.start_server(self._accept, sock=sock)
        self._work = asyncio.create_task(self._relay())
        # Not in the task itself: one that is cancelled before its first step runs none of its code.
        self._work.add_done_callback(self._close)
        host, port = sock.getsockname()
        return host, port

    def claim(self, source_port: int) -> None:
        """mitmproxy's connection comes from this port."""
        if not self._claimed.done():
            self._claimed.set_result(source_port)

    def cut(self) -> None:
        """See Connection."""
        for _, writer in (*self._arrived.values(), (None, self._dialled.writer)):
            writer.transport.abort()
        if self._work is not None:
            self._work.cancel()

    async def wait_finished(self) -> None:
        await self._finished.wait()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._arrived[writer.get_extra_info("peername")[1]] = (reader, writer)
        self._arrival.set()

    async def _relay(self) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLAIM_S):
                reader, writer = await self._ours()
            await asyncio.gather(
                _pump(reader, self._dialled.writer),
                _pump(self._dialled.reader, writer),
            )

    async def _ours(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = await self._claimed
        while port not in self._arrived:
            self._arrival.clear()
            await self._arrival.wait()
        self._stop_listening()
        for other, (_, writer) in self._arrived.items():
            if other != port:
                writer.transport.abort()
        return self._arrived[port]

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()

    def _close(self, _work: asyncio.Task[None]) -> None:
        self._stop_listening()
        for _, writer in (*self._arrived.values(), (None, self._dialled.writer)):
            writer.close()
        self._finished.set()
        self._ended(self)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until `reader` ends; the end is passed on."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError, NotImplementedError):
        writer.write_eof()
