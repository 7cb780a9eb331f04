"""Malformed and oversized requests: refused, closed, not parsed any further, and nothing of them reaches an origin."""

import asyncio

import pytest

from tests.fakes.gateway import swallow
from tests.gateway.engine.conftest import (
    ARREARS_NUMBER,
    DETACHED_NUMBER,
    OPEN_NUMBER,
    WALLED_NUMBER,
    World,
    auth,
    get,
    status,
)

URL = b"http://portal.carrier.example/"
HOST = b"Host: portal.carrier.example\r\n"
A = auth(OPEN_NUMBER)
SPOOF = b"X-MSISDN: 8613900000000\r\n"
SMUGGLED = b"GET http://portal.carrier.example/smuggled HTTP/1.1\r\n" + HOST + A + SPOOF + b"\r\n"

MALFORMED = {
    "obs-fold": b"GET " + URL + b" HTTP/1.1\r\n" + HOST + A + b"A: b\r\n X-MSISDN: 1\r\n\r\n",
    "NUL in a value": b"GET " + URL + b" HTTP/1.1\r\n" + HOST + A + b"A: b\x00\r\n\r\n",
    "NUL in a name": b"GET " + URL + b" HTTP/1.1\r\n" + HOST + A + b"X-MSISDN\x00: 1\r\n\r\n",
    "bare CR": b"GET " + URL + b" HTTP/1.1\r\n" + HOST + A + b"A: b\rX-MSISDN: 1\r\n\r\n",
    "bare LF": b"GET " + URL + b" HTTP/1.1\r\n" + HOST + A + b"A: b\nX-MSISDN: 1\r\n\r\n",
    "only LF": b"GET " + URL + b" HTTP/1.1\n" + HOST.replace(b"\r", b"") + A.replace(b"\r", b"") + b"\n",
    "blank before colon": b"GET " + URL + b" HTTP/1.1\r\n" + HOST + A + b"X-MSISDN : 1\r\n\r\n",
    "bad name": b"GET " + URL + b" HTTP/1.1\r\n" + HOST + A + b"X(MSISDN): 1\r\n\r\n",
    "CL and TE": b"POST "
    + URL
    + b" HTTP/1.1\r\n"
    + HOST
    + A
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "two CL": b"POST "
    + URL
    + b" HTTP/1.1\r\n"
    + HOST
    + A
    + b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n"
    + SMUGGLED,
    "CL with sign": b"POST " + URL + b" HTTP/1.1\r\n" + HOST + A + b"Content-Length: +5\r\n\r\nhello",
    "CL list": b"POST " + URL + b" HTTP/1.1\r\n" + HOST + A + b"Content-Length: 5, 5\r\n\r\nhello",
    "CL with blank": b"POST " + URL + b" HTTP/1.1\r\n" + HOST + A + b"Content-Length: 5 0\r\n\r\nhello",
    "TE xchunked": b"POST " + URL + b" HTTP/1.1\r\n" + HOST + A + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "TE list": b"POST " + URL + b" HTTP/1.1\r\n" + HOST + A + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "TE blank colon": b"POST " + URL + b" HTTP/1.1\r\n" + HOST + A + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "TE in 1.0": b"POST " + URL + b" HTTP/1.0\r\n" + HOST + A + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two Hosts": b"GET " + URL + b" HTTP/1.1\r\n" + HOST + HOST + A + b"\r\n",
    "no Host": b"GET " + URL + b" HTTP/1.1\r\n" + A + b"\r\n",
    "Host differs": b"GET " + URL + b" HTTP/1.1\r\nHost: news.example\r\n" + A + b"\r\n",
    "origin form, bad Host": b"GET / HTTP/1.1\r\nHost: portal@evil.example\r\n" + A + b"\r\n",
    "userinfo": b"GET http://portal.carrier.example@evil.example/ HTTP/1.1\r\nHost: evil.example\r\n" + A + b"\r\n",
    "port 0": b"GET http://portal.carrier.example:0/ HTTP/1.1\r\nHost: portal.carrier.example:0\r\n" + A + b"\r\n",
    "port too high": b"GET http://h.example:99999/ HTTP/1.1\r\nHost: h.example:99999\r\n" + A + b"\r\n",
    "host is no name": b"GET http://-%41-/ HTTP/1.1\r\nHost: -%41-\r\n" + A + b"\r\n",
    "short IPv4": b"GET http://127.1/ HTTP/1.1\r\nHost: 127.1\r\n" + A + b"\r\n",
    "https in absolute form": b"GET https://portal.carrier.example/ HTTP/1.1\r\n" + HOST + A + b"\r\n",
    "version 2.0": b"GET " + URL + b" HTTP/2.0\r\n" + HOST + A + b"\r\n",
    "version 0.9": b"GET /\r\n\r\n",
    "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "control character": b"GET http://portal.carrier.example/\x07 HTTP/1.1\r\n" + HOST + A + b"\r\n",
    "blank in target": b"GET http://portal.carrier.example/ x HTTP/1.1\r\n" + HOST + A + b"\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_is_refused_and_closed(world: World, name: str) -> None:
    """Alone, behind a good request on the same connection, and with a good request behind it."""
    request = MALFORMED[name]
    assert status(await world.exchange(request)) == 400
    assert not world.origin.visits
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    assert status(await client.response()) == 200
    await client.send(request + SMUGGLED)
    rest = await client.rest()
    assert status(rest) == 400
    assert rest.count(b"HTTP/1.1 ") == 1
    assert world.origin.received.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("name", ["obs-fold", "CL and TE", "Host differs"])
async def test_malformed_one_octet_at_a_time(world: World, name: str) -> None:
    client = await world.connect()
    await client.drip(MALFORMED[name])
    assert status(await client.rest()) == 400
    assert not world.origin.visits


async def test_request_one_octet_at_a_time(world: World) -> None:
    client = await world.connect()
    await client.drip(b"\r\n" + get("http://news.example/", OPEN_NUMBER))
    assert status(await client.response()) == 200
    client.close()


@pytest.mark.parametrize("number", [OPEN_NUMBER, ARREARS_NUMBER])
async def test_large_header_gets_431(world: World, number: str) -> None:
    answer = await world.exchange(get("http://portal.carrier.example/", number, b"A: " + b"x" * 65536 + b"\r\n"))
    assert status(answer) == 431
    assert not world.origin.visits


async def test_header_just_below_the_limit_passes(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://portal.carrier.example/", OPEN_NUMBER, b"A: " + b"x" * 65200 + b"\r\n"))
    assert status(await client.response()) == 200
    client.close()


async def test_endless_header_is_cut_off(world: World) -> None:
    """30 MB are not buffered: the refusal comes after 64 KiB, the connection ends soon after."""
    client = await world.connect()
    await client.send(b"GET http://news.example/ HTTP/1.1\r\nHost: news.example\r\n")
    sent = 0
    while not client.writer.is_closing() and sent < 30_000_000 and not client.reader.at_eof():
        await client.send(b"A: " + b"x" * 30_000 + b"\r\n")
        sent += 30_005
        await asyncio.sleep(0)
    assert status(await client.rest()) == 431
    assert not world.origin.visits


async def test_too_many_fields(world: World) -> None:
    answer = await world.exchange(get("http://news.example/", OPEN_NUMBER, b"A: b\r\n" * 300))
    assert status(answer) == 431
    assert not world.origin.visits


async def test_requests_piled_up_behind_a_slow_one_are_bounded(world: World) -> None:
    world.origin.serve = swallow
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    visit = await world.origin.visit()
    await client.send(get("http://news.example/", OPEN_NUMBER) * 5000)
    assert await client.rest() == b""
    await visit.ended.wait()


async def test_pipelined_requests_are_judged_one_by_one(world: World) -> None:
    client = await world.connect()
    await client.send(
        get("http://portal.carrier.example/1", ARREARS_NUMBER)
        + get("http://portal.carrier.example/2", ARREARS_NUMBER, SPOOF)
        + get("http://news.example/3", ARREARS_NUMBER)
        + get("http://portal.carrier.example/4", ARREARS_NUMBER)
    )
    answers = await client.rest()
    assert answers.count(b"HTTP/1.1 200") == 2
    assert answers.count(b"HTTP/1.1 302") == 1
    assert b"GET /4" not in world.origin.received
    assert b"8613900000000" not in world.origin.received
    assert world.origin.received.count(b"X-MSISDN: 8613800138001") == 2


@pytest.mark.parametrize(
    ("request_line", "number", "told"),
    [
        ("GET http://news.example/", ARREARS_NUMBER, True),
        ("POST http://news.example/", ARREARS_NUMBER, True),
        ("CONNECT news.example:443", ARREARS_NUMBER, True),
        ("CONNECT 93.184.216.34:443", ARREARS_NUMBER, True),
        ("GET http://news.example/", WALLED_NUMBER, True),
        ("GET http://pay.provider.example/", ARREARS_NUMBER, False),
        ("GET http://10.0.0.1/", ARREARS_NUMBER, False),
        ("GET http://news.example/", DETACHED_NUMBER, False),
        ("CONNECT 10.0.0.1:443", OPEN_NUMBER, False),
    ],
)
async def test_what_a_restricted_line_may_not_reach_is_reported(
    world: World, request_line: str, number: str, told: bool
) -> None:
    """G20: where it wanted to go decides, not how badly it asked."""
    target = request_line.split(" ")[1]
    host = target.split("/")[2] if "/" in target else target
    head = f"{request_line} HTTP/1.1\r\nHost: {host}\r\n"
    await world.exchange(head.encode() + auth(number) + b"Connection: close\r\n\r\n")
    assert [state.msisdn.national("86") for state in world.reports.seen] == ([number] if told else [])
