"""WebSocket through the gateway (RFC 6455): both sides shake hands in full, and then there are frames or nothing."""

import asyncio
from base64 import b64encode

import pytest

from nfemu.wire.websocket import accept_of
from tests.fakes.gateway import Visit, answer_heads, echo, read_some
from tests.gateway.engine.conftest import ARREARS_NUMBER, OPEN_NUMBER, Client, World, get, status

KEY = b64encode(b"0123456789abcdef")
_UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
WEBSOCKET = _UPGRADE + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n" % KEY
_SWITCH = b"HTTP/1.1 101 Switching Protocols\r\n%s\r\n"
_ACCEPT = b"Sec-WebSocket-Accept: %s\r\n" % accept_of(KEY)
HELLO = b"\x81\x05hello"
PING = b"\x89\x82mask" + bytes(a ^ b for a, b in zip(b"hi", b"ma", strict=True))
PORTAL = "http://portal.carrier.example/ws"
FORGED = b"GET /smug HTTP/1.1\r\nHost: portal.carrier.example\r\nX-MSISDN: 8613800138009\r\n\r\n"


async def websocket(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    visit.received += await reader.readuntil(b"\r\n\r\n")
    writer.write(_SWITCH % (_UPGRADE + _ACCEPT) + HELLO)
    await echo(visit, reader, writer)


async def open_websocket(world: World, url: str, number: str) -> Client:
    world.origin.serve = websocket
    client = await world.connect()
    await client.send(get(url, number, WEBSOCKET))
    assert status(await client.response()) == 101
    assert await client.reader.readexactly(len(HELLO)) == HELLO
    await client.send(PING)
    assert await client.reader.readexactly(len(PING)) == PING
    return client


@pytest.mark.parametrize(
    "upgrade",
    [
        _UPGRADE,
        WEBSOCKET.replace(b": 13", b": 7"),
        WEBSOCKET.replace(KEY, b"x"),
        WEBSOCKET.replace(KEY, KEY[:-1]),
        WEBSOCKET.replace(b"Connection: Upgrade\r\n", b""),
    ],
)
async def test_half_a_handshake_is_an_ordinary_request(world: World, upgrade: bytes) -> None:
    client = await world.connect()
    await client.send(get(PORTAL, ARREARS_NUMBER, upgrade) + get(PORTAL, ARREARS_NUMBER, b"X-MSISDN: 1\r\n"))
    for _ in range(2):
        assert status(await client.response()) == 200
    assert b"Upgrade" not in world.origin.received
    assert world.origin.received.count(b"X-MSISDN: 8613800138001\r\n") == 2
    assert b"X-MSISDN: 1\r\n" not in world.origin.received
    client.close()


@pytest.mark.parametrize(
    "fields",
    [
        _UPGRADE,
        _UPGRADE + _ACCEPT.lower(),
        _UPGRADE.replace(b"websocket", b"h2c") + _ACCEPT,
        b"Upgrade: websocket\r\n" + _ACCEPT,
    ],
)
@pytest.mark.parametrize("number", [OPEN_NUMBER, ARREARS_NUMBER])
async def test_half_an_answer_is_none(world: World, number: str, fields: bytes) -> None:
    async def careless(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_some(visit, reader)
        writer.write(_SWITCH % fields)
        await answer_heads(visit, reader, writer)

    world.origin.serve = careless
    assert status(await world.exchange(get(PORTAL, number, WEBSOCKET) + FORGED)) == 502
    await world.origin.visits[0].ended.wait()
    assert b"smug" not in world.origin.received


@pytest.mark.parametrize("pieces", [1, len(FORGED)])
async def test_what_follows_is_frames_or_the_end(world: World, pieces: int) -> None:
    client = await open_websocket(world, PORTAL, ARREARS_NUMBER)
    before = len(world.origin.received)
    await (client.send(FORGED) if pieces == 1 else client.drip(FORGED))
    assert await client.rest() == b""
    await world.origin.visits[0].ended.wait()
    assert len(world.origin.received) == before


async def test_nominated_in_connection_the_key_is_kept(world: World) -> None:
    world.origin.serve = websocket
    client = await world.connect()
    await client.send(get(PORTAL, OPEN_NUMBER, WEBSOCKET.replace(b": Upgrade", b": Upgrade, Sec-WebSocket-Key")))
    assert status(await client.response()) == 101
    client.close()
