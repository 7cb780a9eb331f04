"""A stand-in for the origin front: PROXY v2, then HTTP/1.1 with a body that shows what arrived."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from nfemu.wire.proxy_protocol import ProxyHeader, decode

TOKEN = b"origin token"


class Numbered:
    """Virtual addresses in the order of asking."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._count = itertools.count(16)

    async def resolve(self, name: str) -> tuple[IPv4Address, IPv6Address]:
        if name not in self._numbers:
            self._numbers[name] = next(self._count)
        number = self._numbers[name]
        return IPv4Address("198.18.0.0") + number, IPv6Address("2001:2::") + number


class Origins:
    """`requests` are the heads that arrived, `peers` the headers of their connections."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.peers: list[ProxyHeader] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while (decoded := decode(data)) is None:
            data += await reader.read(4096)
        header, length = decoded
        self.peers.append(header)
        data = data[length:] or await reader.read(4096)
        if data[:1] == b"\x16":  # TLS: that it came is enough
            writer.close()
            return
        try:
            while True:
                while b"\r\n\r\n" not in data:
                    more = await reader.read(65536)
                    if not more:
                        return
                    data += more
                head, _, data = data.partition(b"\r\n\r\n")
                self.requests.append(head.decode())
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(head), head))
        finally:
            writer.close()


@asynccontextmanager
async def origins(path: Path) -> AsyncIterator[Origins]:
    here = Origins()
    server = await asyncio.start_unix_server(here.serve, path)
    try:
        yield here
    finally:
        server.close()
