"""What leaves the gateway: no client copy of an identity header, no header of the client's hop, one value of ours."""

import asyncio

import pytest

from nfemu.enrichment.enricher import Enricher
from nfemu.enrichment.values import EnrichedValue, HeaderRule
from nfemu.gateway.ports import Emulated, GatewayRules, Route, UeAddress, Upstream
from nfemu.model.errors import InvalidInput
from tests.fakes.gateway import OK, RecordingOrigin, policies
from tests.gateway.engine.conftest import ARREARS_NUMBER, OPEN_NUMBER, World, auth, get, status

SPOOFS = [
    b"X-MSISDN: 8613900000000",
    b"x-msisdn:8613900000000",
    b"X_MSISDN: 8613900000000",
    b"x_MsIsDn: 8613900000000",
    b"X-MSISDN: 1\r\nX-MSISDN: 8613900000000",
    b"MSISDN: 8613900000000",
    b"X-Up-Calling-Line-ID: 8613900000000",
    b"X_UP_CALLING_LINE_ID: 8613900000000",
    b"X-Forwarded-For: 8613900000000",
    b"Forwarded: for=8613900000000",
    b"X-Real-IP: 8613900000000",
    b"Cookie: User-Identity-Forward-msisdn=8613900000000",
    b"Connection: X-MSISDN\r\nX-MSISDN: 8613900000000",
    b"Proxy-Foo: 8613900000000",
]


@pytest.mark.parametrize("spoof", SPOOFS)
@pytest.mark.parametrize("url", ["http://portal.carrier.example/", "http://pay.provider.example/"])
@pytest.mark.parametrize("number", [OPEN_NUMBER, ARREARS_NUMBER])
async def test_client_copies_are_removed_everywhere(world: World, spoof: bytes, url: str, number: str) -> None:
    client = await world.connect()
    for _ in range(2):  # the second request of a connection as well
        await client.send(get(url, number, spoof + b"\r\n"))
        assert await client.response() == OK
    received = world.origin.received
    assert b"8613900000000" not in received
    expected = b"X-MSISDN: 86" + number.encode() if "portal" in url else b""
    assert received.lower().count(b"msisdn") == (2 if expected else 0)
    assert received.count(expected) >= 2
    client.close()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("PORTAL.Carrier.Example.", b"portal.carrier.example"),
        ("portal.carrier.example:80", b"portal.carrier.example"),
        ("portal\u3002carrier\u3002example", b"portal.carrier.example"),
        ("\uff50ortal.carrier.example", b"portal.carrier.example"),
    ],
)
async def test_a_host_has_one_spelling(world: World, written: str, told: bytes) -> None:
    request = f"GET http://{written}/ HTTP/1.1\r\nHost: {written}\r\nConnection: close\r\n".encode()
    assert status(await world.exchange(request + auth(OPEN_NUMBER) + b"\r\n")) == 200
    assert b"\r\nHost: " + told + b"\r\n" in world.origin.received


async def test_headers_of_the_hop_end_here(world: World) -> None:
    client = await world.connect()
    hop = (
        b"Connection: keep-alive, X-Private, Content-Length, Host\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n"
        b"X-Private: secret\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
        b"Content-Length: 2\r\nX-Kept: yes\r\n"
    )
    await client.send(get("http://news.example/", OPEN_NUMBER, hop, "POST") + b"hi")
    assert await client.response() == OK
    visit = await world.origin.visit()
    expected = b"POST / HTTP/1.1\r\nHost: news.example\r\nContent-Length: 2\r\nX-Kept: yes\r\n\r\nhi"
    assert await visit.until(len(expected)) == expected
    client.close()


async def test_response_passes_as_it_is(world: World) -> None:
    fields = b"Set-Cookie: a\r\nset-cookie: b\r\nVia: x\r\nX-MSISDN: 1\r\nContent-Length: 3\r\n"
    head = b"HTTP/1.1 404 Not here\r\n" + fields + b"\r\nno\n"

    async def serve(visit: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        await reader.read()

    world.origin.serve = serve
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    assert await client.response() == head
    client.close()


async def test_close_of_the_client_ends_at_the_gateway(world: World) -> None:
    answer = await world.exchange(get("http://news.example/", OPEN_NUMBER, b"Connection: close\r\n"))
    assert answer == OK
    assert b"Connection" not in world.origin.received


async def test_http_1_0_client(world: World) -> None:
    """Its answer ends the connection; without a Host of its own it gets one."""
    for host in (b"", b"Host: news.example:8080\r\n"):
        request = b"GET http://news.example:8080/ HTTP/1.0\r\n" + host + auth(OPEN_NUMBER) + b"\r\n"
        assert await world.exchange(request) == OK
    assert world.origin.received == b"GET / HTTP/1.0\r\nHost: news.example:8080\r\n\r\n" * 2


async def test_enrichment_that_cannot_be_sent_is_never_left_out(world: World) -> None:
    """A value with a blank is refused by the enricher; the trusted portal must not see a request without it."""

    class Broken(Enricher):
        __slots__ = ()

        def headers_for(self, *args: object) -> list[tuple[bytes, bytes]]:
            raise InvalidInput("the value for header `X-MSISDN` has characters that no header may carry")

    world.view.current = GatewayRules(policies(), Broken([HeaderRule("X-MSISDN", EnrichedValue.MSISDN)]))
    answer = await world.exchange(get("http://portal.carrier.example/", ARREARS_NUMBER))
    assert status(answer) == 503
    assert not world.origin.visits


@pytest.mark.parametrize(
    ("ue_address", "preserve", "host", "forwarded_for"),
    [
        (UeAddress.NONE, True, b"portal.carrier.example", False),
        (UeAddress.XFF, True, b"portal.carrier.example", True),
        (UeAddress.XFF, False, b"127.0.0.1:%d", True),
        (UeAddress.PROXY2, False, b"127.0.0.1:%d", False),
    ],
)
async def test_portal_upstream(
    world: World, ue_address: UeAddress, preserve: bool, host: bytes, forwarded_for: bool
) -> None:
    portal = RecordingOrigin()
    await portal.listen_tcp(proxied=ue_address is UeAddress.PROXY2)
    upstream = Upstream("127.0.0.1", portal.port, preserve_host=preserve, ue_address=ue_address)
    emulated = await world.resolver.resolve("portal.carrier.example")
    world.resolver.routes["portal.carrier.example"] = Route(emulated.addresses, upstream, Emulated())
    client = await world.connect()
    for _ in range(2):
        await client.send(get("http://portal.carrier.example/", ARREARS_NUMBER, b"X-Forwarded-For: 6.6.6.6\r\n"))
        assert await client.response() == OK
    (visit,) = portal.visits
    address = str(world.arrears.ue_ipv4).encode()
    assert visit.received.count(b"\r\nHost: " + (host % portal.port if b"%" in host else host) + b"\r\n") == 2
    assert visit.received.count(b"\r\nX-Forwarded-For: " + address + b"\r\n") == (2 if forwarded_for else 0)
    assert b"6.6.6.6" not in visit.received
    assert visit.received.count(b"X-MSISDN: 8613800138001\r\n") == 2
    if ue_address is UeAddress.PROXY2:
        assert visit.proxy is not None
        assert (visit.proxy.source, visit.proxy.token) == (world.arrears.ue_ipv4, b"")
    assert not world.origin.visits
    client.close()
    await portal.stop()
