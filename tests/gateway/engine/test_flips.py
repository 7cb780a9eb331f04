"""A change of the line closes what it forbids before `line_changed` returns, and nothing else."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import GatewayRules
from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, Hours, PolicyProfile, Verdict
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import ARREARS, LANDING, OPEN, WALLED, Visit, echo, line, read_some, swallow
from tests.gateway.engine.conftest import ARREARS_NUMBER, OPEN_NUMBER, Client, World, auth, get, status, until
from tests.gateway.engine.test_tunnels import client_hello, connect, opened
from tests.gateway.engine.test_websockets import HELLO, PING, WEBSOCKET, open_websocket, websocket


async def change(world: World, state: LineState) -> None:
    world.view.put(state)
    async with asyncio.timeout(5):
        await world.engine.line_changed(state)


RESTRICT = line(OPEN_NUMBER, ARREARS, version=2)


async def _ended(client: Client, visit: Visit) -> None:
    """Both directions are closed, and what is sent now goes nowhere."""
    before = len(visit.received)
    await client.send(b"late")
    await client.rest()
    await visit.ended.wait()
    assert len(visit.received) == before


async def _streams(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A response that never ends."""
    await read_some(visit, reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin")
    while await read_some(visit, reader):
        pass


@pytest.mark.parametrize("first", [b"\x00binary", client_hello("news.example"), client_hello(None)])
async def test_tunnel_to_a_forbidden_destination(world: World, first: bytes) -> None:
    world.origin.serve = echo
    client = await opened(world, "news.example:443", OPEN_NUMBER)
    await client.send(first)
    await client.reader.readexactly(len(first))
    await change(world, RESTRICT)
    await _ended(client, world.origin.visits[0])


@pytest.mark.parametrize("first", [b"\x00binary", client_hello(None), client_hello("news.example")])
async def test_tunnel_that_only_claims_to_be_the_payment_page(world: World, first: bytes) -> None:
    world.origin.serve = echo
    client = await opened(world, "pay.provider.example:443", OPEN_NUMBER)
    await client.send(first)
    await client.reader.readexactly(len(first))
    await change(world, RESTRICT)
    await _ended(client, world.origin.visits[0])


async def test_tls_to_the_payment_page_survives(world: World) -> None:
    world.origin.serve = echo
    hello = client_hello("pay.provider.example")
    client = await opened(world, "pay.provider.example:443", OPEN_NUMBER)
    await client.send(hello)
    await client.reader.readexactly(len(hello))
    await change(world, RESTRICT)
    await client.send(b"still here")
    assert await client.reader.readexactly(10) == b"still here"
    client.close()


async def test_tunnel_in_which_nothing_was_said_yet(world: World) -> None:
    world.origin.serve = echo
    client = await opened(world, "news.example:443", OPEN_NUMBER)
    visit = await world.origin.visit()
    await change(world, RESTRICT)
    await _ended(client, visit)


async def test_tunnel_that_is_just_being_dialled(world: World) -> None:
    world.resolver.gate.clear()
    client = await world.connect()
    await client.send(connect("news.example:443", OPEN_NUMBER))
    await until(lambda: world.resolver.asked)
    await change(world, RESTRICT)
    world.resolver.gate.set()
    assert await client.rest() == b""
    assert not world.origin.visits


async def test_request_that_is_just_being_dialled(world: World) -> None:
    world.resolver.gate.clear()
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    await until(lambda: world.resolver.asked)
    await change(world, RESTRICT)
    world.resolver.gate.set()
    assert await client.rest() == b""
    assert not world.origin.visits


async def test_streaming_download(world: World) -> None:
    world.origin.serve = _streams
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    await client.reader.readuntil(b"begin")
    await change(world, RESTRICT)
    await _ended(client, world.origin.visits[0])


async def test_streaming_upload(world: World) -> None:
    world.origin.serve = swallow
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER, b"Content-Length: 1000\r\n", "PUT") + b"begin")
    visit = await world.origin.visit()
    await visit.until_contains(b"begin")
    await change(world, RESTRICT)
    await _ended(client, visit)


