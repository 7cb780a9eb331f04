"""CONNECT: what may be opened, what may go through it, and that nothing forbidden is ever dialled."""

import ssl

import pytest

from nfemu.model.errors import NotFound
from tests.fakes.gateway import Visit, direct, echo
from tests.gateway.engine.conftest import (
    ARREARS_NUMBER,
    DETACHED_NUMBER,
    OPEN_NUMBER,
    WALLED_NUMBER,
    Client,
    World,
    auth,
    get,
    header,
    status,
)

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def connect(authority: str, number: str) -> bytes:
    return f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n".encode() + auth(number) + b"\r\n"


def client_hello(name: str | None) -> bytes:
    """A real one, from OpenSSL."""
    outgoing = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


async def opened(world: World, authority: str, number: str) -> Client:
    client = await world.connect()
    await client.send(connect(authority, number))
    assert await client.response() == ESTABLISHED
    return client


@pytest.mark.parametrize(
    ("authority", "number", "code"),
    [
        ("news.example:443", ARREARS_NUMBER, 403),
        ("news.example:80", ARREARS_NUMBER, 403),
        ("portal.carrier.example:22", ARREARS_NUMBER, 403),
        ("pay.provider.example:443", DETACHED_NUMBER, 403),
        ("news.example:443", WALLED_NUMBER, 403),
        ("198.18.1.5:443", ARREARS_NUMBER, 403),  # an allowed network, but a literal has no SNI to compare with
        ("127.0.0.1:443", OPEN_NUMBER, 403),
        ("[::1]:443", OPEN_NUMBER, 403),
        ("192.168.1.1:80", OPEN_NUMBER, 403),
        ("[::ffff:10.0.0.1]:80", OPEN_NUMBER, 403),
        ("news.example:443", "13900000000", 407),
        ("0x7f.1:443", OPEN_NUMBER, 400),
    ],
)
async def test_refused_before_anything_is_dialled(world: World, authority: str, number: str, code: int) -> None:
    answer = await world.exchange(connect(authority, number))
    assert status(answer) == code
    assert header(answer, "connection") == "close"
    assert not world.origin.visits
    assert not world.resolver.asked


async def test_restricted_tls_to_an_allowed_name_is_spliced_untouched(world: World) -> None:
    world.origin.serve = echo
    hello = client_hello("pay.provider.example")
    client = await opened(world, "Pay.Provider.example.:443", ARREARS_NUMBER)
    assert not world.origin.visits  # nothing is dialled before the name is known
    await client.drip(hello)
    assert await client.reader.readexactly(len(hello)) == hello
    await client.send(b"\x17\x03\x03\x00\x01x")
    assert await client.reader.readexactly(6) == b"\x17\x03\x03\x00\x01x"
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert (visit.proxy.source, visit.proxy.destination_port) == (world.arrears.ue_ipv4, 443)
    client.close()
    await visit.ended.wait()


@pytest.mark.parametrize(
    "first",
    [
        client_hello("portal.carrier.example"),
        client_hello("evil.example"),
        client_hello("pay.provider.example.evil.example"),
        client_hello(None),
        b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00",
        b"\x16\x03\x01\x00\x00",
        b"SSH-2.0-x\r\n",
        b"\x00\x01\x02\x03",
    ],
)
async def test_restricted_tunnel_with_anything_else_inside_is_closed(world: World, first: bytes) -> None:
    client = await opened(world, "pay.provider.example:443", ARREARS_NUMBER)
    await client.send(first)
    assert await client.rest() == b""
    assert not world.origin.visits
    assert not world.resolver.asked


async def test_restricted_tunnel_to_where_nobody_answers_is_closed(world: World) -> None:
    world.resolver.routes["pay.provider.example"] = NotFound("no such name")
    client = await opened(world, "pay.provider.example:443", ARREARS_NUMBER)
    await client.send(client_hello("pay.provider.example"))
    assert await client.rest() == b""


