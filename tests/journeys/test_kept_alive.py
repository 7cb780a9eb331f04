"""What is open when a line changes (architecture, section 5): kept-alive connections are judged per request; what the
new state forbids ends before the change is acknowledged; what it permits goes on."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from nfemu.gateway.worker_process import WorkerState
from nfemu.model.identity import Msisdn
from tests.journeys.inside import Inside, Tapped, inside
from tests.journeys.wire import Answer, Wire, credentials, socks

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER = "13800138000"
NEWS, PORTAL, PAYMENT = "news.example", "portal.carrier.example", "pay.provider.example"
PATIENCE_S = 20
CONNECTIONS, MOST_CONNECTIONS = 40, 1000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    async with inside(tmp_path_factory.mktemp("kept-alive")) as carrier:
        yield carrier


@pytest_asyncio.fixture(loop_scope="module")
async def paid(here: Inside) -> AsyncIterator[Inside]:
    """The line is open, and so it is left."""
    yield here
    await here.hang_up()
    status = await here.emulator.service.status(Msisdn.parse(NUMBER, "86"))
    if status.amount_due.minor:
        await here.pay(NUMBER, status.amount_due.decimal())


async def ask(wire: Wire, host: str, path: str = "/", method: str = "GET") -> Answer:
    """One plain HTTP request by the shared listener."""
    head = f"{method} http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n".encode() + credentials(NUMBER)
    await wire.send(head + (b"Content-Length: 0\r\n" if method == "POST" else b"") + b"\r\n")
    async with asyncio.timeout(PATIENCE_S):
        return await wire.answer(method)


async def charged(carrier: Inside) -> None:
    status = await carrier.charge(NUMBER, "159.00")
    assert status.effective == "green"


async def cleared(carrier: Inside) -> None:
    due = (await carrier.emulator.service.status(Msisdn.parse(NUMBER, "86"))).amount_due
    assert (await carrier.pay(NUMBER, due.decimal())).effective == "internet"


async def test_one_connection_across_both_flips(paid: Inside) -> None:
    """It is judged request by request, and lives as long as nothing on it is refused."""
    before = len(paid.tap.connections)
    wire = await paid.wire()
    assert (await ask(wire, NEWS, "/1")).status == 200
    await charged(paid)
    assert (await ask(wire, PORTAL)).status == 200
    await cleared(paid)
    answer = await ask(wire, NEWS, "/2")
    assert (answer.status, answer.closes) == (200, False)
    names = [name for each in paid.tap.connections[before:] for fields in each.requests() for name in fields]
    assert [value for name, value in names if name == "Host"] == [NEWS, PORTAL, NEWS]
    assert [value for name, value in names if name == "X-MSISDN"] == [f"86{NUMBER}"]


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("HEAD", 302), ("POST", 511)])
async def test_a_refusal_ends_its_connection(paid: Inside, method: str, status: int) -> None:
    """The gateway closes it: whatever the client may send behind a refused request is not even parsed."""
    wire = await paid.wire()
    assert (await ask(wire, NEWS)).status == 200
    await charged(paid)
    before = len(paid.tap.connections)
    answer = await ask(wire, NEWS, method=method)
    assert (answer.status, answer.closes, answer.field("cache-control")) == (status, True, "no-store")
    await wire.send(f"GET http://{PORTAL}/late HTTP/1.1\r\nHost: {PORTAL}\r\n\r\n".encode())
    assert await wire.rest() == b""
    assert paid.tap.connections[before:] == []
    await cleared(paid)
    fresh = await paid.wire()
    assert [(await ask(fresh, NEWS)).status for _ in range(2)] == [200, 200]


@dataclass
class Stream:
    """Something under way: the client's end, and the wire to the origin."""

    wire: Wire
    tapped: Tapped


async def _plain(carrier: Inside, request: str, awaited: bytes) -> Stream:
    before = len(carrier.tap.connections)
    wire = await carrier.wire(carrier.own_port(NUMBER))
    await wire.send(request.encode())
    if awaited:
        await wire.until(awaited)
    return Stream(wire, await _tapped(carrier, before))


async def _tapped(carrier: Inside, before: int) -> Tapped:
    """The connection that was made after the first `before`."""
    async with asyncio.timeout(PATIENCE_S):
        return await carrier.tap.next(before)


async def download(carrier: Inside) -> Stream:
    return await _plain(carrier, f"GET http://{NEWS}/stream HTTP/1.1\r\nHost: {NEWS}\r\n\r\n", b"line 0\n")


async def upload(carrier: Inside) -> Stream:
    head = f"PUT http://{NEWS}/upload HTTP/1.1\r\nHost: {NEWS}\r\nContent-Length: 1000000\r\n\r\n"
    return await _plain(carrier, head + "begin", b"")


async def websocket(carrier: Inside) -> Stream:
    key = base64.b64encode(b"0123456789abcdef").decode()
    upgrade = f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
    stream = await _plain(carrier, f"GET http://{NEWS}/ws HTTP/1.1\r\nHost: {NEWS}\r\n{upgrade}\r\n", b"\r\n\r\n")
    await stream.wire.send(b"\x81\x82\x00\x00\x00\x00hi")
    assert await stream.wire.exactly(4) == b"\x81\x02hi"
    return stream


