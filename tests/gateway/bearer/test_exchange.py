"""Connections to the responder that come in pieces, wait, linger, or end in the middle."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.fakes.gateway import CAPPED, OPEN, line
from tests.gateway.bearer.responding import ANSWER, GET, World
from tests.gateway.bearer.world import outcome
from tests.gateway.engine.conftest import turns


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    world.responder.stop()
    world.responder.stop()


@pytest.mark.parametrize("where", range(1, len(GET)))
async def test_split_anywhere(world: World, where: int) -> None:
    assert await world.ask(GET[:where], GET[where:]) == ANSWER


async def test_waiting_ends_with_a_flip_and_others_go_on(world: World) -> None:
    mine, mine_writer = await world.connect()
    other, other_writer = await world.connect("127.0.0.3")
    for writer in (mine_writer, other_writer):
        writer.write(GET[:20])
    await world.waiting(2)
    world.responder.line_changed(replace(world.arrears, policy=OPEN, version=2))
    assert await outcome(mine) == b"reset"
    other_writer.write(GET[20:])
    assert (await outcome(other)).startswith(b"HTTP/1.1 403")
    mine_writer.close()
    other_writer.close()


async def test_address_that_has_another_line_by_now(world: World) -> None:
    reader, writer = await world.connect()
    writer.write(GET[:20])
    await world.waiting(1)
    world.view.place("127.0.0.2", line("13800138004", CAPPED))
    writer.write(GET[20:])
    assert await outcome(reader) == b"reset"
    writer.close()


async def test_bounded_by_line_and_in_all(world: World) -> None:
    writers = []
    for source, count in (("127.0.0.2", 4), ("127.0.0.3", 2)):
        for _ in range(count):
            _, writer = await world.connect(source)
            writer.write(b"GET /")
            writers.append(writer)
    await world.waiting(6)
    assert await world.ask(b"GET /") == b"reset"
    assert await world.ask(b"GET /", source="127.0.0.4") == b"reset"
    assert await world.ask(GET) == ANSWER  # what waits for nothing has always a place
    for writer in writers:
        writer.close()
    await world.waiting(0)


@pytest.mark.parametrize("begun", [b"", GET[:20], GET.replace(b"GET", b"POST"), GET + b"x" * 200_000])
async def test_phone_that_is_gone(world: World, begun: bytes) -> None:
    """It resets at whatever point; whoever comes after it is served."""
    _, writer = await world.connect()
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.write(begun)
    await turns(2)
    writer.transport.abort()
    assert await world.ask(GET) == ANSWER
    await world.waiting(0)


async def test_phone_that_ends_its_direction(world: World) -> None:
    for begun in (b"", GET[:20]):
        reader, writer = await world.connect()
        writer.write(begun)
        writer.write_eof()
        assert await outcome(reader) == b""
        writer.close()


async def test_slow_head_and_a_body_without_end() -> None:
    world = World(patience_s=0.05)
    reader, writer = await world.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: news")
    assert (await outcome(reader)).startswith(b"HTTP/1.1 408 ")
    writer.close()
    reader, writer = await world.connect()
    writer.write(GET.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"))
    assert (await outcome(reader)).startswith(b"HTTP/1.1 511 ")
    await world.waiting(0)  # though the phone never ends its direction
    writer.close()
    world.responder.stop()
