"""Bodies: streamed where allowed; where not, no byte of them goes anywhere, and the answer does not wait for them."""

import asyncio

import pytest

from tests.fakes.gateway import OK, Visit, read_some, swallow
from tests.gateway.engine.conftest import ARREARS_NUMBER, OPEN_NUMBER, WALLED_NUMBER, World, get, status, turns

MIB = 1024 * 1024


def _post(url: str, number: str, framing: bytes, method: str = "POST") -> bytes:
    return get(url, number, framing, method)


def _chunked(body: bytes, size: int = 65_521) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


BODY = bytes(range(256)) * (MIB // 256)
LENGTH = b"Content-Length: %d\r\n" % MIB
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize("number", [ARREARS_NUMBER, WALLED_NUMBER])
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
@pytest.mark.parametrize(("framing", "body"), [(LENGTH, BODY), (CHUNKED, _chunked(BODY))])
async def test_no_byte_of_a_refused_mebibyte_reaches_an_origin(
    world: World, number: str, method: str, framing: bytes, body: bytes
) -> None:
    client = await world.connect()
    await client.send(_post("http://evil.example/", number, framing, method))
    sending = asyncio.create_task(client.send(body))
    answer = await client.rest()
    await sending
    assert status(answer) in (302, 403, 511)
    assert not world.origin.visits
    assert not world.resolver.asked


@pytest.mark.parametrize("framing", [LENGTH, CHUNKED])
async def test_refused_expectation_is_answered_without_100(world: World, framing: bytes) -> None:
    answer = await world.exchange(_post("http://evil.example/", ARREARS_NUMBER, framing + b"Expect: 100-continue\r\n"))
    assert status(answer) == 511
    assert not world.origin.visits


async def test_a_refused_client_that_never_stops_is_cut_off(world: World) -> None:
    client = await world.connect()
    await client.send(_post("http://evil.example/", ARREARS_NUMBER, b"Content-Length: 999999999999\r\n"))
    assert status(await client.response()) == 511
    async with asyncio.timeout(10):
        while not client.writer.is_closing():
            client.writer.write(b"x" * 65536)
            try:
                await client.writer.drain()
            except ConnectionError:
                break
    assert not world.origin.visits


@pytest.mark.parametrize(("framing", "body"), [(LENGTH, BODY), (CHUNKED, _chunked(BODY))])
async def test_allowed_mebibyte_arrives_whole(world: World, framing: bytes, body: bytes) -> None:
    world.origin.serve = swallow
    client = await world.connect()
    await client.send(_post("http://portal.carrier.example/", ARREARS_NUMBER, framing) + body)
    visit = await world.origin.visit()
    if framing == LENGTH:
        received = await visit.until(MIB)
        assert received.endswith(BODY[-1000:])
        assert received.partition(b"\r\n\r\n")[2] == BODY
    else:
        received = await visit.until_contains(b"\r\n0\r\n\r\n")
        assert _dechunked(received.partition(b"\r\n\r\n")[2]) == BODY
    client.close()


async def test_bodies_stream_in_both_directions(world: World) -> None:
    """Each part arrives before the next is sent: nothing waits for the end of a body."""

    async def mirror(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readuntil(b"\r\n\r\n")
        visit.received += data
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while data := await read_some(visit, reader):
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    world.origin.serve = mirror
    client = await world.connect()
    await client.send(_post("http://news.example/", OPEN_NUMBER, b"Content-Length: 30\r\n"))
    await client.reader.readuntil(b"\r\n\r\n")
    for part in (b"first-----", b"second----", b"third-----"):
        await client.send(part)
        assert part in await client.reader.readuntil(part + b"\r\n")
    client.close()


async def test_expectation_of_an_allowed_upload(world: World) -> None:
    client = await world.connect()
    expecting = b"Content-Length: 4\r\nExpect: 100-continue\r\n"
    await client.send(_post("http://portal.carrier.example/", ARREARS_NUMBER, expecting))
    assert await client.response() == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(b"data")
    assert await client.response() == OK
    assert b"expect" not in world.origin.received.lower()
    assert world.origin.received.endswith(b"\r\n\r\ndata")
    client.close()


async def test_chunked_bodies_are_re_serialised_and_trailers_end_here(world: World) -> None:
    client = await world.connect()
    body = b'4;ext="x"\r\ndata\r\n0000\r\nX-MSISDN: 8613900000000\r\nX-Other: y\r\n\r\n'
    trailer = b"Trailer: X-MSISDN, X-Other\r\n"
    await client.send(_post("http://portal.carrier.example/", ARREARS_NUMBER, CHUNKED + trailer) + body)
    assert await client.response() == OK
    visit = await world.origin.visit()
    received = await visit.until_contains(b"\r\n0\r\n\r\n")
    assert received.partition(b"\r\n\r\n")[2] == b"4\r\ndata\r\n0\r\n\r\n"
    assert b"8613900000000" not in received
    assert b"Trailer" not in received
    client.close()


@pytest.mark.parametrize(
    "body",
    [
        b"4\r\ndataXX0\r\n\r\n",
        b"4\ndata\r\n0\r\n\r\n",
        b"0x4\r\ndata\r\n0\r\n\r\n",
        b"4\r\ndata\r\n0\r\nX-MSISDN : 1\r\n\r\n",
        b"4\r\ndata\r\n-1\r\n",
    ],
)
async def test_malformed_chunks_end_the_request_at_the_origin_too(world: World, body: bytes) -> None:
    world.origin.serve = swallow
    smuggled = get("http://portal.carrier.example/smuggled", ARREARS_NUMBER)
    answer = await world.exchange(_post("http://portal.carrier.example/", ARREARS_NUMBER, CHUNKED) + body + smuggled)
    assert status(answer) == 400
    for visit in world.origin.visits:
        await visit.ended.wait()
    assert b"\r\n0\r\n\r\n" not in world.origin.received
    assert b"smuggled" not in world.origin.received


async def test_malformed_chunk_behind_the_beginning_of_the_response(world: World) -> None:
    async def serve(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin")
        while await read_some(visit, reader):
            pass

    world.origin.serve = serve
    client = await world.connect()
    await client.send(_post("http://news.example/", OPEN_NUMBER, CHUNKED) + b"4\r\ndata\r\n")
    await client.reader.readuntil(b"begin")
    await client.send(b"no chunk\r\n")
    assert await client.rest() == b""
    await world.origin.visits[0].ended.wait()


async def test_body_cut_short_by_the_client(world: World) -> None:
    world.origin.serve = swallow
    client = await world.connect()
    await client.send(_post("http://portal.carrier.example/", ARREARS_NUMBER, b"Content-Length: 10\r\n") + b"12345")
    visit = await world.origin.visit()
    await visit.until_contains(b"12345")
    client.close()
    await visit.ended.wait()


async def test_upload_waits_while_its_origin_is_dialled(world: World) -> None:
    """What the client sends meanwhile stays with the client, not in the worker's memory."""
    world.origin.serve = swallow
    world.resolver.gate.clear()
    client = await world.connect()
    await client.send(_post("http://news.example/", OPEN_NUMBER, b"Content-Length: 100000000\r\n"))
    sending = asyncio.create_task(client.send(b"x" * 100_000_000))
    await turns()
    assert not sending.done()
    world.resolver.gate.set()
    visit = await world.origin.visit()
    await visit.until(1000)
    client.close()
    await visit.ended.wait()
    sending.cancel()


def _dechunked(data: bytes) -> bytes:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return body
        body, data = body + data[:length], data[length + 2 :]