async def raw_tunnel(carrier: Inside) -> Stream:
    """To a server that speaks first, or not at all."""
    head = f"CONNECT {NEWS}:5000 HTTP/1.1\r\nHost: {NEWS}:5000\r\n\r\n"
    before = len(carrier.tap.connections)
    wire = await carrier.wire(carrier.own_port(NUMBER))
    await wire.send(head.encode())
    assert b" 200 " in await wire.head()
    await wire.send(b"\x00\x01")
    return Stream(wire, await _tapped(carrier, before))


async def tls_tunnel(carrier: Inside, host: str = NEWS) -> Stream:
    before = len(carrier.tap.connections)
    wire = await carrier.wire(carrier.own_port(NUMBER))
    await wire.send(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    assert b" 200 " in await wire.head()
    assert await wire.tls(host)
    return Stream(wire, await _tapped(carrier, before))


async def socks_tunnel(carrier: Inside, host: str = NEWS) -> Stream:
    before = len(carrier.tap.connections)
    wire = await carrier.wire(carrier.socks_port)
    assert await socks(wire, NUMBER, host, 443) == 0
    assert await wire.tls(host)
    return Stream(wire, await _tapped(carrier, before))


Opener = Callable[[Inside], Awaitable[Stream]]


@pytest.mark.parametrize("opener", [download, upload, websocket, raw_tunnel, tls_tunnel, socks_tunnel])
async def test_cut_before_the_charge_returns(paid: Inside, opener: Opener) -> None:
    stream = await opener(paid)
    await charged(paid)
    passed = len(stream.tapped.sent)
    stream.tapped.to_worker.write(b"after the flip")
    await stream.wire.send(b"late" * 100)
    async with asyncio.timeout(PATIENCE_S):
        assert b"after the flip" not in await stream.wire.rest()
        await stream.tapped.ended.wait()
    assert len(stream.tapped.sent) == passed


async def test_an_open_line_keeps_what_it_has(paid: Inside) -> None:
    """Else the test above could not fail: neither a top-up nor a charge that leaves the account in credit cuts."""
    stream = await download(paid)
    await paid.pay(NUMBER, "10.00")
    assert (await paid.charge(NUMBER, "0.01")).effective == "internet"
    async with asyncio.timeout(PATIENCE_S):
        await stream.wire.until(b"line 5\n")


async def _page(stream: Stream, host: str) -> int:
    await stream.wire.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    async with asyncio.timeout(PATIENCE_S):
        return (await stream.wire.answer()).status


@pytest.mark.parametrize("opener", [tls_tunnel, socks_tunnel])
@pytest.mark.parametrize("host", [PORTAL, PAYMENT])
async def test_permitted_tunnels_survive_both_flips(
    paid: Inside, host: str, opener: Callable[[Inside, str], Awaitable[Stream]]
) -> None:
    stream = await opener(paid, host)
    status = await _page(stream, host)
    assert status in (403, 404)
    await charged(paid)
    assert await _page(stream, host) == status
    await cleared(paid)
    assert await _page(stream, host) == status
    assert not stream.tapped.ended.is_set()


async def _worker(carrier: Inside, wire: Wire, mark: str) -> int:
    """Which worker serves this connection: asked by a request that any state allows."""
    assert (await ask(wire, PORTAL, f"/{mark}")).status == 404
    path = f"GET /{mark} ".encode()
    return next(each.worker for each in carrier.tap.connections if each.sent.startswith(path))


async def _from_every_worker(carrier: Inside, mark: str) -> list[Wire]:
    """Kept-alive connections, so many that all workers serve some of them."""
    serving = {place.pid for place in carrier.emulator.gateway.status().workers if place.state is WorkerState.SERVING}
    assert len(serving) == 2
    wires: list[Wire] = []
    used: set[int] = set()
    while len(wires) < CONNECTIONS or (used != serving and len(wires) < MOST_CONNECTIONS):
        wires.append(await carrier.wire())
        used.add(await _worker(carrier, wires[-1], f"{mark}-{len(wires)}"))
    assert used == serving
    return wires


async def test_both_workers_know_when_the_charge_returns(paid: Inside) -> None:
    kept = await _from_every_worker(paid, "open")
    assert {answer.status for answer in await asyncio.gather(*(ask(wire, NEWS) for wire in kept))} == {200}
    await charged(paid)
    before = len(paid.tap.connections)
    assert {answer.status for answer in await asyncio.gather(*(ask(wire, NEWS) for wire in kept))} == {302}
    fresh = await asyncio.gather(*(paid.wire() for _ in range(CONNECTIONS)))
    assert {each.status for each in await asyncio.gather(*(ask(wire, NEWS, method="POST") for wire in fresh))} == {511}
    assert paid.tap.connections[before:] == []
    kept_restricted = await _from_every_worker(paid, "restricted")
    await cleared(paid)
    answers = await asyncio.gather(*(ask(wire, NEWS) for wire in kept_restricted))
    assert {answer.status for answer in answers} == {200}
