"""The gateway's side of the origin socket, for tests: connects as a UE and speaks raw HTTP/1.1."""

import asyncio
import contextlib
import json
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from nfemu.wire.proxy_protocol import ProxyHeader, encode

TOKEN = b"origin-token"
UE = "10.45.0.7"
ADDRESS = "198.18.0.16"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name.lower()]
        return found[0] if found else None

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection through the front."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def request(
        self, method: str, target: str, host: str, headers: list[tuple[str, str]] | None = None, body: bytes = b""
    ) -> Answer:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in headers or [])]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        await self.send("\r\n".join([*lines, "", ""]).encode() + body)
        return await self.answer()

    async def answer(self, *, bodiless: bool = False) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in head[1:] if line)]
        length = next((int(value) for name, value in headers if name == "content-length"), 0)
        body = b"" if bodiless else await self.reader.readexactly(length)
        return Answer(int(head[0].split()[1]), headers, body)

    async def ended(self) -> bytes:
        """What still comes until the other side closes."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


class GatewaySide:
    """Makes connections to the origin front at `path` that trust `ca_pem`."""

    def __init__(self, path: Path, ca_pem: bytes, token: bytes = TOKEN) -> None:
        self.path = path
        self._ca = ca_pem.decode()
        self._token = token
        self._wires: list[Wire] = []

    async def bare(self) -> Wire:
        wire = Wire(*await asyncio.open_unix_connection(str(self.path)))
        self._wires.append(wire)
        return wire

    async def connect(self, port: int, *, ue: str = UE, address: str = ADDRESS, token: bytes | None = None) -> Wire:
        wire = await self.bare()
        token = self._token if token is None else token
        await wire.send(encode(ProxyHeader(ip_address(ue), 40000, ip_address(address), port, token)))
        return wire

    async def tls(self, name: str | None, port: int = 443, *, ue: str = UE, address: str = ADDRESS) -> Wire:
        """`name` None: no SNI; the certificate is then checked for the address."""
        wire = await self.connect(port, ue=ue, address=address)
        context = ssl.create_default_context(cadata=self._ca)
        await wire.writer.start_tls(context, server_hostname=name or address)
        return wire

    async def get(self, url: str, headers: list[tuple[str, str]] | None = None, *, ue: str = UE) -> Answer:
        return await self.fetch("GET", url, headers, ue=ue)

    async def fetch(
        self, method: str, url: str, headers: list[tuple[str, str]] | None = None, body: bytes = b"", *, ue: str = UE
    ) -> Answer:
        """One request on a connection of its own."""
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        wire = await (self.tls(host, ue=ue) if scheme == "https" else self.connect(80, ue=ue))
        answer = await wire.request(method, slash + path or "/", host, headers, body)
        await wire.close()
        return answer

    async def close(self) -> None:
        for wire in self._wires:
            await wire.close()
