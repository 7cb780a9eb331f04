"""Plain HTTP in a tunnel to an address: clients that resolve names themselves (`curl --socks5`).

What such a request claims is a name, where it goes is an address: it is the name's only if the gateway finds that the
name has this address. Else it goes where it was sent, and no number goes with it.
"""

import asyncio
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from nfemu.gateway.engine.dial import Dialler
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import (
    ARREARS,
    LANDING,
    OPEN,
    FakeResolver,
    RecordingOrigin,
    Visit,
    direct,
    echo,
    line,
    rules,
    swallow,
)
from tests.gateway.engine.conftest import (
    ARREARS_NUMBER,
    OPEN_NUMBER,
    Client,
    World,
    auth,
    header,
    status,
    turns,
    until,
)
from tests.gateway.engine.test_socks import socks_request, socks_session
from tests.gateway.engine.test_tunnels import client_hello

PORTAL, NEWS, PAY = "portal.carrier.example", "news.example", "pay.provider.example"
FORGED = b"8613900000000"
NUMBER = b"X-MSISDN: 86" + OPEN_NUMBER.encode()


def address_of(name: str, version: int = 4) -> str:
    """What the resolver of these tests has for a name; a real client learns it from its own DNS."""
    route = FakeResolver.emulated(name)
    return next(str(address) for address in route.addresses if address.version == version)


def request(host: str) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: %s\r\nX-MSISDN: %s\r\n\r\n" % (host.encode(), FORGED)


async def opened(world: World, address: str, port: int = 80, number: str = OPEN_NUMBER) -> Client:
    return await socks_session(world, address, port, number)


@pytest.mark.parametrize("version", [4, 6])
async def test_an_ordinary_request(world: World, version: int) -> None:
    """Goes to the address, as the client wanted; a name that no rule lists is not looked up for it."""
    address = address_of(NEWS, version)
    client = await opened(world, address)
    for _ in range(2):
        await client.send(request(NEWS))
        assert status(await client.response()) == 200
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert str(visit.proxy.destination) == address
    assert bytes(visit.received) == b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n" * 2
    assert world.resolver.asked == [address]
    client.close()


