"""What is made of answers, and of what a proxy does with a line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from nfemu.cli.observing.comparing import Compared, compare
from nfemu.cli.observing.observing import ByProxy
from nfemu.cli.observing.speaking import connect, read_answer
from nfemu.client.values import Point
from nfemu.gateway.engine import responses

LANDING = "http://portal.carrier.example/green"
SHOWN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nheaders, as received:\n  Host: a.example\n  Accept: */*\n"


@pytest.mark.parametrize(
    ("answer", "sign", "inserted"),
    [
        (responses.redirect(LANDING, "a.example", b"http://a.example/?b=1"), f"redirect to {LANDING}", None),
        (responses.redirect(f"{LANDING}?x=1", "a.example", b"http://a.example/"), f"redirect to {LANDING}?x=1", None),
        (responses.refusal(403, "no"), "403 from the gateway", None),
        (responses.failure(502, "no"), "5xx from the gateway", None),
        (responses.sign_in_needed(LANDING), "511 from the gateway", None),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", "answered", None),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "answered", None),
        (SHOWN, "answered", "no header inserted"),
        (SHOWN + b"  X-MSISDN: 8613800138000\n", "answered", "header inserted"),
        (b"", "closed unanswered", None),
        (b"\x15\x03\x01", "no HTTP answer", None),
    ],
)
def test_answers(answer: bytes, sign: str, inserted: str | None) -> None:
    """Those of the gateway are known by themselves, not by their status."""
    assert read_answer(answer) == (sign, inserted)


@asynccontextmanager
async def proxy(answer: Callable[[bytes], bytes]) -> AsyncIterator[tuple[ByProxy, list[bytes]]]:
    """A proxy that answers each head so, and what it was sent."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer(heads[-1]))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield ByProxy("127.0.0.1", server.sockets[0].getsockname()[1], "Proxy-Authorization: Basic x\r\n"), heads


async def test_requests_by_proxy() -> None:
    async with proxy(lambda _: responses.redirect(LANDING, "a.example", b"http://a.example/")) as (line, heads):
        assert await line.observe("http://A.Example.:8080/a?b=1") == {"HTTP": f"redirect to {LANDING}"}
    lines = heads[0].split(b"\r\n")
    assert lines[:2] == [b"GET http://A.Example.:8080/a?b=1 HTTP/1.1", b"Host: A.Example.:8080"]
    assert b"Proxy-Authorization: Basic x" in lines


async def test_tunnels_by_proxy() -> None:
    async with proxy(lambda _: responses.refusal(403, "no")) as (line, heads):
        assert await line.observe("https://[2001:2::9]/") == {"CONNECT": "403 from the gateway"}
        assert await line.observe("tcp://bücher.example:22") == {"CONNECT": "403 from the gateway"}
    assert [head.split(b" ")[1] for head in heads] == [b"[2001:2::9]:443", b"xn--bcher-kva.example:22"]
    async with proxy(lambda _: responses.CONNECT_OK) as (line, _):
        assert await line.observe("https://a.example/") == {"CONNECT": "connected", "SNI gate": "reset"}
    async with proxy(lambda _: responses.CONNECT_OK + b"HTTP/1.1 400 Bad Request\r\n\r\n") as (line, _):
        assert (await line.observe("https://a.example/"))["SNI gate"] in ("no TLS", "reset")
    async with proxy(lambda _: b"") as (line, _):
        assert await line.observe("tcp://a.example:22") == {"CONNECT": "reset"}


async def test_what_no_proxy_carries_is_not_sent() -> None:
    async with proxy(lambda _: b"") as (line, heads):
        assert await line.observe("dns:a.example") == {"proxy": "not sent"}
        assert await line.observe("udp://a.example:443") == {"proxy": "not sent"}
    assert heads == []


async def test_nobody_there(unused: int) -> None:
    assert await connect("127.0.0.1", unused) == ("refused", None)
    assert await ByProxy("127.0.0.1", unused, "").observe("http://a.example/") == {"proxy": "refused"}


@pytest.fixture
async def unused() -> int:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


def test_differences() -> None:
    points = [
        Point("nft", "straight", "open/default", "connected"),
        Point("identity", "none", "", "no header inserted"),
    ]
    straight = Compared("nft", "straight", "open/default", "connected", "refused", same=False)
    hidden = Compared("identity", "none", "", "no header inserted", "-", same=True)
    assert compare(points, {"nft": "refused"}) == [straight, hidden]
    inserted = compare(points, {"nft": "connected", "identity": "header inserted"})
    assert [one.same for one in inserted] == [True, False]
    assert [one.same for one in compare(points[:1], {})] == [False]
