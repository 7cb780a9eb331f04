"""TLS of UEs themselves on a port that is read by the engine: spliced by its name, or where it was sent."""

import asyncio
from dataclasses import replace

import pytest

from nfemu.carrier.ports import LineState
from nfemu.model.errors import NotFound
from nfemu.model.identity import PolicyName
from tests.fakes.gateway import ARREARS, CAP, CAPPED, OPEN, WALLED, Visit, echo, line
from tests.gateway.engine.conftest import OPEN_NUMBER, Client, World, status, turns
from tests.gateway.engine.test_bearers import NEWS, PAY, PORTAL, SINKHOLE, address_of, at_ue, dial
from tests.gateway.engine.test_tunnels import client_hello

HELP = "help.carrier.example"


def under(world: World, policy: PolicyName, version: int = 1) -> LineState:
    return world.view.put(at_ue(line(OPEN_NUMBER, policy, version=version)))


async def said(world: World, at: str, first: bytes) -> Client:
    """Of an origin that says everything back."""
    world.origin.serve = echo
    client = await dial(world, at, 443)
    await client.send(first)
    return client


@pytest.mark.parametrize("policy", [OPEN, ARREARS, WALLED])
async def test_an_allowed_name_at_its_address_is_spliced_untouched(world: World, policy: PolicyName) -> None:
    under(world, policy)
    hello = client_hello(PAY)
    client = await dial(world, address_of(PAY), 443)
    world.origin.serve = echo
    await client.drip(hello)
    assert await client.reader.readexactly(len(hello)) == hello
    await client.send(b"\x17\x03\x03 sealed")
    assert await client.reader.readexactly(10) == b"\x17\x03\x03 sealed"
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert (str(visit.proxy.destination), visit.proxy.destination_port) == (address_of(PAY), 443)
    assert not world.reports.seen
    client.close()


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (address_of(PAY), NEWS),
        (address_of(PAY), None),
        (address_of(PAY), "198.18.1.5"),
        (address_of(PAY), PORTAL),  # allowed, and not at that address
        (address_of(NEWS), PAY),
        (SINKHOLE, NEWS),
        (SINKHOLE, None),
        ("198.18.1.5", None),  # listed by its network
        ("198.18.1.5", NEWS),
        ("127.0.0.1", PAY),
    ],
)
async def test_a_restricted_line_gets_no_further(world: World, at: str, name: str | None) -> None:
    state = under(world, ARREARS)
    client = await said(world, at, client_hello(name))
    assert await client.rest() == b""
    assert not world.origin.visits
    assert world.reports.seen == ([state] if at != "127.0.0.1" else [])


@pytest.mark.parametrize("name", [NEWS, None, "198.18.1.5", "no_host!"])
async def test_on_an_open_line_it_goes_where_it_was_sent(world: World, name: str | None) -> None:
    under(world, OPEN)
    hello = client_hello(name)
    client = await said(world, address_of(PORTAL), hello)
    assert await client.reader.readexactly(len(hello)) == hello
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert str(visit.proxy.destination) == address_of(PORTAL)
    client.close()


async def test_a_remembered_sinkhole_leads_to_the_name(world: World) -> None:
    under(world, OPEN)
    hello = client_hello(NEWS)
    client = await said(world, SINKHOLE, hello)
    assert await client.reader.readexactly(len(hello)) == hello
    (visit,) = world.origin.visits
    assert visit.proxy is not None
    assert str(visit.proxy.destination) == address_of(NEWS)
    client.close()


@pytest.mark.parametrize("first", [b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", b"\x16GET / HTTP/1.1\r\n"])
@pytest.mark.parametrize("policy", [OPEN, ARREARS])
async def test_what_only_begins_like_tls_is_closed(world: World, policy: PolicyName, first: bytes) -> None:
    under(world, policy)
    client = await said(world, address_of(PORTAL), first + bytes(80_000))
    assert await client.rest() == b""
    assert not world.origin.visits


async def test_what_is_neither_is_a_bad_request(world: World) -> None:
    under(world, OPEN)
    client = await said(world, address_of(PORTAL), b"\x00\x16\r\n\r\n")
    assert status(await client.rest()) == 400
    assert not world.origin.visits


async def test_a_ue_that_leaves_before_it_has_said_all(world: World) -> None:
    under(world, OPEN)
    for first in (b"", client_hello(PAY)[:40]):
        client = await said(world, address_of(PAY), first)
        await turns(20)
        client.writer.write_eof()
        assert await client.rest() == b""
    assert not world.origin.visits


@pytest.mark.parametrize("gone", [PAY, address_of(PAY)])
async def test_nobody_there(world: World, gone: str) -> None:
    """Neither the name's addresses are known, nor may the address be dialled."""
    under(world, OPEN if gone != PAY else ARREARS)
    world.resolver.routes[gone] = NotFound("not there")
    client = await said(world, address_of(PAY), client_hello(PAY))
    assert await client.rest() == b""
    assert not world.origin.visits


async def test_a_flip_ends_what_it_forbids(world: World) -> None:
    under(world, CAPPED)
    ended: list[Visit] = []

    async def hold(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here")
        await reader.read()
        ended.append(visit)

    clients = []
    for name in (HELP, PAY):
        client = await dial(world, address_of(name), 443)
        world.origin.serve = hold
        await client.send(client_hello(name))
        assert await client.reader.readexactly(4) == b"here"
        clients.append(client)
    await world.engine.line_changed(under(world, WALLED, 2))
    assert await clients[0].rest() == b""
    assert world.engine.connections == 1
    clients[1].close()


async def test_past_the_daily_cap_only_what_paying_needs(world: World) -> None:
    under(world, CAPPED)
    client = await said(world, address_of(HELP), client_hello(HELP) + bytes(CAP))
    await client.rest()
    refused = await said(world, address_of(HELP), client_hello(HELP))
    assert await refused.rest() == b""
    hello = client_hello(PAY)
    paying = await said(world, address_of(PAY), hello)
    assert await paying.reader.readexactly(len(hello)) == hello
    paying.close()


async def test_the_address_may_be_anothers_by_now(world: World) -> None:
    state = under(world, OPEN)
    client = await dial(world, address_of(PAY), 443)
    world.view.put(replace(state, policy=None, ue_ipv4=None, version=2))
    await client.send(client_hello(PAY))
    assert await client.rest() == b""
    assert not world.origin.visits
