"""Proxy clients at byte level: what curl would not let a test write."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response. `fields` in order, names lower case."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str | None:
        """The first value of that name (given in lower case)."""
        return next((value for key, value in self.fields if key == name), None)

    @property
    def closes(self) -> bool:
        return self.field("connection") == "close"


class Wire:
    """One client connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Wire":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @property
    def port(self) -> int:
        """Of our own end."""
        number: int = self._writer.get_extra_info("sockname")[1]
        return number

    @property
    def ended(self) -> bool:
        """The other side has closed, and nothing of what it said is left to read."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def send(self, data: bytes) -> None:
        """An end that was closed meanwhile is no error: what it said before is still to be read."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            pass

    async def head(self) -> bytes:
        """Up to the empty line; what there is when the connection ends before."""
        try:
            return await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as end:
            return end.partial
        except ConnectionError:
            return b""

    async def answer(self, method: str = "GET") -> Answer:
        """One response; interim ones are skipped."""
        while True:
            lines = (await self.head()).decode("latin-1").split("\r\n")
            status = int(lines[0].split()[1]) if lines[0] else 0
            if status == 101 or not 100 <= status < 200:
                break
        pairs = [line.partition(":") for line in lines[1:] if line]
        fields = [(name.lower(), value.strip()) for name, _, value in pairs]
        answer = Answer(status, fields, b"")
        bodiless = method == "HEAD" or status in (0, 101, 204, 304)
        return answer if bodiless else Answer(status, fields, await self._body(answer))

    async def _body(self, answer: Answer) -> bytes:
        if answer.field("transfer-encoding") == "chunked":
            return b"".join([chunk async for chunk in self._chunks()])
        length = answer.field("content-length")
        return await self.rest() if length is None else await self._reader.readexactly(int(length))

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self._reader.readline(), 16):
            yield await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)

    async def exactly(self, count: int) -> bytes:
        return await self._reader.readexactly(count)

    async def until(self, end: bytes) -> bytes:
        return await self._reader.readuntil(end)

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        data = bytearray()
        try:
            while part := await self._reader.read(65536):
                data += part
        except (ConnectionError, ssl.SSLError):
            pass
        return bytes(data)

    async def tls(self, name: str | None) -> bool:
        """Start TLS with `name` as SNI; whether it came about."""
        try:
            await self._writer.start_tls(_unverifying(), server_hostname=name)
        except (OSError, ssl.SSLError):
            return False
        return True

    def close(self) -> None:
        self._writer.close()

    async def closed(self) -> None:
        """After `close`: its descriptor is gone on return."""
        with suppress(ConnectionError):
            await self._writer.wait_closed()


@cache
def _unverifying() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def credentials(number: str) -> bytes:
    """A Proxy-Authorization field line."""
    return b"Proxy-Authorization: Basic " + base64.b64encode(f"{number}:x".encode()) + b"\r\n"


async def socks(wire: Wire, number: str, host: str, port: int) -> int:
    """Ask for a tunnel by SOCKS5 (RFC 1928, RFC 1929); the reply code.

    254: the user name is refused; 255: the connection ends before an answer.
    """
    user = number.encode()
    await wire.send(b"\x05\x01\x02\x01" + bytes((len(user),)) + user + b"\x01x")
    await wire.send(b"\x05\x01\x00" + _socks_address(host) + port.to_bytes(2, "big"))
    try:
        refused = (await wire.exactly(4))[3]
        return 254 if refused else (await wire.exactly(10))[1]
    except (asyncio.IncompleteReadError, ConnectionError):
        return 255


def _socks_address(host: str) -> bytes:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        name = host.encode()
        return b"\x03" + bytes((len(name),)) + name
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed
