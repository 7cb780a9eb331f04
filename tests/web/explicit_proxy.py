"""A stand-in for the gateway in browser tests: an HTTP proxy on loopback that leads every name to the origin front
as one subscriber, and enriches plain requests to the portal."""

import asyncio
import contextlib
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from nfemu.wire.proxy_protocol import ProxyHeader, encode
from tests.connection_server import ConnectionServer
from tests.web.gateway_side import ADDRESS, TOKEN


class ExplicitProxy(ConnectionServer):
    def __init__(self, origin: Path, ue: str, number: str, portal: str) -> None:
        super().__init__()
        self._origin = origin
        self._ue = ue
        self._number = number
        self._portal = portal

    async def start(self) -> str:
        """The proxy's URL."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            first, _, rest = head.decode("latin-1").partition("\r\n")
            method, target, _ = first.split(" ")
            port = 443 if method == "CONNECT" else 80
            origin_reader, origin_writer = await asyncio.open_unix_connection(str(self._origin))
            with contextlib.closing(origin_writer):
                header = ProxyHeader(ip_address(self._ue), 40000, ip_address(ADDRESS), port, TOKEN)
                origin_writer.write(encode(header))
                if method == "CONNECT":
                    writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                else:
                    origin_writer.write(self._request(method, target, rest))
                await asyncio.gather(_copy(reader, origin_writer), _copy(origin_reader, writer))

    def _request(self, method: str, target: str, rest: str) -> bytes:
        url = urlsplit(target)
        path = url._replace(scheme="", netloc="").geturl() or "/"
        enrichment = f"X-MSISDN: {self._number}\r\n" if url.hostname == self._portal else ""
        return f"{method} {path} HTTP/1.1\r\nConnection: close\r\n{enrichment}{rest}".encode("latin-1")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
