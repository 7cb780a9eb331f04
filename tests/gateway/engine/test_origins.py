"""What origins answer, and how badly they may behave."""

import asyncio

import pytest

from nfemu.gateway.engine.http_layer import GatewayHttpLayer
from tests.fakes.gateway import OK, Visit, read_some, rules
from tests.gateway.engine.conftest import OPEN_NUMBER, World, get, header, status, turns, until


def answering(*answers: bytes, close: bool = False):  # type: ignore[no-untyped-def]  # a serve function
    """Serve one answer per request head."""

    async def serve(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            data = await reader.readuntil(b"\r\n\r\n")
            visit.received += data
            writer.write(answer)
        if not close:
            await reader.read()

    return serve


async def test_interim_responses_are_skipped(world: World) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    world.origin.serve = answering(interim + OK, OK)
    client = await world.connect()
    for _ in range(2):
        await client.send(get("http://news.example/", OPEN_NUMBER))
        assert await client.response() == OK
    assert len(world.origin.visits) == 1
    client.close()


async def test_body_until_the_end_of_the_connection(world: World) -> None:
    answer = b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n" + b"x" * 100_000
    world.origin.serve = answering(answer, close=True)
    assert await world.exchange(get("http://news.example/", OPEN_NUMBER)) == answer


async def test_chunked_response_is_re_serialised_without_trailers(world: World) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    world.origin.serve = answering(head + b"3;x=y\r\nabc\r\n0\r\nX-Trailer: t\r\n\r\n", OK)
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    expected = head + b"3\r\nabc\r\n0\r\n\r\n"
    assert await client.reader.readexactly(len(expected)) == expected
    await client.send(get("http://news.example/", OPEN_NUMBER))
    assert await client.response() == OK
    client.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n",
    ],
)
async def test_responses_without_a_body(world: World, answer: bytes) -> None:
    method = "GET" if b"304" in answer else "HEAD"
    world.origin.serve = answering(answer, answer)
    client = await world.connect()
    for _ in range(2):
        await client.send(get("http://news.example/", OPEN_NUMBER, method=method))
        assert await client.response(head_only=True) == answer
    client.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 300_000,
        b"",
    ],
)
async def test_malformed_responses_become_502(world: World, answer: bytes) -> None:
    world.origin.serve = answering(answer, close=True)
    got = await world.exchange(get("http://news.example/", OPEN_NUMBER))
    assert status(got) == 502
    assert header(got, "set-cookie") is None
    await world.origin.visits[0].ended.wait()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshortXX0\r\n\r\n",
    ],
)
async def test_broken_off_bodies_are_seen_to_be_broken_off(world: World, answer: bytes) -> None:
    world.origin.serve = answering(answer, close=True)
    got = await world.exchange(get("http://news.example/", OPEN_NUMBER))
    assert status(got) == 200
    assert not got.endswith(b"0\r\n\r\n")


async def test_close_of_the_origin_closes_the_client_too(world: World) -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    world.origin.serve = answering(closing)
    assert await world.exchange(get("http://news.example/", OPEN_NUMBER)) == closing


async def test_kept_connection_that_the_origin_closed_is_not_used_again(world: World) -> None:
    world.origin.serve = answering(OK, close=True)
    client = await world.connect()
    for number in range(3):
        await client.send(get("http://news.example/", OPEN_NUMBER))
        assert await client.response() == OK
        visit = await world.origin.visit(number)
        await visit.ended.wait()
        await until(lambda: not any(kept.transports.keys() - {kept.client} for kept in world.engine._connections))
    assert len(world.origin.visits) == 3
    client.close()


async def test_unasked_bytes_close_a_kept_connection(world: World) -> None:
    world.origin.serve = answering(OK + OK, OK)
    client = await world.connect()
    for _ in range(2):
        await client.send(get("http://news.example/", OPEN_NUMBER))
        assert await client.response() == OK
    assert len(world.origin.visits) == 2
    client.close()


async def test_another_destination_closes_the_kept_connection(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://a.example/", OPEN_NUMBER))
    await client.response()
    await client.send(get("http://b.example/", OPEN_NUMBER))
    await client.response()
    await world.origin.visits[0].ended.wait()
    client.close()


async def test_new_rules_lead_to_a_new_connection(world: World) -> None:
    """With a reload the portal's upstream may have changed."""
    client = await world.connect()
    for number in range(1, 3):
        await client.send(get("http://a.example/", OPEN_NUMBER))
        await client.response()
        assert len(world.origin.visits) == number
        world.view.current = rules()
        await world.engine.rules_changed()
    client.close()


async def test_nothing_piles_up_on_a_long_lived_connection(world: World) -> None:
    client = await world.connect()
    for number in range(100):
        await client.send(get(f"http://site{number % 3}.example/", OPEN_NUMBER))
        assert await client.response() == OK
    (connection,) = world.engine._connections
    layer = connection.layer
    assert isinstance(layer, GatewayHttpLayer)
    assert (len(layer.streams), len(layer.command_sources), len(layer.connections)) == (0, 0, 2)
    assert len(layer.context.layers) == 1
    await until(lambda: len(connection.transports) == 2)
    client.close()


async def test_early_answer_to_an_upload(world: World) -> None:
    """The client gets the answer at once, and its upload still goes through."""

    async def serve(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno and more")
        while await read_some(visit, reader):
            writer.write(b"and more")

    world.origin.serve = serve
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER, b"Content-Length: 20\r\n", "PUT") + b"x" * 10)
    assert status(await client.response()) == 413
    await client.send(b"y" * 9)
    await world.origin.visits[0].until_contains(b"y" * 9)
    await client.send(b"z")
    await world.origin.visits[0].ended.wait()
    client.close()


async def test_large_download_streams_with_backpressure(world: World) -> None:
    size = 20_000_000

    async def serve(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 100_000):
            writer.write(b"x" * 100_000)
            await writer.drain()
            visit.received += b"."
        await reader.read()

    world.origin.serve = serve
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert status(head) == 200
    await turns()
    assert len(world.origin.visits[0].received) < 150  # the rest waits at the origin, not in the gateway
    assert len(await client.reader.readexactly(size)) == size
    client.close()
