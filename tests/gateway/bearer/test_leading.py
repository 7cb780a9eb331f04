"""Where the gate leads what a phone has the address of from elsewhere, and whatever an open line says."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from nfemu.gateway.ports import Emulated, GatewayRules, Route
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.model.usage import Allowance
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import ARREARS, CAP, CAPPED, OPEN, direct, swallow
from tests.gateway.bearer.test_gate import NEWS, PAY, PORTAL, World, built, hello, sni
from tests.gateway.bearer.world import PUBLIC, SINKHOLE, outcome
from tests.gateway.engine.conftest import turns

OPEN_PHONE, RESTRICTED_PHONE = "127.0.0.4", "127.0.0.3"
"""Neither has asked for any name."""
HELP = "help.carrier.example"
HTTP = b"GET / HTTP/1.1\r\nHost: portal.carrier.example\r\n\r\n"
NAMELESS = hello(None)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


def at_public(world: World, *names: str) -> None:
    """By our own resolver."""
    for name in names:
        world.resolver.routes[name] = Route((PUBLIC,), Emulated(), Emulated())


async def survives(world: World, whole: bytes) -> bool:
    """Whether what an open line says goes on when the line is restricted; it passes before."""
    reader, writer = await world.connect(OPEN_PHONE)
    writer.write(whole)
    assert await reader.readexactly(len(whole)) == whole
    state = world.view.place(OPEN_PHONE, replace(world.open, policy=ARREARS, version=2))
    await world.gate.line_changed(state)
    writer.write(b"still here")
    said = await outcome(reader) if not len(world.gate) else await reader.readexactly(10)
    writer.close()
    return said == b"still here"


async def test_a_restricted_phone_that_knows_the_portals_address_from_before(world: World) -> None:
    at_public(world, PORTAL, NEWS)
    assert await world.passed(hello(PORTAL), source=RESTRICTED_PHONE)
    assert world.resolver.asked == [PORTAL, PORTAL]
    assert not await world.passed(hello(NEWS), source=RESTRICTED_PHONE)
    assert world.resolver.asked == [PORTAL, PORTAL], "a name that is not allowed is not looked up"
    world.resolver.routes[PORTAL] = NotFound("no such name")
    assert not await world.passed(hello(PORTAL), source=RESTRICTED_PHONE)


@pytest.mark.parametrize("known", ["told", "ours"])
async def test_tls_to_a_name_that_stays_allowed_outlives_a_restriction(world: World, known: str) -> None:
    if known == "told":
        world.view.tell(world.open, PAY)
    else:
        at_public(world, PAY)
    assert await survives(world, hello(PAY))
    assert world.resolver.asked[-1] == PAY


async def test_what_outlives_a_flip_counts_under_the_new_policy_and_within_its_cap(world: World) -> None:
    for name in (PORTAL, HELP):
        world.view.tell(world.open, name)
    paying, paying_writer = await world.tunnel(PORTAL, OPEN_PHONE)
    helped, helped_writer = await world.tunnel(HELP, OPEN_PHONE)
    await world.gate.line_changed(world.view.place(OPEN_PHONE, replace(world.open, policy=CAPPED, version=2)))
    assert len(world.gate) == 2
    helped_writer.write(bytes(CAP))
    assert (await outcome(helped)).strip(b"\0") in (b"", b"reset")
    paying_writer.write(b"paying goes on")
    assert await paying.readexactly(14) == b"paying goes on"
    world.gate.report_usage()
    used = {(each.policy, each.group): each.up for each in world.reports.usage}
    assert used[CAPPED, "portal"] == 14
    assert used[CAPPED, "help"] == CAP
    assert used[OPEN, "portal"] == len(hello(PORTAL))
    paying_writer.close()
    helped_writer.close()


async def test_what_a_flip_brings_past_its_cap_ends(world: World) -> None:
    world.view.tell(world.open, HELP)
    reader, writer = await world.tunnel(HELP, OPEN_PHONE)
    await world.gate.allowed([Allowance(world.open.imsi, CAPPED, CAP, 2)])
    await world.gate.line_changed(world.view.place(OPEN_PHONE, replace(world.open, policy=CAPPED, version=2)))
    assert await outcome(reader) == b"reset"
    writer.close()


async def test_an_upload_that_waits_for_the_slow_rate_goes_on_when_the_line_is_restored(world: World) -> None:
    portal = DestinationGroup(GroupName("portal"), (PORTAL,))
    open_ = PolicyProfile(OPEN, Verdict.ALLOW)
    slow = PolicyProfile(ARREARS, Verdict.REJECT, (portal.name,), limits=Limits(0, 8))
    world.view.current = GatewayRules(PolicySet.build([portal], [open_, slow]), world.view.current.enricher)
    world.origin.serve = swallow
    _, writer = await world.connect()
    writer.write(hello(PORTAL) + bytes(1_000_000))
    visit = await world.origin.visit()
    await turns(3000)
    assert len(visit.received) < 4 * 65_536, "it waits, by the hour"
    world.gate.report_usage()
    slowly = sum(each.up for each in world.reports.usage)
    await world.gate.line_changed(world.view.place("127.0.0.2", replace(world.arrears, policy=OPEN, version=2)))
    async with asyncio.timeout(5):
        await visit.until(1_000_000)
    world.gate.report_usage()
    ups = {policy: sum(each.up for each in world.reports.usage if each.policy == policy) for policy in (ARREARS, OPEN)}
    assert ups == {ARREARS: slowly, OPEN: 1_000_000 + len(hello(PORTAL)) - slowly}
    writer.close()


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(hello(NEWS), id="another site"),
        pytest.param(hello(PAY), id="an allowed one that is elsewhere"),
        pytest.param(NAMELESS, id="no name"),
        pytest.param(built(sni(b"a..b")), id="no DNS name"),
        pytest.param(HTTP, id="HTTP"),
        pytest.param(b"SSH-2.0-x\r\n", id="SSH"),
    ],
)
async def test_all_else_of_an_open_line_goes_where_it_was_sent_until_it_is_restricted(
    world: World, whole: bytes
) -> None:
    world.view.tell(world.open, PORTAL)
    assert not await survives(world, whole)
    assert world.resolver.asked[-1] == str(PUBLIC)
    assert NEWS not in world.resolver.asked, "a stranger's name is not looked up"
    visit = await world.origin.visit()
    assert visit.proxy is not None
    assert (visit.proxy.source, visit.proxy.destination) == (world.open.ue_ipv4, PUBLIC)


async def test_a_name_that_cannot_be_looked_up_now(world: World) -> None:
    world.resolver.routes[PORTAL] = Unavailable("late")
    assert await world.passed(hello(PORTAL), source=OPEN_PHONE)
    assert world.resolver.asked == [PORTAL, str(PUBLIC)]
    assert not await world.passed(hello(PORTAL), source=RESTRICTED_PHONE)


async def test_a_private_address_is_not_dialled(world: World) -> None:
    world.resolver.routes[str(PUBLIC)] = direct("10.0.0.1")
    assert await world.say(hello(NEWS), source=OPEN_PHONE) == b"reset"


async def test_a_phone_that_waits_to_be_spoken_to(tmp_path: Path) -> None:
    world = World(tmp_path, patience_s=0.05)
    await world.start()
    whole = hello(PORTAL)[:50]
    reader, writer = await world.connect(OPEN_PHONE)
    writer.write(whole)
    assert await reader.readexactly(50) == whole
    writer.close()
    await world.stop()


@pytest.mark.parametrize(
    ("whole", "led_to"),
    [
        (hello(PORTAL), PORTAL),
        (hello(NEWS), PORTAL),
        (hello("neighbour.example"), "neighbour.example"),
        (NAMELESS, PORTAL),
        (hello(NEWS, ssl.TLSVersion.TLSv1_2), PORTAL),
        (HTTP, str(PUBLIC)),
    ],
)
async def test_a_configured_server_answers_tls_at_the_names_address(world: World, whole: bytes, led_to: str) -> None:
    """Whatever name it shows, unless that is a neighbour's who shares the address."""
    world.servers[PUBLIC] = PORTAL
    at_public(world, PORTAL, "neighbour.example")
    assert await world.passed(whole, source=OPEN_PHONE)
    assert world.resolver.asked[-1] == led_to


async def test_at_a_sinkhole_nobody_is(world: World) -> None:
    world.endpoint = (SINKHOLE, 443)
    for whole in (NAMELESS, HTTP):
        assert await world.say(whole, source=OPEN_PHONE) == b"reset"