@pytest.mark.parametrize("first", [client_hello("cdn.example"), client_hello(None), b"\x00\x01", b"EHLO x\r\n"])
async def test_open_tunnel_passes_anything(world: World, first: bytes) -> None:
    world.origin.serve = echo
    client = await opened(world, "news.example:443", OPEN_NUMBER)
    await client.send(first)
    assert await client.reader.readexactly(len(first)) == first
    client.close()
    await world.origin.visits[0].ended.wait()


async def test_bytes_behind_the_connect_request_are_not_lost(world: World) -> None:
    world.origin.serve = echo
    client = await world.connect()
    await client.send(connect("news.example:443", OPEN_NUMBER) + b"\x00early")
    assert await client.reader.readexactly(len(ESTABLISHED) + 6) == ESTABLISHED + b"\x00early"
    client.close()


async def test_server_that_speaks_first_is_heard(world: World) -> None:
    async def greet(visit: Visit, reader: object, writer: object) -> None:
        assert visit.writer is not None
        visit.writer.write(b"220 mail.example\r\n")
        await echo(visit, reader, writer)  # type: ignore[arg-type]  # what RecordingOrigin passes

    world.origin.serve = greet
    client = await opened(world, "mail.example:25", OPEN_NUMBER)
    assert await client.reader.readline() == b"220 mail.example\r\n"
    await client.send(b"EHLO x\r\n")
    assert await client.reader.readline() == b"EHLO x\r\n"
    client.close()


async def test_half_close_goes_through(world: World) -> None:
    async def answer_at_the_end(visit: Visit, reader: object, writer: object) -> None:
        assert visit.writer is not None
        while data := await reader.read(1000):  # type: ignore[attr-defined]  # a StreamReader
            visit.received += data
        visit.writer.write(b"done")

    world.origin.serve = answer_at_the_end
    client = await opened(world, "news.example:9000", OPEN_NUMBER)
    await client.send(b"\x00question")
    client.writer.write_eof()
    assert await client.rest() == b"done"
    assert world.origin.received == b"\x00question"


async def test_open_tunnel_whose_server_leaves(world: World) -> None:
    async def leave(visit: Visit, reader: object, writer: object) -> None:
        pass

    world.origin.serve = leave
    client = await opened(world, "news.example:443", OPEN_NUMBER)
    assert await client.rest() == b""


async def test_client_that_leaves_before_it_speaks(world: World) -> None:
    world.origin.serve = echo
    client = await opened(world, "news.example:443", OPEN_NUMBER)
    visit = await world.origin.visit()
    client.close()
    await visit.ended.wait()


@pytest.mark.parametrize(
    ("routes", "code"),
    [(direct("127.0.0.1"), 403), (direct("10.1.2.3", "fe80::1"), 403), (NotFound("no such name"), 502)],
)
async def test_open_tunnel_that_leads_nowhere_is_refused(world: World, routes: object, code: int) -> None:
    """A name that resolves to a private address is not dialled either (rebinding)."""
    world.resolver.routes["news.example"] = routes  # type: ignore[assignment]  # a Route or an error
    assert status(await world.exchange(connect("news.example:443", OPEN_NUMBER))) == code


SPOOFED = b"GET / HTTP/1.1\r\nHost: portal.carrier.example\r\nX-MSISDN: 8613900000000\r\n\r\n"


@pytest.mark.parametrize("number", [OPEN_NUMBER, ARREARS_NUMBER])
@pytest.mark.parametrize("port", [80, 443])
async def test_plain_http_inside_a_tunnel_goes_through_the_http_layer(world: World, number: str, port: int) -> None:
    client = await opened(world, f"portal.carrier.example:{port}", number)
    request = SPOOFED if port == 80 else SPOOFED.replace(b"example\r\n", b"example:443\r\n")
    for _ in range(2):
        await client.send(request)
        assert status(await client.response()) == 200
    received = world.origin.received
    assert b"8613900000000" not in received
    assert received.count(b"X-MSISDN: 86" + number.encode()) == 2
    client.close()


