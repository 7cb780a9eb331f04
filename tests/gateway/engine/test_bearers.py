"""Plain HTTP of UEs themselves, redirected to the engine: whose it is and where it leads says the kernel."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Network, ip_address

import pytest

from nfemu.carrier.ports import LineState
from tests.fakes.gateway import ARREARS, LANDING, OPEN, FakeResolver, line
from tests.gateway.engine.conftest import ARREARS_NUMBER, OPEN_NUMBER, Client, World, header, status

PORTAL, NEWS, PAY = "portal.carrier.example", "news.example", "pay.provider.example"
FORGED = b"8613900000000"
SINKHOLE = "100.100.0.9"
UE = "127.0.0.9"
"""A source address that loopback has, too."""
UE_ADDRESS = IPv4Address(UE)


def at_ue(state: LineState, **changes: object) -> LineState:
    return replace(state, ue_ipv4=UE_ADDRESS, **changes)  # type: ignore[arg-type]  # whatever the test changes


def address_of(name: str) -> str:
    return str(FakeResolver.emulated(name).addresses[0])


def request(host: str, path: str = "/") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-MSISDN: ".encode() + FORGED + b"\r\n\r\n"


async def dial(world: World, address: str, port: int = 80, ue: str = UE) -> Client:
    """As the UE would, through the core network."""
    world.dialled = ip_address(address), port
    reader, writer = await asyncio.open_connection("127.0.0.1", world.bearer_port, local_addr=(ue, 0))
    return Client(reader, writer)


@pytest.fixture
def open_line(world: World) -> LineState:
    return world.view.put(at_ue(line(OPEN_NUMBER, OPEN)))


@pytest.fixture
def arrears_line(world: World) -> LineState:
    return world.view.put(at_ue(line(ARREARS_NUMBER, ARREARS)))


@pytest.mark.usefixtures("open_line")
async def test_the_portal_is_told_whose_line_it_is(world: World) -> None:
    client = await dial(world, address_of(PORTAL))
    await client.send(request(PORTAL))
    assert status(await client.response()) == 200
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert (visit.proxy.source, visit.proxy.destination) == (UE_ADDRESS, ip_address(address_of(PORTAL)))
    assert b"X-MSISDN: 86" + OPEN_NUMBER.encode() in visit.received
    assert FORGED not in visit.received
    client.close()


@pytest.mark.usefixtures("open_line")
@pytest.mark.parametrize(("at", "host"), [(NEWS, PORTAL), (PORTAL, NEWS), (NEWS, NEWS)])
async def test_anything_else_goes_where_it_was_sent_without_a_number(world: World, at: str, host: str) -> None:
    client = await dial(world, address_of(at))
    await client.send(request(host))
    assert status(await client.response()) == 200
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert str(visit.proxy.destination) == address_of(at)
    assert b"msisdn" not in visit.received.lower()
    client.close()


@pytest.mark.usefixtures("arrears_line")
@pytest.mark.parametrize(
    ("at", "host", "location"),
    [
        (address_of(NEWS), NEWS, f"{LANDING}?url=http%3A%2F%2Fnews.example%2F"),
        (address_of(NEWS), PORTAL, f"{LANDING}?url=http%3A%2F%2Fportal.carrier.example%2F"),
        (address_of(PORTAL), NEWS, f"{LANDING}?url=http%3A%2F%2Fnews.example%2F"),
        (SINKHOLE, NEWS, f"{LANDING}?url=http%3A%2F%2Fnews.example%2F"),
        (address_of(NEWS), "captive.apple.com", LANDING),
    ],
)
async def test_a_restricted_line_is_redirected(world: World, at: str, host: str, location: str) -> None:
    client = await dial(world, at)
    await client.send(request(host, "/hotspot-detect.html" if "apple" in host else "/"))
    answer = await client.rest()
    assert status(answer) == 302
    assert header(answer, "location") == location
    assert not world.origin.visits


@pytest.mark.usefixtures("arrears_line")
@pytest.mark.parametrize("name", [PORTAL, PAY])
async def test_a_restricted_line_reaches_what_it_may(world: World, name: str) -> None:
    client = await dial(world, address_of(name))
    await client.send(request(name))
    assert status(await client.response()) == 200
    assert (b"X-MSISDN: 86" + ARREARS_NUMBER.encode() in world.origin.received) is (name == PORTAL)
    assert FORGED not in world.origin.received
    client.close()


@pytest.mark.usefixtures("open_line")
@pytest.mark.parametrize(("host", "enriched"), [(NEWS, False), (PORTAL, True)])
async def test_a_sinkhole_leads_to_the_name_once_the_line_may_go_there(world: World, host: str, enriched: bool) -> None:
    client = await dial(world, SINKHOLE)
    await client.send(request(host))
    assert status(await client.response()) == 200
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert str(visit.proxy.destination) == address_of(host)
    assert (b"X-MSISDN: 86" + OPEN_NUMBER.encode() in visit.received) is enriched
    client.close()


@pytest.mark.usefixtures("open_line")
@pytest.mark.parametrize("host", [f"{NEWS}:8080", "198.18.0.251:81", "user@news.example"])
async def test_another_port_than_the_one_dialled(world: World, host: str) -> None:
    for at in (SINKHOLE, address_of(NEWS)):
        client = await dial(world, at)
        await client.send(request(host))
        assert status(await client.rest()) == 400
    assert not world.origin.visits


@pytest.mark.usefixtures("open_line")
async def test_no_tunnel_is_opened_for_a_ue(world: World) -> None:
    client = await dial(world, address_of(PORTAL))
    await client.send(f"CONNECT {PORTAL}:443 HTTP/1.1\r\nHost: {PORTAL}:443\r\n\r\n".encode())
    assert status(await client.rest()) == 400
    assert not world.origin.visits


@pytest.mark.usefixtures("open_line")
async def test_an_address_that_is_nobodys(world: World) -> None:
    client = await dial(world, address_of(PORTAL), ue="127.0.0.77")
    await client.send(request(PORTAL))
    assert status(await client.rest()) == 403
    assert not world.origin.visits


@pytest.mark.usefixtures("open_line")
async def test_a_connection_that_was_not_redirected_is_cut(world: World) -> None:
    client = await dial(world, address_of(PORTAL))
    world.dialled = None
    reader, writer = await asyncio.open_connection("127.0.0.1", world.bearer_port, local_addr=(UE, 0))
    writer.write(b"G")  # the kernel keeps a silent one to itself
    assert await Client(reader, writer).rest() == b""
    client.close()


def _someone_else(state: LineState) -> LineState:
    return at_ue(line(ARREARS_NUMBER, OPEN), version=state.version + 1)


@pytest.mark.parametrize("change", [_someone_else, lambda state: replace(state, policy=None, version=2)])
async def test_a_kept_connection_is_whose_the_address_is_now(
    world: World, open_line: LineState, change: Callable[[LineState], LineState]
) -> None:
    """The number that goes with a request is never the former owner's."""
    client = await dial(world, address_of(PORTAL))
    await client.send(request(PORTAL))
    assert status(await client.response()) == 200
    world.view.put(replace(open_line, policy=None, ue_ipv4=None, version=2))
    world.view.put(change(open_line))
    await client.send(request(PORTAL))
    assert status(await client.response()) in {200, 403}
    assert world.origin.received.count(OPEN_NUMBER.encode()) == 1
    client.close()


@pytest.mark.usefixtures("open_line")
async def test_without_the_control_process_nobody_is_served(world: World) -> None:
    world.view.is_fresh = False
    client = await dial(world, address_of(PORTAL))
    await client.send(request(PORTAL))
    assert status(await client.rest()) == 503
    assert not world.origin.visits


async def test_a_flip_ends_what_is_under_way(world: World, open_line: LineState) -> None:
    ended = asyncio.Event()

    async def stream(visit: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst")
        await reader.read()
        ended.set()

    world.origin.serve = stream
    client = await dial(world, address_of(NEWS))
    await client.send(request(NEWS))
    await client.reader.readuntil(b"first")
    state = world.view.put(replace(open_line, policy=ARREARS, version=2))
    await world.engine.line_changed(state)
    await ended.wait()
    assert await client.rest() == b""


def test_addresses_of_a_prefix_are_one_lines(open_line: LineState, world: World) -> None:
    prefix = IPv6Network("2001:db8:4500:7::/64")
    state = world.view.put(replace(open_line, ue_ipv6=prefix, version=2))
    assert world.view.line_at(prefix[1]) == world.view.line_at(prefix[0xFFFF]) == state
    assert world.view.line_at(ip_address("2001:db8:4500:8::1")) is None
