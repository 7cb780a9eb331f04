"""One line's connections take nobody else's place, and what a line does not use takes none from itself."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from nfemu.runtime.crowd import Bounds
from tests.fakes.gateway import ARREARS, OPEN, FakeResolver, line
from tests.gateway.engine.conftest import ARREARS_NUMBER, OPEN_NUMBER, Client, World, auth, get, status, until
from tests.gateway.engine.test_bearers import dial

PORTAL, NEWS = "portal.carrier.example", "news.example"
OTHERS = "127.0.0.8"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path, bounds=Bounds(per_line=2, in_all=3))
    await world.start()
    yield world
    await world.stop()


async def kept(world: World, number: str) -> Client:
    """A connection on which a request has been answered."""
    client = await world.connect()
    await client.send(get(f"http://{PORTAL}/", number))
    assert status(await client.response()) == 200
    return client


async def tunnel(world: World, number: str) -> Client:
    client = await world.connect()
    await client.send(f"CONNECT {NEWS}:443 HTTP/1.1\r\nHost: {NEWS}:443\r\n".encode() + auth(number) + b"\r\n")
    assert status(await client.response(head_only=True)) == 200
    return client


def end(clients: Iterable[Client]) -> None:
    for client in clients:
        client.close()


async def test_of_those_that_have_said_nothing_the_first_gives_way(world: World) -> None:
    silent = [await world.connect(port) for port in (world.http_port, world.socks_port, world.http_port)]
    assert await silent[0].rest() == b""
    for _ in range(2):
        assert status(await world.exchange(get(f"http://{PORTAL}/", OPEN_NUMBER, b"Connection: close\r\n"))) == 200
    end(silent)


async def test_what_a_line_keeps_open_unused_gives_way_to_the_same_line(world: World) -> None:
    first, second = [await kept(world, OPEN_NUMBER) for _ in range(2)]
    third = await kept(world, OPEN_NUMBER)
    assert await first.rest() == b""
    for client in (second, third):
        await client.send(get(f"http://{PORTAL}/", OPEN_NUMBER))
        assert status(await client.response()) == 200
    end((second, third))


async def test_what_is_in_use_stays_and_the_line_is_told(world: World) -> None:
    tunnels = [await tunnel(world, OPEN_NUMBER) for _ in range(2)]
    assert status(await world.exchange(get(f"http://{PORTAL}/", OPEN_NUMBER))) == 503
    (await kept(world, ARREARS_NUMBER)).close()
    tunnels[0].close()
    await until(lambda: world.engine.connections == 1)
    end((await kept(world, OPEN_NUMBER), tunnels[1]))


async def test_phones_on_bearers_keep_nobody_out(world: World) -> None:
    world.view.put(replace(line(OPEN_NUMBER, OPEN), ue_ipv4=IPv4Address("127.0.0.9")))
    world.view.put(replace(line(ARREARS_NUMBER, ARREARS), ue_ipv4=IPv4Address(OTHERS)))
    portal = str(FakeResolver.emulated(PORTAL).addresses[0])
    halves = []
    for _ in range(4):
        halves.append(await dial(world, portal))
        await halves[-1].send(b"G")
    for client in halves[:2]:
        assert await client.rest() == b""
    client = await dial(world, portal, ue=OTHERS)
    await client.send(f"GET / HTTP/1.1\r\nHost: {PORTAL}\r\n\r\n".encode())
    assert status(await client.response()) == 200
    end((*halves, client))
