"""The redirect responder on real sockets, held to what a proxy listener answers."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from nfemu.gateway.engine import responses
from nfemu.model.destination import IpAddress
from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.model.usage import Allowance
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import ARREARS, CAP, CAPPED, LANDING
from tests.gateway.bearer.responding import ANSWER, GET, World
from tests.gateway.bearer.world import PUBLIC, SINKHOLE


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    world.responder.stop()
    world.responder.stop()


async def test_redirected_at_once_and_reported(world: World) -> None:
    assert await world.ask(GET) == ANSWER
    assert world.reports.seen == [world.arrears]
    assert len(world.responder) == 0


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\r\n\r\n" + GET, 302),
        (b"GET http://news.example/a HTTP/1.1\r\nHost: news.example\r\n\r\n", 302),
        (b"GET / HTTP/1.0\r\nHost: news.example\r\n\r\n", 302),
        (b"GET / HTTP/1.1\r\nHost: news.example:80\r\n\r\n", 302),
        (b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % str(PUBLIC).encode(), 302),
        (b"GET / HTTP/1.1\r\nHost: portal.carrier.example\r\n\r\n", 302),  # a listed name at a foreign address
        (b"GET /%s HTTP/1.1\r\nHost: news.example\r\n\r\n" % (b"x" * 3000), 302),
        (b"GET /\xe9\x80?[ HTTP/1.1\r\nHost: news.example\r\n\r\n", 302),
        (b"GET http://news.example//[\xe9 HTTP/1.1\r\nHost: news.example\r\n\r\n", 302),
        (b"GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n", 302),
        (GET + GET, 302),  # the second is never read: the first closes
        (b"POST / HTTP/1.1\r\nHost: news.example\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 100_000, 511),
        (b"OPTIONS * HTTP/1.1\r\nHost: news.example\r\n\r\n", 511),
        (b"GET / HTTP/1.1\r\nHost: news.example:8080\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: news.example\n\n", 400),
        (b"GET /" + b"x" * 70_000, 431),
    ],
)
async def test_answers(world: World, request_: bytes, status: int) -> None:
    answer = await world.ask(request_)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_checks_of_operating_systems_have_nothing_to_return_to(world: World) -> None:
    answer = await world.ask(b"GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n")
    assert b"\r\nLocation: %s\r\n" % LANDING.encode() in answer


async def test_tls_is_reset_at_its_first_octet(world: World) -> None:
    assert await world.ask(b"\x16") == b"reset"
    assert await world.ask(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n") == b"reset"
    assert world.reports.seen == [world.arrears] * 2
    await world.waiting(0)


async def test_head_has_no_body(world: World) -> None:
    assert await world.ask(GET.replace(b"GET", b"HEAD")) == responses.without_body(ANSWER)


async def test_other_port(world: World) -> None:
    world.endpoint = (PUBLIC, 8080)
    assert b"url=http%3A%2F%2Fnews.example%3A8080%2F" in await world.ask(GET)


@pytest.mark.parametrize("pieces", [(GET,), (GET[:9], GET[9:])])
async def test_past_the_daily_cap_it_is_said_why(world: World, pieces: tuple[bytes, ...]) -> None:
    """By whoever has used it up; a line of which nobody has told anything has used nothing."""
    assert await world.ask(*pieces, source="127.0.0.6") == ANSWER
    world.meters.allow([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    assert await world.ask(*pieces, source="127.0.0.6") == responses.cap_reached(CAP, None, LANDING)
    assert await world.ask(*pieces) == ANSWER
    assert world.reports.seen == [world.capped, world.capped, world.arrears]


async def test_past_the_daily_cap_checks_still_show_the_landing_page(world: World) -> None:
    world.meters.allow([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    check = b"GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n"
    assert (await world.ask(check, source="127.0.0.6")).startswith(b"HTTP/1.1 302 ")


async def test_profile_that_rejects(world: World) -> None:
    assert (await world.ask(GET, source="127.0.0.3")).startswith(b"HTTP/1.1 403 ")
    assert world.reports.seen == [world.walled]


async def test_not_attached(world: World) -> None:
    assert (await world.ask(GET, source="127.0.0.5")).startswith(b"HTTP/1.1 403 ")
    assert world.reports.seen == []


@pytest.mark.parametrize("address", [PUBLIC, SINKHOLE])
async def test_what_is_allowed_by_now_is_not_redirected(world: World, address: IpAddress) -> None:
    world.endpoint = (address, 80)
    world.view.tell(world.arrears, "portal.carrier.example", address)
    assert await world.ask(GET.replace(b"news", b"portal.carrier")) == b"reset"
    assert await world.ask(GET, source="127.0.0.4") == b"reset"
    assert world.reports.seen == []


async def test_nobodys_address_and_nothing_redirected(world: World) -> None:
    assert await world.ask(GET, source="127.0.0.9") == b"reset"
    world.endpoint = None
    assert await world.ask(GET) == b"reset"
    assert await world.ask(GET[:9], GET[9:]) == b"reset"


async def test_new_rules_count_at_once(world: World) -> None:
    assert await world.ask(GET) == ANSWER
    groups = [DestinationGroup(GroupName("portal"), ("other.carrier.example",))]
    profile = PolicyProfile(ARREARS, Verdict.REDIRECT, (GroupName("portal"),), "http://other.carrier.example/")
    world.view.current = replace(world.view.current, policies=PolicySet.build(groups, [profile]))
    assert b"\r\nLocation: http://other.carrier.example/?url=" in await world.ask(GET)


async def test_curl(world: World) -> None:
    """It posts what it waits for to be read, and hears the answer all the same."""
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "--max-time", "20"]
    command += ["--interface", "127.0.0.2", "--connect-to", f"::127.0.0.1:{world.port}"]
    got = await asyncio.to_thread(_run, [*command, "http://news.example/a%20b"])
    assert got == f"302 {LANDING}?url=http%3A%2F%2Fnews.example%2Fa%2520b"
    assert await asyncio.to_thread(_run, [*command, "-d", "x" * 100_000, "http://news.example/"]) == "511 "


def _run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
