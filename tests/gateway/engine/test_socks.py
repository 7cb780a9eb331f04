"""The SOCKS5 listener: refusals come as SOCKS replies before any dial; allowed tunnels are the same as CONNECT's."""

import struct
from ipaddress import ip_address

import pytest

from nfemu.model.errors import NotFound
from tests.fakes.gateway import echo
from tests.gateway.engine.conftest import ARREARS_NUMBER, DETACHED_NUMBER, OPEN_NUMBER, Client, World, status
from tests.gateway.engine.test_tunnels import client_hello

GREETING = b"\x05\x02\x00\x02"


def _login(number: str) -> bytes:
    return b"\x01" + bytes((len(number),)) + number.encode() + b"\x01x"


def _request(host: str, port: int, command: int = 1) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        where = b"\x03" + bytes((len(host.encode()),)) + host.encode()
    else:
        where = (b"\x01" if address.version == 4 else b"\x04") + address.packed
    return b"\x05" + bytes((command,)) + b"\x00" + where + struct.pack("!H", port)


async def _greeted(world: World, number: str) -> Client:
    client = await world.connect(world.socks_port)
    await client.send(GREETING)
    assert await client.reader.readexactly(2) == b"\x05\x02"
    await client.send(_login(number))
    assert await client.reader.readexactly(2) == b"\x01\x00"
    return client


async def socks_session(world: World, host: str, port: int, number: str) -> Client:
    client = await _greeted(world, number)
    await client.send(_request(host, port))
    assert (await client.reader.readexactly(10))[:2] == b"\x05\x00"
    return client


def socks_request(host: str, port: int, number: str) -> bytes:
    """Everything that a client sends before its own bytes."""
    return GREETING + _login(number) + _request(host, port)


async def test_http_inside(world: World) -> None:
    client = await socks_session(world, "portal.carrier.example", 80, ARREARS_NUMBER)
    await client.send(b"GET / HTTP/1.1\r\nHost: portal.carrier.example\r\nX-MSISDN: 8613900000000\r\n\r\n")
    assert status(await client.response()) == 200
    assert b"X-MSISDN: 8613800138001" in world.origin.received
    assert b"8613900000000" not in world.origin.received
    client.close()


async def test_tls_inside(world: World) -> None:
    world.origin.serve = echo
    hello = client_hello("pay.provider.example")
    client = await socks_session(world, "pay.provider.example", 443, ARREARS_NUMBER)
    await client.send(hello)
    assert await client.reader.readexactly(len(hello)) == hello
    client.close()


async def test_everything_in_one_packet_and_one_octet_at_a_time(world: World) -> None:
    world.origin.serve = echo
    raw = GREETING + _login(OPEN_NUMBER) + _request("news.example", 9000) + b"\x00data"
    for dripping in (False, True):
        client = await world.connect(world.socks_port)
        await (client.drip(raw) if dripping else client.send(raw))
        expected = b"\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00data"
        assert await client.reader.readexactly(len(expected)) == expected
        client.close()


@pytest.mark.parametrize(
    ("host", "port", "number"),
    [
        ("news.example", 80, ARREARS_NUMBER),
        ("news.example", 443, ARREARS_NUMBER),
        ("portal.carrier.example", 25, ARREARS_NUMBER),
        ("198.18.1.5", 443, ARREARS_NUMBER),
        ("127.0.0.1", 80, OPEN_NUMBER),
        ("::1", 80, OPEN_NUMBER),
        ("1.2", 80, OPEN_NUMBER),
    ],
)
async def test_refused_by_the_rules(world: World, host: str, port: int, number: str) -> None:
    client = await _greeted(world, number)
    await client.send(_request(host, port))
    assert (await client.rest())[:2] == b"\x05\x02"
    assert not world.origin.visits
    assert not world.resolver.asked


async def test_detached_between_login_and_request(world: World) -> None:
    client = await _greeted(world, ARREARS_NUMBER)
    world.view.is_fresh = False
    await client.send(_request("portal.carrier.example", 80))
    assert (await client.rest())[:2] == b"\x05\x02"


@pytest.mark.parametrize("number", ["13900000000", "nobody", DETACHED_NUMBER, ""])
async def test_unknown_and_detached_numbers_fail_to_log_in(world: World, number: str) -> None:
    client = await world.connect(world.socks_port)
    await client.send(GREETING + _login(number))
    assert await client.rest() == b"\x05\x02\x01\x01"


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"\x05\x01\x00", b"\x05\xff"),
        (b"\x04\x01\x00\x50\x01\x02\x03\x04\x00", b""),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (GREETING + b"\x02\x01", b"\x05\x02"),
        (GREETING + _login(OPEN_NUMBER) + _request("a", 1, command=2), b"\x05\x02\x01\x00\x05\x07"),
        (GREETING + _login(OPEN_NUMBER) + b"\x05\x01\x00\x09\x01", b"\x05\x02\x01\x00\x05\x08"),
        (GREETING + _login(OPEN_NUMBER) + b"\x04\x01\x00\x03\x01", b"\x05\x02\x01\x00\x05\x01"),
    ],
)
async def test_bad_handshakes(world: World, raw: bytes, answer: bytes) -> None:
    client = await world.connect(world.socks_port)
    await client.send(raw)
    rest = await client.rest()
    assert rest[: len(answer) or None] == answer
    assert not world.origin.visits


async def test_nobody_answers(world: World) -> None:
    world.resolver.routes["gone.example"] = NotFound("no such name")
    client = await _greeted(world, OPEN_NUMBER)
    await client.send(_request("gone.example", 443))
    assert (await client.rest())[:2] == b"\x05\x04"


async def test_client_that_leaves_in_the_handshake(world: World) -> None:
    client = await world.connect(world.socks_port)
    await client.send(GREETING)
    await client.reader.readexactly(2)
    client.writer.write_eof()
    assert await client.rest() == b""