async def test_websocket_to_a_forbidden_destination(world: World) -> None:
    client = await open_websocket(world, "http://news.example/ws", OPEN_NUMBER)
    await change(world, RESTRICT)
    await _ended(client, world.origin.visits[0])


async def test_websocket_to_an_allowed_destination_works_and_survives(world: World) -> None:
    client = await open_websocket(world, "http://pay.provider.example/ws", OPEN_NUMBER)
    received = world.origin.received
    assert b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" in received
    assert b"Sec-WebSocket-Key" in received
    await change(world, RESTRICT)
    await client.send(PING)
    assert await client.reader.readexactly(len(PING)) == PING
    client.close()
    await world.origin.visits[0].ended.wait()


async def test_bytes_behind_an_upgrade_request_are_not_lost(world: World) -> None:
    world.origin.serve = websocket
    client = await world.connect()
    await client.send(get("http://news.example/ws", OPEN_NUMBER, WEBSOCKET) + PING)
    assert status(await client.response()) == 101
    assert await client.reader.readexactly(len(HELLO + PING)) == HELLO + PING
    client.close()


async def test_websocket_whose_origin_leaves(world: World) -> None:
    client = await open_websocket(world, "http://news.example/ws", OPEN_NUMBER)
    writer = world.origin.visits[0].writer
    assert writer is not None
    writer.close()
    assert await client.rest() == b""


async def test_restricted_websocket_elsewhere_is_redirected(world: World) -> None:
    assert status(await world.exchange(get("http://news.example/ws", ARREARS_NUMBER, WEBSOCKET))) == 302
    assert not world.origin.visits


