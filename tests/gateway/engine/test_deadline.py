"""Clients that never finish what they began: the deadline by hand, then on real sockets with a very short one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mitmproxy.proxy import commands, events, layer

from nfemu.gateway.engine.deadline import Deadline
from tests.fakes.gateway import echo
from tests.gateway.engine.conftest import ARREARS_NUMBER, OPEN_NUMBER, Client, World, auth, get, status
from tests.gateway.engine.test_socks import GREETING, socks_request, socks_session
from tests.gateway.engine.test_tunnels import ESTABLISHED, client_hello, connect


def timers(generator: layer.CommandGenerator[None]) -> list[commands.Command]:
    return list(generator)


def passed(deadline: Deadline) -> tuple[list[commands.Command], bool]:
    """What `passed` asks for, and what it says."""
    asked: list[commands.Command] = []
    generator = deadline.passed()
    while True:
        try:
            asked.append(next(generator))
        except StopIteration as end:
            return asked, bool(end.value)


def woken(timer: commands.Command) -> events.Wakeup:
    assert isinstance(timer, commands.RequestWakeup)
    return events.Wakeup(timer)


def test_one_timer_while_a_head_is_incomplete() -> None:
    deadline = Deadline(7.0)
    (timer,) = timers(deadline.begin())
    assert isinstance(timer, commands.RequestWakeup)
    assert timer.delay == 7.0
    assert timers(deadline.begin()) == []
    assert deadline.owns(woken(timer))
    assert not deadline.owns(woken(commands.RequestWakeup(7.0)))
    assert not deadline.owns(events.Start())
    assert passed(deadline) == ([], True)


def test_a_head_that_was_complete_in_time() -> None:
    deadline = Deadline(7.0)
    timers(deadline.begin())
    deadline.end()
    assert passed(deadline) == ([], False)


def test_a_later_head_gets_its_own_time_from_the_same_timer_on() -> None:
    deadline = Deadline(7.0)
    timers(deadline.begin())
    deadline.end()
    assert timers(deadline.begin()) == []
    (again,), over = passed(deadline)
    assert not over
    assert deadline.owns(woken(again))
    assert passed(deadline) == ([], True)


@pytest.fixture
async def hasty(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """An engine that waits for next to nothing; where a client must be in time, for somewhat longer."""
    world = World(tmp_path, patience_s=getattr(request, "param", 0.05))
    await world.start()
    yield world
    await world.stop()


in_time = pytest.mark.parametrize("hasty", [0.4], indirect=True)


async def until_later(world: World) -> None:
    """Returns when every deadline that began before has passed: one that begins now has."""
    assert status(await world.exchange(b"GET ")) == 408


@pytest.mark.parametrize("part", [b"G", b"\r\n", get("http://news.example/", OPEN_NUMBER)[:-2]])
async def test_a_head_that_never_ends(hasty: World, part: bytes) -> None:
    answer = await hasty.exchange(part)
    assert status(answer) == 408
    assert b"too long" in answer
    assert not hasty.origin.visits


@in_time
async def test_a_second_head_that_never_ends(hasty: World) -> None:
    client = await hasty.connect()
    request = get("http://news.example/", OPEN_NUMBER)
    await client.send(request)
    assert status(await client.response()) == 200
    await client.send(request[:-1])
    assert status(await client.rest()) == 408
    assert hasty.origin.received.count(b"GET") == 1


@in_time
async def test_idle_between_requests_is_no_slow_head(hasty: World) -> None:
    client = await hasty.connect()
    request = get("http://news.example/", OPEN_NUMBER)
    for _ in range(2):
        await client.send(request[:9])
        await client.send(request[9:])
        assert status(await client.response()) == 200
        await until_later(hasty)
    client.close()


@in_time
async def test_a_slow_body_is_none_either(hasty: World) -> None:
    client = await hasty.connect()
    request = get("http://news.example/", OPEN_NUMBER, b"Content-Length: 2\r\n", "POST")
    await client.send(request[:9])
    await client.send(request[9:] + b"a")
    await (await hasty.origin.visit()).until_contains(b"a")
    await until_later(hasty)
    await client.send(b"b")
    await (await hasty.origin.visit()).until_contains(b"ab")
    client.close()


@pytest.mark.parametrize("part", [b"\x05", GREETING, socks_request("news.example", 80, OPEN_NUMBER)[:-1]])
async def test_a_socks_handshake_that_never_ends(hasty: World, part: bytes) -> None:
    client = await hasty.connect(hasty.socks_port)
    await client.send(part)
    await client.rest()
    assert not hasty.origin.visits


@pytest.mark.parametrize("part", [client_hello("pay.provider.example")[:-1], b"GE"])
async def test_first_bytes_of_a_tunnel_that_never_tell(hasty: World, part: bytes) -> None:
    client = await hasty.connect()
    await client.send(connect("pay.provider.example:443", ARREARS_NUMBER))
    assert await client.response() == ESTABLISHED
    await client.send(part)
    assert await client.rest() == b""
    assert not hasty.origin.visits


@in_time
async def test_tunnels_outlive_the_deadlines_of_what_opened_them(hasty: World) -> None:
    hasty.origin.serve = echo
    by_connect = await hasty.connect()
    request = connect("news.example:443", OPEN_NUMBER)
    await by_connect.send(request[:9])
    await by_connect.send(request[9:])
    assert await by_connect.response() == ESTABLISHED
    by_socks = await socks_session(hasty, "news.example", 443, OPEN_NUMBER)
    for client in (by_connect, by_socks):
        await client.send(b"\x16")
        await client.send(client_hello("news.example")[1:])
    await until_later(hasty)
    for client in (by_connect, by_socks):
        await _still_there(client)


async def _still_there(client: Client) -> None:
    await client.send(b"last words")
    data = b""
    while not data.endswith(b"last words"):
        data += await client.reader.read(1000)
    client.close()


@in_time
async def test_plain_http_in_a_tunnel_outlives_them_too(hasty: World) -> None:
    client = await socks_session(hasty, "news.example", 80, OPEN_NUMBER)
    await client.send(b"GET / HT")
    await client.send(b"TP/1.1\r\nHost: news.example\r\n\r\n")
    assert status(await client.response()) == 200
    await until_later(hasty)
    await client.send(b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n")
    assert status(await client.response()) == 200
    await client.send(auth(OPEN_NUMBER))
    assert status(await client.rest()) == 408
