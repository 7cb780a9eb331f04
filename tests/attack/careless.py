"""A proxy that makes every mistake: it adds the number in front of whatever came, and relays it."""

import asyncio
import contextlib
import re

from tests.connection_server import ConnectionServer

_HOST = re.compile(rb"^host:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_ABSOLUTE = re.compile(rb" http://[^/ ]+", re.IGNORECASE)


class CarelessProxy(ConnectionServer):
    """`value` is what it tells the trusted host, whose origin listens at `trusted`; everybody else is at `other`."""

    def __init__(self, host: str, value: str, trusted: int, other: int) -> None:
        super().__init__()
        self._host = host.encode()
        self._value = value.encode()
        self._ports = trusted, other
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            first = await reader.read(65536)
            line, newline, rest = _ABSOLUTE.sub(b" ", first, count=1).partition(b"\n")
            found = _HOST.search(first)
            trusted = found is not None and found[1].strip() == self._host
            origin_reader, origin_writer = await asyncio.open_connection("127.0.0.1", self._ports[not trusted])
            with contextlib.closing(origin_writer):
                told = b"X-MSISDN: " + self._value + b"\r\n" if trusted else b""
                origin_writer.write(line + newline + told + rest)
                await asyncio.gather(_copy(reader, origin_writer), _copy(origin_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
