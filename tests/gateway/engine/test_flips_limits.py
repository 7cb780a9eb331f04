"""What a flip lets go on counts under the new policy, and keeps to its limits (G7), in both directions."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nfemu.gateway.ports import GatewayRules
from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.model.usage import Allowance
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import CAP, CAPPED, LANDING, OPEN, Visit, line, rules, swallow
from tests.gateway.engine.conftest import CAPPED_NUMBER, OPEN_NUMBER, Client, World, get, status, turns
from tests.gateway.engine.test_flips import change
from tests.gateway.engine.test_tunnels import client_hello, opened
from tests.gateway.engine.test_usage import run_ahead, tunnel, used

PORTAL, HELP = "portal.carrier.example", "help.carrier.example"
UPLOAD = b"x" * 1_000_000
RESTORE = line(CAPPED_NUMBER, OPEN, version=2)


def with_rate(rate: int) -> GatewayRules:
    """Beside the open profile, one with a rate, in bits per second, under which all is essential."""
    portal = DestinationGroup(GroupName("portal"), (PORTAL,))
    slow = PolicyProfile(CAPPED, Verdict.REDIRECT, (portal.name,), LANDING, Limits(CAP, rate, rate), (portal.name,))
    profiles = [PolicyProfile(OPEN, Verdict.ALLOW, (portal.name,)), slow]
    return GatewayRules(PolicySet.build([portal], profiles), rules().enricher)


async def upload_by_request(world: World) -> tuple[Client, bytes]:
    client = await world.connect()
    return client, get(LANDING, CAPPED_NUMBER, b"Content-Length: %d\r\n" % len(UPLOAD), "POST")


async def upload_by_tunnel(world: World) -> tuple[Client, bytes]:
    return await opened(world, f"{PORTAL}:443", CAPPED_NUMBER), client_hello(PORTAL)


@pytest.mark.parametrize("begin", [upload_by_request, upload_by_tunnel])
async def test_an_upload_that_waits_for_the_slow_rate_goes_on_when_the_line_is_restored(
    world: World, begin: Callable[[World], Awaitable[tuple[Client, bytes]]]
) -> None:
    world.view.current = with_rate(8)
    world.origin.serve = swallow
    client, head = await begin(world)
    sending = asyncio.create_task(client.send(head + UPLOAD))
    visit = await world.origin.visit()
    await turns()
    assert len(visit.received) < 4 * 65_536, "it waits, by the hour"
    before = used(world)
    await change(world, RESTORE)
    async with asyncio.timeout(5):
        await visit.until(len(UPLOAD))
        await sending
    after = used(world)
    assert after["capped", "portal", "up"] == before["capped", "portal", "up"]
    assert after["open", "portal", "up"] >= len(UPLOAD) - 4 * 65_536
    client.close()


async def test_a_request_that_waits_to_be_dialled_goes_on_when_the_line_is_restored(world: World) -> None:
    """Nothing of it counted before."""
    await run_ahead(world)
    before = used(world)
    world.view.current = with_rate(8)
    request = get(LANDING, CAPPED_NUMBER)
    client = await world.connect()
    await client.send(request)
    await turns()
    assert len(world.origin.visits) == 1
    await change(world, RESTORE)
    async with asyncio.timeout(5):
        assert status(await client.response()) == 200
    after = used(world)
    assert after["capped", "portal", "up"] == before["capped", "portal", "up"]
    assert after["open", "portal", "up"] == len(request)
    client.close()


async def _floods(visit: Visit, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A response without an end, as fast as it is taken."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(65_536))
        await writer.drain()


async def test_a_download_of_an_open_line_keeps_to_the_rate_that_a_restriction_brings(world: World) -> None:
    world.view.current = with_rate(8)
    world.origin.serve = _floods
    client = await world.connect()
    await client.send(get(LANDING, OPEN_NUMBER))
    await client.reader.readexactly(1_000_000)
    await change(world, line(OPEN_NUMBER, CAPPED, version=2))
    before = used(world)
    reading = asyncio.create_task(client.rest())
    await turns()
    after = used(world)
    assert after["open", "portal", "down"] == before["open", "portal", "down"]
    assert 0 < after["capped", "portal", "down"] <= 4 * 65_536
    await change(world, line(OPEN_NUMBER, OPEN, version=3))
    await turns()
    assert used(world)["open", "portal", "down"] > before["open", "portal", "down"] + 4 * 65_536
    client.close()
    await reading


async def test_what_outlives_a_flip_counts_under_the_new_policy_and_within_its_cap(world: World) -> None:
    paying, said, _ = await tunnel(world, OPEN_NUMBER, PORTAL)
    helped, *_ = await tunnel(world, OPEN_NUMBER, HELP)
    await change(world, line(OPEN_NUMBER, CAPPED, version=2))
    await helped.send(bytes(CAP))
    await helped.rest()
    await paying.send(b"paying goes on")
    assert await paying.reader.readexactly(14) == b"paying goes on"
    counted = used(world)
    assert counted["capped", "portal", "up"] == 14
    assert counted["capped", "help", "up"] == CAP
    assert counted["open", "portal", "up"] == said
    paying.close()


async def test_what_a_flip_brings_past_its_cap_ends(world: World) -> None:
    client, *_ = await tunnel(world, OPEN_NUMBER, HELP)
    await world.engine.allowed([Allowance(world.open.imsi, CAPPED, CAP, 2)])
    await change(world, line(OPEN_NUMBER, CAPPED, version=2))
    assert await client.rest() == b""


async def test_new_rules_bring_what_goes_on_another_group(world: World) -> None:
    client, said, _ = await tunnel(world, CAPPED_NUMBER, PORTAL)
    help_ = DestinationGroup(GroupName("help"), (PORTAL,))
    profile = PolicyProfile(CAPPED, Verdict.REDIRECT, (help_.name,), LANDING)
    world.view.current = GatewayRules(PolicySet.build([help_], [profile]), rules().enricher)
    await world.engine.rules_changed()
    await client.send(b"goes on")
    assert await client.reader.readexactly(7) == b"goes on"
    counted = used(world)
    assert (counted["capped", "portal", "up"], counted["capped", "help", "up"]) == (said, 7)
    client.close()