async def test_plain_http_on_an_odd_port_of_an_open_line_is_cleaned(world: World) -> None:
    client = await opened(world, "news.example:8080", OPEN_NUMBER)
    await client.send(b"\r\nGET / HTTP/1.1\r\nHost: news.example:8080\r\nX-MSISDN: 8613900000000\r\n\r\n")
    assert status(await client.response()) == 200
    assert b"8613900000000" not in world.origin.received
    assert b"GET / HTTP/1.1\r\nHost: news.example:8080\r\n\r\n" in world.origin.received
    client.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n",
        b"GET http://news.example/ HTTP/1.1\r\nHost: news.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: portal.carrier.example:8080\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 198.18.0.1\r\n\r\n",
        b"CONNECT portal.carrier.example:80 HTTP/1.1\r\nHost: portal.carrier.example:80\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: portal.carrier.example\r\nX-MSISDN : 1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\tHTTP/1.1\r\nHost: portal.carrier.example\r\n\r\n",
    ],
)
@pytest.mark.parametrize("number", [OPEN_NUMBER, ARREARS_NUMBER])
async def test_inside_a_tunnel_only_the_tunnels_authority(world: World, request_: bytes, number: str) -> None:
    client = await opened(world, "portal.carrier.example:80", number)
    await client.send(request_ + SPOOFED)
    assert status(await client.rest()) == 400
    assert not world.origin.visits


@pytest.mark.parametrize(
    "first",
    [b"\x00\x01GARBAGE\n", b"GET /\r\nHost: x\r\n\r\n", b"EHLO x\r\n", b"\x16\x03\x01\x00\x05GET / HTTP/1.1\r\n"],
)
async def test_nothing_raw_reaches_a_trusted_destination(world: World, first: bytes) -> None:
    """What is no HTTP to us might still be HTTP to it."""
    client = await opened(world, "portal.carrier.example:80", OPEN_NUMBER)
    await client.send(first + SPOOFED)
    assert await client.rest() == b""
    assert not world.origin.visits


@pytest.mark.parametrize("first", [b"GET / RTSP/1.0\r\n", b"OPTIONS * RTSP/1.0\r\n", b"SOURCE / ICE/1.0\r\n"])
@pytest.mark.parametrize("authority", ["news.example:80", "198.18.0.9:80", "news.example:8080"])
async def test_what_some_http_servers_answer_too_is_refused(world: World, authority: str, first: bytes) -> None:
    """Servers built on llhttp take RTSP and ICE for HTTP, and would believe what it says."""
    client = await opened(world, authority, OPEN_NUMBER)
    await client.send(first + b"Host: news.example\r\nX-MSISDN: 8613900000000\r\n\r\n")
    assert status(await client.rest()) == 400
    assert b"8613900000000" not in world.origin.received


async def test_rtsp_passes_on_its_own_port(world: World) -> None:
    world.origin.serve = echo
    client = await opened(world, "news.example:554", OPEN_NUMBER)
    await client.send(b"OPTIONS * RTSP/1.0\r\n\r\n")
    assert await client.reader.readline() == b"OPTIONS * RTSP/1.0\r\n"
    client.close()


async def test_tunnel_after_plain_requests_of_the_same_connection(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    assert status(await client.response()) == 200
    first = await world.origin.visit()
    world.origin.serve = echo
    await client.send(connect("news.example:443", OPEN_NUMBER))
    assert await client.response() == ESTABLISHED
    await first.ended.wait()
    await client.send(b"\x00hello")
    assert await client.reader.readexactly(6) == b"\x00hello"
    client.close()


async def test_tunnel_with_early_bytes_after_plain_requests(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    assert status(await client.response()) == 200
    world.origin.serve = echo
    await client.send(connect("news.example:80", OPEN_NUMBER) + b"\x00hello")
    expected = ESTABLISHED + b"\x00hello"
    assert await client.reader.readexactly(len(expected)) == expected
    client.close()
