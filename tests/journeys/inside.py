"""A carrier whose control process is the test's own, with real workers, and a tap on the wire to its origins."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nfemu.bootstrap import BoundPorts, Emulator
from nfemu.carrier.status import LineStatus
from nfemu.client import RunningStatus, StateFolder
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.runtime.keys import private_folder
from nfemu.settings import Configuration, load
from nfemu.wire.proxy_protocol import ProxyHeader, decode
from tests.connection_server import ConnectionServer
from tests.journeys.carrier import CONFIG
from tests.journeys.wire import Wire

UNHURRIED = {"policies.profiles.arrears.daily_cap": "0", "policies.profiles.arrears.rate": "0"}
"""What is sent here is about verdicts: megabytes of it, on one line."""


@dataclass(eq=False)
class Tapped:
    """One connection from a worker to the origins: who dialled what, and every byte that went to the origin."""

    header: ProxyHeader
    worker: int
    """Process id."""
    to_worker: asyncio.StreamWriter
    sent: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """The worker's end is closed."""

    @property
    def destination(self) -> tuple[str, int]:
        return str(self.header.destination), self.header.destination_port

    def requests(self) -> list[list[tuple[str, str]]]:
        """The header fields of the plain HTTP requests that were sent, up to the first that has a body."""
        heads = bytes(self.sent).decode("latin-1").split("\r\n\r\n")[:-1]
        return [[_field(line) for line in head.split("\r\n")[1:]] for head in heads]


class Tap(ConnectionServer):
    """Stands on the origin socket's path and passes everything on: what it has not seen, no origin has received."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.connections: list[Tapped] = []
        self._path = path
        self._behind = path.with_name("origins")
        self._news = asyncio.Event()

    async def start(self) -> None:
        self._path.rename(self._behind)
        self._server = await asyncio.start_unix_server(self._accept, self._path)

    async def next(self, before: int) -> Tapped:
        """The first connection after so many, as soon as something has been sent on it."""
        while len(self.connections) <= before or not self.connections[before].sent:
            self._news.clear()
            await self._news.wait()
        return self.connections[before]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        origin_reader, origin_writer = await asyncio.open_unix_connection(self._behind)
        preface = b""
        while (decoded := decode(preface)) is None:
            preface += await reader.readexactly(16 if not preface else int.from_bytes(preface[14:16]))
        tapped = Tapped(decoded[0], _peer(writer), writer)
        self.connections.append(tapped)
        origin_writer.write(preface)
        backwards = asyncio.create_task(_pass(origin_reader, writer))
        try:
            with contextlib.suppress(ConnectionError):
                async for data in _parts(reader):
                    tapped.sent += data
                    self._news.set()
                    origin_writer.write(data)
                    await origin_writer.drain()
            origin_writer.close()
            tapped.ended.set()
            await backwards
        finally:
            backwards.cancel()
            for each in (writer, origin_writer):
                each.close()


class Inside:
    """`emulator` runs in the test's event loop; its workers are processes as always."""

    def __init__(self, emulator: Emulator, tap: Tap) -> None:
        self.emulator = emulator
        self.tap = tap
        self._wires: list[Wire] = []

    @property
    def running(self) -> RunningStatus:
        return self.emulator.status()

    @property
    def http_port(self) -> int:
        return _port(self.running.http_proxy)

    @property
    def socks_port(self) -> int:
        return _port(self.running.socks_proxy)

    def own_port(self, number: str) -> int:
        """The listener of this subscriber alone."""
        return _port(self.running.subscriber_proxies[Msisdn.parse(number, "86").e164])

    async def wire(self, port: int | None = None) -> Wire:
        """A connection to the shared HTTP listener, or to another; closed at the end if the test does not."""
        wire = await Wire.open(port or self.http_port)
        self._wires.append(wire)
        return wire

    async def hang_up(self) -> None:
        """Close every connection that was made here."""
        for wire in self._wires:
            wire.close()
        await asyncio.gather(*(wire.closed() for wire in self._wires))
        self._wires.clear()

    async def charge(self, number: str, amount: str) -> LineStatus:
        """Returns as the API does: when every worker has acknowledged."""
        return await self.emulator.service.charge(Msisdn.parse(number, "86"), Money.parse(amount, "CNY"))

    async def pay(self, number: str, amount: str) -> LineStatus:
        """By the provider's notification."""
        return (await self.emulator.life.till.pay(Msisdn.parse(number, "86"), Money.parse(amount, "CNY"))).status

    async def addresses(self, name: str) -> list[str]:
        """What a name resolves to."""
        return [str(address) for address in (await self.emulator.life.names.answer(name)).route.addresses]

    async def ue(self, number: str) -> str:
        """The line's IPv4 address."""
        session = (await self.emulator.service.status(Msisdn.parse(number, "86"))).line.session
        assert session is not None
        return str(session.ue_ipv4)


@asynccontextmanager
async def inside(
    folder: Path, overrides: Mapping[str, object] | None = None, config: Path = CONFIG
) -> AsyncIterator[Inside]:
    """`overrides` of the configuration are read anew at each reload, so a test may change them."""
    state = StateFolder(folder / "state")
    private_folder(state.path)
    read: Callable[[], Configuration] = lambda: load(config, {**UNHURRIED, **(overrides or {})})  # noqa: E731
    async with Emulator(state, read, BoundPorts.of(read()).free()) as emulator:
        tap = Tap(state.origin_socket)
        await tap.start()
        carrier = Inside(emulator, tap)
        try:
            yield carrier
        finally:
            await carrier.hang_up()
            await tap.stop()


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def _peer(writer: asyncio.StreamWriter) -> int:
    """The process id behind a Unix socket (unix(7), SO_PEERCRED)."""
    credentials = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid: int = struct.unpack("3i", credentials)[0]
    return pid


async def _parts(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Until the end, in whatever way it comes."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            yield data


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        async for data in _parts(reader):
            writer.write(data)
            await writer.drain()
    writer.close()
