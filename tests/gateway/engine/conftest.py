"""The real engine on real sockets, between raw clients and an origin that records every byte."""

import asyncio
import base64
import errno
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from nfemu.gateway.engine.deadline import PATIENCE_S
from nfemu.gateway.engine.engine import BOUNDS, Engine
from nfemu.gateway.ports import EngineConfig
from nfemu.model.destination import IpAddress
from nfemu.runtime.crowd import Bounds
from tests.fakes.gateway import (
    ARREARS,
    CAPPED,
    OPEN,
    WALLED,
    FakeReports,
    FakeResolver,
    FakeView,
    RecordingOrigin,
    line,
)

OPEN_NUMBER = "13800138000"
ARREARS_NUMBER = "13800138001"
WALLED_NUMBER = "13800138002"
DETACHED_NUMBER = "13800138003"
CAPPED_NUMBER = "13800138004"
TOKEN = b"origin-token"


class World:
    """One engine with three kinds of listener, its origin, and the strings to pull."""

    def __init__(self, folder: Path, patience_s: float = PATIENCE_S, bounds: Bounds = BOUNDS) -> None:
        self.view = FakeView()
        self.resolver = FakeResolver()
        self.origin = RecordingOrigin()
        self.open = self.view.put(line(OPEN_NUMBER, OPEN))
        self.arrears = self.view.put(line(ARREARS_NUMBER, ARREARS))
        self.walled = self.view.put(line(WALLED_NUMBER, WALLED))
        self.capped = self.view.put(line(CAPPED_NUMBER, CAPPED))
        self.detached = self.view.put(line(DETACHED_NUMBER, None))
        self._origin_path = folder / "origin.sock"
        http, socks, own, bearer = (_listener() for _ in range(4))
        self.http_port, self.socks_port, self.own_port, self.bearer_port = (
            sock.getsockname()[1] for sock in (http, socks, own, bearer)
        )
        config = EngineConfig([http], [socks], {self.arrears.msisdn: own}, self._origin_path, TOKEN, [bearer])
        self.reports = FakeReports()
        self.dialled: tuple[IpAddress, int] | None = None
        """Where a UE's connection was going before it was redirected; None: it was not."""
        self.engine = Engine(
            config,
            self.view,
            self.resolver,
            self.reports,
            patience_s=patience_s,
            original=self._original,
            bounds=bounds,
        )

    def _original(self, _: socket.socket) -> tuple[IpAddress, int]:
        if self.dialled is None:
            raise OSError(errno.ENOENT, "not in conntrack's table")
        return self.dialled

    async def start(self) -> None:
        await self.origin.listen_unix(self._origin_path)
        await self.engine.start()

    async def stop(self) -> None:
        await self.engine.stop()
        await self.origin.stop()

    async def connect(self, port: int | None = None) -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.http_port)
        return Client(reader, writer)

    async def exchange(self, data: bytes, port: int | None = None) -> bytes:
        """Send on a new connection, and return everything that comes until the gateway closes it."""
        client = await self.connect(port)
        await client.send(data)
        return await client.rest()


class Client:
    """A raw TCP client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        if self.writer.is_closing():
            return  # uvloop's transports raise here, asyncio's do not
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass  # the gateway refused early; what it said is still to be read

    async def drip(self, data: bytes) -> None:
        """One octet at a time, each in a packet of its own."""
        for octet in data:
            await self.send(bytes((octet,)))
            await turns(3)

    async def response(self, *, head_only: bool = False) -> bytes:
        """One response with Content-Length."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next((int(f[15:]) for f in head.lower().split(b"\r\n") if f.startswith(b"content-length:")), 0)
        return head + (b"" if head_only else await self.reader.readexactly(length))

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        data = bytearray()
        try:
            while part := await self.reader.read(65536):
                data += part
        except ConnectionError:
            pass
        self.writer.close()
        return bytes(data)

    def close(self) -> None:
        self.writer.close()


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until the condition holds."""
    while not condition():
        await turns(1)


async def turns(count: int = 3000) -> None:
    """Let the event loop run until what can happen has happened."""
    for _ in range(count):
        await asyncio.sleep(0)


def _listener() -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    return sock


def auth(number: str, password: str = "x") -> bytes:
    """A Proxy-Authorization field line."""
    return b"Proxy-Authorization: Basic " + base64.b64encode(f"{number}:{password}".encode()) + b"\r\n"


def get(url: str, number: str, extra: bytes = b"", method: str = "GET") -> bytes:
    """A proxy request as curl sends it, with the Host that belongs to it."""
    host = url.removeprefix("http://").partition("/")[0]
    return f"{method} {url} HTTP/1.1\r\nHost: {host}\r\n".encode() + auth(number) + extra + b"\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def header(answer: bytes, name: str) -> str | None:
    """The value of a response's first field of that name."""
    for field_line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        key, _, value = field_line.decode().partition(":")
        if key.lower() == name.lower():
            return value.strip()
    return None


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Workers run on uvloop; asyncio's own loop is what the code is written for."""
    return {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    async with asyncio.timeout(5):
        await world.stop()
