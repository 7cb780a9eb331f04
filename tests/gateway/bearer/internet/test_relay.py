"""The relay on real sockets: what is dialled, what a change ends, and what happens where nobody is."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.internet.relay import Relay
from nfemu.gateway.engine.dial import DialError, DialRequest
from nfemu.model.destination import IpAddress
from nfemu.model.identity import PolicyName
from nfemu.runtime.crowd import Bounds
from tests.fakes.gateway import ARREARS, OPEN, RecordingOrigin, Visit, echo
from tests.gateway.bearer.world import Steering, outcome
from tests.gateway.engine.conftest import until

SITE = IPv4Address("93.184.216.34")
_BOUNDS = Bounds(per_line=2, in_all=3)


class World(Steering):
    """Lines on 127.0.0.2 and .3; whatever is dialled is one origin, which echoes. Open lines may go anywhere."""

    def __init__(self, idle_s: float = 600) -> None:
        super().__init__(7)
        self.endpoint = (SITE, 7)
        self.first = self.line("13800138000", OPEN, "127.0.0.2")
        self.second = self.line("13800138001", OPEN, "127.0.0.3")
        self.dialled: list[DialRequest] = []
        self.ready = asyncio.Event()
        self.ready.set()
        self.origin = RecordingOrigin()
        self.origin.serve = echo
        self.forbidden: set[IpAddress] = set()
        self.relay = Relay(
            [self.listener],
            self.view,
            self._forwards,
            Dial(self),
            original=self.original,
            bounds=_BOUNDS,
            idle_s=idle_s,
        )

    def _forwards(self, state: LineState, address: IpAddress, port: int) -> bool:
        return state.policy == OPEN and address not in self.forbidden and port == 7

    async def start(self) -> None:
        await self.origin.listen_tcp()
        self.relay.start()

    async def stop(self) -> None:
        await self.relay.stop()
        await self.relay.stop()
        await self.origin.stop()

    async def is_reset(self, source: str = "127.0.0.2") -> bool:
        """Though the phone has said nothing; it may be before the phone has heard that it is connected."""
        try:
            reader, writer = await self.connect(source)
        except ConnectionResetError:
            return True
        answer = await outcome(reader)
        writer.close()
        return answer == b"reset"

    async def opened(self, source: str = "127.0.0.2") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """One through which something has come back."""
        reader, writer = await self.connect(source)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        return reader, writer


class Dial:
    """As the dialler: to wherever `world` says, when it is ready."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:
        world = self._world
        world.dialled.append(request)
        await world.ready.wait()
        if request.host != str(SITE):
            raise DialError(403, "not there")
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", world.origin.port))
        return sock


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.start()
    yield world
    await world.stop()


async def test_dials_where_the_phone_was_going(world: World) -> None:
    reader, writer = await world.opened()
    (request,) = world.dialled
    assert (request.host, request.port, request.plain_http, request.line) == (str(SITE), 7, False, world.first)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await until(lambda: not len(world.relay))


async def test_whoever_speaks_first(world: World) -> None:
    async def banner(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-world\r\n")
        await reader.read()

    world.origin.serve = banner
    reader, writer = await world.connect()
    assert await reader.readline() == b"SSH-2.0-world\r\n"
    writer.close()


@pytest.mark.parametrize("where", [IPv4Address("93.184.216.99"), None])
async def test_nobody_there_and_nothing_redirected(world: World, where: IpAddress | None) -> None:
    world.endpoint = None if where is None else (where, 7)
    assert await world.is_reset()


async def test_whose_it_is_and_what_the_core_would_not_forward(world: World) -> None:
    world.forbidden.add(SITE)
    assert await world.is_reset("127.0.0.9")
    assert await world.is_reset()
    assert world.dialled == []


@pytest.mark.parametrize("change", ["policy", "generation", "detached", "rules", "other line"])
async def test_a_change_ends_what_it_forbids_before_it_returns(world: World, change: str) -> None:
    reader, writer = await world.opened()
    kept, keeping = await world.opened("127.0.0.3")
    changed: dict[str, Callable[[], LineState]] = {
        "policy": lambda: replace(world.first, policy=ARREARS, version=2),
        "generation": lambda: replace(world.first, generation=2, version=2),
        "detached": lambda: replace(world.first, policy=None, version=2),
        "rules": lambda: replace(world.first, policy=PolicyName("gone"), version=2),
        "other line": lambda: world.second,
    }
    world.view.place("127.0.0.2", changed[change]())
    await (world.relay.rules_changed() if change == "rules" else world.relay.line_changed(world.first.imsi))
    assert len(world.relay) == 1
    assert await outcome(reader) == b"reset"
    keeping.write(b"still here")
    assert await kept.readexactly(10) == b"still here"
    for each in (writer, keeping):
        each.close()


async def test_a_change_while_it_is_dialled(world: World) -> None:
    world.ready.clear()
    reader, writer = await world.connect()
    await until(lambda: world.dialled)
    world.view.place("127.0.0.2", replace(world.first, policy=ARREARS, version=2))
    await world.relay.line_changed(world.first.imsi)
    assert await outcome(reader) == b"reset"
    world.ready.set()
    assert world.origin.visits == []
    writer.close()


async def test_no_line_takes_the_place_of_the_others(world: World) -> None:
    held = [await world.opened() for _ in range(2)]
    assert await world.is_reset()
    held.append(await world.opened("127.0.0.3"))
    for _, each in held:
        each.close()


async def test_idle_connections_end() -> None:
    world = World(idle_s=0.05)
    await world.start()
    reader, writer = await world.opened()
    assert await outcome(reader) == b"reset"
    writer.close()
    await world.stop()