async def test_plain_http_inside_a_tunnel(world: World) -> None:
    world.origin.serve = _streams
    client = await opened(world, "news.example:80", OPEN_NUMBER)
    await client.send(b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n")
    await client.reader.readuntil(b"begin")
    await change(world, RESTRICT)
    await _ended(client, world.origin.visits[0])


async def test_idle_http_tunnel_is_judged_at_its_next_request(world: World) -> None:
    client = await opened(world, "news.example:80", OPEN_NUMBER)
    await client.send(b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n")
    assert status(await client.response()) == 200
    await change(world, RESTRICT)
    await client.send(b"GET /again HTTP/1.1\r\nHost: news.example\r\n\r\n")
    assert status(await client.rest()) == 302
    assert b"again" not in world.origin.received


async def test_other_lines_go_on(world: World) -> None:
    world.view.put(line("13800138007", OPEN))
    world.origin.serve = echo
    client = await opened(world, "news.example:443", "13800138007")
    await client.send(b"\x00a")
    await client.reader.readexactly(2)
    await change(world, RESTRICT)
    await client.send(b"b")
    assert await client.reader.readexactly(1) == b"b"
    client.close()


@pytest.mark.parametrize(
    "state",
    [
        line(ARREARS_NUMBER, None, version=2),
        line(ARREARS_NUMBER, ARREARS, version=2, generation=2),
        line(ARREARS_NUMBER, WALLED, version=2, generation=2),
    ],
)
async def test_detached_or_with_another_address_even_permitted_flows_end(world: World, state: LineState) -> None:
    world.origin.serve = echo
    hello = client_hello("pay.provider.example")
    client = await opened(world, "pay.provider.example:443", ARREARS_NUMBER)
    await client.send(hello)
    await client.reader.readexactly(len(hello))
    await change(world, state)
    await _ended(client, world.origin.visits[0])


async def test_new_address_is_announced_on_the_next_request(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://portal.carrier.example/", ARREARS_NUMBER))
    assert status(await client.response()) == 200
    state = line(ARREARS_NUMBER, ARREARS, version=2, generation=2)
    await change(world, state)
    await client.send(get("http://portal.carrier.example/", ARREARS_NUMBER))
    assert status(await client.response()) == 200
    assert [visit.proxy.source for visit in world.origin.visits if visit.proxy] == [
        world.arrears.ue_ipv4,
        state.ue_ipv4,
    ]
    client.close()


async def test_new_rules_close_what_they_forbid(world: World) -> None:
    world.origin.serve = echo
    pay, portal = client_hello("pay.provider.example"), client_hello("portal.carrier.example")
    paying = await opened(world, "pay.provider.example:443", ARREARS_NUMBER)
    await paying.send(pay)
    await paying.reader.readexactly(len(pay))
    at_portal = await opened(world, "portal.carrier.example:443", ARREARS_NUMBER)
    await at_portal.send(portal)
    await at_portal.reader.readexactly(len(portal))
    groups = [DestinationGroup(GroupName("portal"), ("portal.carrier.example",), trusted=True)]
    profiles = [
        PolicyProfile(OPEN, Verdict.ALLOW),
        PolicyProfile(ARREARS, Verdict.REDIRECT, (GroupName("portal"),), LANDING),
    ]
    world.view.current = GatewayRules(PolicySet.build(groups, profiles), world.view.current.enricher)
    await world.engine.rules_changed()
    await _ended(paying, world.origin.visits[0])
    await at_portal.send(b"more")
    assert await at_portal.reader.readexactly(4) == b"more"
    at_portal.close()


async def test_a_group_that_closes_ends_its_flows(world: World) -> None:
    world.origin.serve = echo
    hours = Hours(time(8), time(20))
    groups = [
        DestinationGroup(GroupName("portal"), ("portal.carrier.example",), trusted=True),
        DestinationGroup(GroupName("quiz"), ("quiz.example",), hours=hours),
    ]
    allowed = (GroupName("portal"), GroupName("quiz"))
    profiles = [PolicyProfile(ARREARS, Verdict.REDIRECT, allowed, LANDING)]
    policies = PolicySet.build(groups, profiles)
    evening = datetime(2026, 11, 2, 19, 59, tzinfo=UTC)
    world.view.current = GatewayRules(policies, world.view.current.enricher, hours_at=evening)
    hello = client_hello("quiz.example")
    quiz = await opened(world, "quiz.example:443", ARREARS_NUMBER)
    await quiz.send(hello)
    await quiz.reader.readexactly(len(hello))
    world.view.current = replace(world.view.current, hours_at=evening + timedelta(minutes=1))
    await world.engine.rules_changed()
    await _ended(quiz, world.origin.visits[0])
    refused = await world.exchange(get("http://quiz.example/", ARREARS_NUMBER))
    assert status(refused) == 302


async def test_new_rules_without_the_lines_policy_close_everything(world: World) -> None:
    world.origin.serve = echo
    client = await opened(world, "news.example:443", OPEN_NUMBER)
    await client.send(b"\x00a")
    await client.reader.readexactly(2)
    world.view.current = GatewayRules(PolicySet.build([], []), world.view.current.enricher)
    await world.engine.rules_changed()
    await _ended(client, world.origin.visits[0])


async def test_control_lost_closes_every_flow(world: World) -> None:
    world.origin.serve = echo
    client = await opened(world, "news.example:443", OPEN_NUMBER)
    await client.send(b"\x00a")
    await client.reader.readexactly(2)
    world.view.is_fresh = False
    await world.engine.control_lost()
    await _ended(client, world.origin.visits[0])


async def test_flows_leave_the_table(world: World) -> None:
    """Neither requests, refusals, tunnels nor broken connections stay behind."""
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    await client.response()
    assert len(world.engine._flows) == 0
    client.close()
    await world.exchange(get("http://news.example/", ARREARS_NUMBER))
    await world.exchange(
        b"GET http://news.example/ HTTP/1.1\r\nHost: news.example\r\n" + auth(OPEN_NUMBER) + b"A : b\r\n\r\n"
    )
    world.origin.serve = echo
    tunnel = await opened(world, "news.example:443", OPEN_NUMBER)
    assert len(world.engine._flows) == 1
    tunnel.close()
    visit = await world.origin.visit(1)
    await visit.ended.wait()
    await until(lambda: not world.engine.connections)
    assert len(world.engine._flows) == 0