async def test_by_connect(world: World) -> None:
    client = await world.connect()
    authority = f"{address_of(NEWS)}:8080"
    await client.send(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n".encode() + auth(OPEN_NUMBER) + b"\r\n")
    assert status(await client.response()) == 200
    await client.send(request(f"{NEWS}:8080"))
    assert status(await client.response()) == 200
    assert FORGED not in world.origin.received
    client.close()


async def test_the_portal_at_its_own_address_is_the_portal(world: World) -> None:
    client = await opened(world, address_of(PORTAL))
    for host in (PORTAL, "PORTAL.Carrier.example.:80"):
        await client.send(request(host))
        assert status(await client.response()) == 200
    assert world.origin.received.count(NUMBER) == 2
    assert FORGED not in world.origin.received
    assert set(world.resolver.asked) == {PORTAL}
    client.close()


async def test_the_portal_where_it_was_of_late_is_led_to_where_it_is(world: World) -> None:
    """As a phone has it that was told a while ago, of a name that moves."""
    route = FakeResolver.emulated(PORTAL)
    world.resolver.routes[PORTAL] = replace(route, earlier=(ip_address("198.18.9.9"),))
    client = await opened(world, "198.18.9.9")
    await client.send(request(PORTAL))
    assert status(await client.response()) == 200
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert visit.proxy.destination == route.addresses[0]
    assert NUMBER in visit.received
    client.close()


async def test_the_portals_name_at_another_address_is_not_the_portal(world: World) -> None:
    client = await opened(world, address_of(NEWS))
    await client.send(request(PORTAL))
    assert status(await client.response()) == 200
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert str(visit.proxy.destination) == address_of(NEWS)
    assert b"msisdn" not in visit.received.lower()
    client.close()


async def test_another_name_at_the_portals_address_is_not_the_portal(world: World) -> None:
    client = await opened(world, address_of(PORTAL))
    for host in (NEWS, PAY, "portal.carrier.example.evil.test"):
        await client.send(request(host))
        assert status(await client.response()) == 200
    assert b"msisdn" not in world.origin.received.lower()
    await client.send(request(PORTAL))
    assert status(await client.response()) == 200
    assert world.origin.received.count(NUMBER) == 1
    assert NUMBER not in world.origin.visits[0].received  # enrichment has a connection of its own
    client.close()


@pytest.mark.parametrize("host", ["198.18.0.251", "[2001:2::fb]", "portal.carrier.example:8080", "user@news.example"])
async def test_two_places_in_one_request(world: World, host: str) -> None:
    """Another address, or another port than the tunnel's."""
    client = await opened(world, address_of(PORTAL))
    await client.send(request(host))
    assert status(await client.rest()) == 400
    assert not world.origin.visits


@pytest.mark.parametrize("port", [80, 443])
@pytest.mark.parametrize("first", [b"\x00\x01GARBAGE\n", b"EHLO x\r\n", b"\x16\x03\x01\x00\x05GET / HTTP/1.1\r\n"])
async def test_nothing_raw_reaches_the_portal_at_its_address(world: World, port: int, first: bytes) -> None:
    """What is no HTTP to us might still be HTTP to it, and nothing would have been removed from it."""
    client = await opened(world, address_of(PORTAL), port)
    await client.send(first + request(PORTAL))
    assert await client.rest() == b""
    assert world.origin.received == b""


@pytest.mark.parametrize("first", [b"\x00\x01GARBAGE\n", client_hello(NEWS)])
async def test_elsewhere_anything_passes(world: World, first: bytes) -> None:
    """And TLS passes at the portal's address, too: nobody sees into it."""
    world.origin.serve = echo
    name = PORTAL if first.startswith(b"\x16") else NEWS
    client = await opened(world, address_of(name), 443)
    await client.send(first)
    assert await client.reader.readexactly(len(first)) == first
    client.close()


async def test_at_a_port_on_which_it_is_not_trusted_the_portal_is_anybody(world: World) -> None:
    world.origin.serve = echo
    client = await opened(world, address_of(PORTAL), 25)
    await client.send(b"\x00\x01\n")
    assert await client.reader.readexactly(3) == b"\x00\x01\n"
    assert PORTAL not in world.resolver.asked
    client.close()


async def test_whether_it_is_the_portal_cannot_be_told_now(world: World) -> None:
    world.resolver.routes[PORTAL] = Unavailable("no answer from control")
    client = await opened(world, address_of(NEWS), 443)
    await client.send(b"\x00\x01\n")
    assert await client.rest() == b""
    assert world.origin.received == b""


@pytest.mark.parametrize("speaks_first", [False, True])
async def test_another_name_for_the_portals_address(world: World, tmp_path: Path, speaks_first: bool) -> None:
    """Whose DNS is anybody's own. By what is really dialled, in the real Internet too."""

    async def greet(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello" if speaks_first else b"")
        await swallow(visit, reader, writer)

    real = RecordingOrigin()
    real.serve = greet
    await real.listen_tcp()
    portal = DestinationGroup(GroupName("portal"), (".carrier.example",), ports=(real.port,), trusted=True)
    policies = PolicySet.build([portal], [PolicyProfile(OPEN, Verdict.ALLOW, (portal.name,))])
    world.view.current = replace(rules(), policies=policies)
    world.engine._dialler = Dialler(world.resolver, tmp_path, b"", may_dial=lambda _: True)
    world.resolver.routes |= {"carrier.example": direct("127.0.0.1"), "evil.example": direct("127.0.0.1")}
    client = await opened(world, "evil.example", real.port)
    await client.send(b"\x00\x01\n" + request(PORTAL))
    assert await client.rest() == b""
    assert real.received == b""
    await real.stop()


@pytest.mark.parametrize("host", ["cdn.example", None])
async def test_another_name_for_the_portals_address_in_the_emulated_internet(world: World, host: str | None) -> None:
    """Its origins have no addresses of their own that a socket could tell."""
    world.resolver.routes["cdn.example"] = FakeResolver.emulated(PORTAL)
    client = await opened(world, host or address_of(PORTAL))
    await client.send(b"\x00\x01\n" + request(PORTAL))
    assert await client.rest() == b""
    assert world.origin.received == b""


async def test_the_address_itself_as_host(world: World) -> None:
    client = await opened(world, address_of(PORTAL))
    await client.send(request(address_of(PORTAL)))
    assert status(await client.response()) == 200
    assert b"msisdn" not in world.origin.received.lower()
    client.close()


@pytest.mark.parametrize("name", [NEWS, PORTAL])
async def test_a_restricted_line_opens_no_tunnel_to_an_address(world: World, name: str) -> None:
    client = await world.connect(world.socks_port)
    await client.send(socks_request(address_of(name), 80, ARREARS_NUMBER) + request(name))
    assert (await client.rest())[4:6] == b"\x05\x02"
    assert not world.origin.visits
    assert not world.resolver.asked


@pytest.mark.parametrize(
    ("at", "host", "code", "location"),
    [
        (NEWS, NEWS, 302, f"{LANDING}?url=http%3A%2F%2Fnews.example%2F"),
        (NEWS, PORTAL, 302, f"{LANDING}?url=http%3A%2F%2Fportal.carrier.example%2F"),
        (PORTAL, NEWS, 302, f"{LANDING}?url=http%3A%2F%2Fnews.example%2F"),
        (PORTAL, PORTAL, 200, None),
    ],
)
async def test_restricted_while_the_tunnel_is_open(
    world: World, at: str, host: str, code: int, location: str | None
) -> None:
    client = await opened(world, address_of(at))
    await client.send(request(host))
    assert status(await client.response()) == 200
    before = len(world.origin.received)
    restricted = line(OPEN_NUMBER, ARREARS, version=2)
    world.view.put(restricted)
    await world.engine.line_changed(restricted)
    await client.send(request(host))
    answer = await client.response()
    assert (status(answer), header(answer, "location")) == (code, location)
    assert (len(world.origin.received) > before) == (code == 200)
    client.close()


async def test_a_listed_name_that_does_not_exist_is_anybodys(world: World) -> None:
    world.resolver.routes[PORTAL] = NotFound("no such name")
    client = await opened(world, address_of(PORTAL))
    await client.send(request(PORTAL))
    assert status(await client.response()) == 200
    assert b"msisdn" not in world.origin.received.lower()
    client.close()


async def test_a_listed_name_that_cannot_be_resolved_now(world: World) -> None:
    """Whether a number belongs into the request cannot be told."""
    world.resolver.routes[PORTAL] = Unavailable("no answer from control")
    client = await opened(world, address_of(PORTAL))
    await client.send(request(PORTAL))
    assert status(await client.rest()) == 503
    assert not world.origin.visits


async def test_restricted_while_the_name_is_looked_up(world: World) -> None:
    world.resolver.gate.clear()
    client = await opened(world, address_of(NEWS))
    await client.send(request(PORTAL))
    await until(lambda: world.resolver.asked)
    restricted = line(OPEN_NUMBER, ARREARS, version=2)
    world.view.put(restricted)
    await world.engine.line_changed(restricted)
    world.resolver.gate.set()
    assert status(await client.rest()) == 302
    assert not world.origin.visits


async def test_client_that_goes_away_while_the_name_is_looked_up(world: World) -> None:
    world.resolver.gate.clear()
    client = await opened(world, address_of(PORTAL))
    await client.send(request(PORTAL))
    await until(lambda: world.resolver.asked)
    client.writer.transport.abort()
    await until(lambda: not world.engine.connections)
    world.resolver.gate.set()
    await turns()
    assert not world.origin.visits
