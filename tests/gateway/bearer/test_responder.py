"""The redirect responder on real sockets, held to what a proxy listener answers."""

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from nfemu.gateway.bearer.responder import Responder
from nfemu.gateway.engine import responses
from nfemu.gateway.engine.caps import Caps
from nfemu.gateway.engine.meter import Meters
from nfemu.model.destination import IpAddress
from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.model.usage import Allowance
from nfemu.policy.rules import PolicySet
from nfemu.runtime.crowd import Bounds
from tests.fakes.gateway import ARREARS, CAP, CAPPED, LANDING, OPEN, WALLED, line
from tests.gateway.bearer.world import PUBLIC, SINKHOLE, Steering, outcome
from tests.gateway.engine.conftest import turns, until

_GET = b"GET /a?b=c HTTP/1.1\r\nHost: news.example\r\nUser-Agent: x\r\n\r\n"
_ANSWER = responses.redirect(LANDING, "news.example", b"http://news.example/a?b=c")
_BOUNDS = Bounds(per_line=4, in_all=6)


class World(Steering):
    def __init__(self, *, patience_s: float = 60, bounds: Bounds = _BOUNDS) -> None:
        super().__init__(80)
        self.arrears = self.line("13800138001", ARREARS, "127.0.0.2")
        self.walled = self.line("13800138002", WALLED, "127.0.0.3")
        self.open = self.line("13800138000", OPEN, "127.0.0.4")
        self.detached = self.line("13800138003", None, "127.0.0.5")
        self.capped = self.line("13800138004", CAPPED, "127.0.0.6")
        self.meters = Meters(time.monotonic)
        self.responder = Responder(
            [self.listener],
            self.view,
            self.judge,
            Caps(self.judge, self.meters),
            self.reports,
            original=self.original,
            bounds=bounds,
            patience_s=patience_s,
        )
        self.responder.start()

    async def ask(self, *parts: bytes, source: str = "127.0.0.2") -> bytes:
        """Each part in a packet of its own."""
        reader, writer = await self.connect(source)
        for part in parts:
            writer.write(part)
            await turns(3)
        answer = await outcome(reader)
        writer.close()
        return answer

    async def waiting(self, count: int) -> None:
        await until(lambda: len(self.responder) == count)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    world.responder.stop()
    world.responder.stop()


async def test_redirected_at_once_and_reported(world: World) -> None:
    assert await world.ask(_GET) == _ANSWER
    assert world.reports.seen == [world.arrears]
    assert len(world.responder) == 0


@pytest.mark.parametrize("where", range(1, len(_GET)))
async def test_split_anywhere(world: World, where: int) -> None:
    assert await world.ask(_GET[:where], _GET[where:]) == _ANSWER


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\r\n\r\n" + _GET, 302),
        (b"GET http://news.example/a HTTP/1.1\r\nHost: news.example\r\n\r\n", 302),
        (b"GET / HTTP/1.0\r\nHost: news.example\r\n\r\n", 302),
        (b"GET / HTTP/1.1\r\nHost: news.example:80\r\n\r\n", 302),
        (b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % str(PUBLIC).encode(), 302),
        (b"GET / HTTP/1.1\r\nHost: portal.carrier.example\r\n\r\n", 302),  # a listed name at a foreign address
        (b"GET /%s HTTP/1.1\r\nHost: news.example\r\n\r\n" % (b"x" * 3000), 302),
        (b"GET /\xe9\x80?[ HTTP/1.1\r\nHost: news.example\r\n\r\n", 302),
        (b"GET http://news.example//[\xe9 HTTP/1.1\r\nHost: news.example\r\n\r\n", 302),
        (b"GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n", 302),
        (_GET + _GET, 302),  # the second is never read: the first closes
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
    assert await world.ask(_GET.replace(b"GET", b"HEAD")) == responses.without_body(_ANSWER)


async def test_other_port(world: World) -> None:
    world.endpoint = (PUBLIC, 8080)
    assert b"url=http%3A%2F%2Fnews.example%3A8080%2F" in await world.ask(_GET)


@pytest.mark.parametrize("pieces", [(_GET,), (_GET[:9], _GET[9:])])
async def test_past_the_daily_cap_it_is_said_why(world: World, pieces: tuple[bytes, ...]) -> None:
    """By whoever has used it up; a line of which nobody has told anything has used nothing."""
    assert await world.ask(*pieces, source="127.0.0.6") == _ANSWER
    world.meters.allow([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    assert await world.ask(*pieces, source="127.0.0.6") == responses.cap_reached(CAP, None, LANDING)
    assert await world.ask(*pieces) == _ANSWER
    assert world.reports.seen == [world.capped, world.capped, world.arrears]


async def test_past_the_daily_cap_checks_still_show_the_landing_page(world: World) -> None:
    world.meters.allow([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    check = b"GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n"
    assert (await world.ask(check, source="127.0.0.6")).startswith(b"HTTP/1.1 302 ")


async def test_profile_that_rejects(world: World) -> None:
    assert (await world.ask(_GET, source="127.0.0.3")).startswith(b"HTTP/1.1 403 ")
    assert world.reports.seen == [world.walled]


async def test_not_attached(world: World) -> None:
    assert (await world.ask(_GET, source="127.0.0.5")).startswith(b"HTTP/1.1 403 ")
    assert world.reports.seen == []


@pytest.mark.parametrize("address", [PUBLIC, SINKHOLE])
async def test_what_is_allowed_by_now_is_not_redirected(world: World, address: IpAddress) -> None:
    world.endpoint = (address, 80)
    world.view.tell(world.arrears, "portal.carrier.example", address)
    assert await world.ask(_GET.replace(b"news", b"portal.carrier")) == b"reset"
    assert await world.ask(_GET, source="127.0.0.4") == b"reset"
    assert world.reports.seen == []


async def test_nobodys_address_and_nothing_redirected(world: World) -> None:
    assert await world.ask(_GET, source="127.0.0.9") == b"reset"
    world.endpoint = None
    assert await world.ask(_GET) == b"reset"
    assert await world.ask(_GET[:9], _GET[9:]) == b"reset"


async def test_new_rules_count_at_once(world: World) -> None:
    assert await world.ask(_GET) == _ANSWER
    groups = [DestinationGroup(GroupName("portal"), ("other.carrier.example",))]
    profile = PolicyProfile(ARREARS, Verdict.REDIRECT, (GroupName("portal"),), "http://other.carrier.example/")
    world.view.current = replace(world.view.current, policies=PolicySet.build(groups, [profile]))
    assert b"\r\nLocation: http://other.carrier.example/?url=" in await world.ask(_GET)


async def test_waiting_ends_with_a_flip_and_others_go_on(world: World) -> None:
    mine, mine_writer = await world.connect()
    other, other_writer = await world.connect("127.0.0.3")
    for writer in (mine_writer, other_writer):
        writer.write(_GET[:20])
    await world.waiting(2)
    world.responder.line_changed(replace(world.arrears, policy=OPEN, version=2))
    assert await outcome(mine) == b"reset"
    other_writer.write(_GET[20:])
    assert (await outcome(other)).startswith(b"HTTP/1.1 403")
    mine_writer.close()
    other_writer.close()


async def test_address_that_has_another_line_by_now(world: World) -> None:
    reader, writer = await world.connect()
    writer.write(_GET[:20])
    await world.waiting(1)
    world.view.place("127.0.0.2", line("13800138004", CAPPED))
    writer.write(_GET[20:])
    assert await outcome(reader) == b"reset"
    writer.close()


async def test_bounded_by_line_and_in_all(world: World) -> None:
    writers = []
    for source, count in (("127.0.0.2", 4), ("127.0.0.3", 2)):
        for _ in range(count):
            _, writer = await world.connect(source)
            writer.write(b"GET /")
            writers.append(writer)
    await world.waiting(6)
    assert await world.ask(b"GET /") == b"reset"
    assert await world.ask(b"GET /", source="127.0.0.4") == b"reset"
    assert await world.ask(_GET) == _ANSWER  # what waits for nothing has always a place
    for writer in writers:
        writer.close()
    await world.waiting(0)


@pytest.mark.parametrize("begun", [b"", _GET[:20], _GET.replace(b"GET", b"POST"), _GET + b"x" * 200_000])
async def test_phone_that_is_gone(world: World, begun: bytes) -> None:
    """It resets at whatever point; whoever comes after it is served."""
    _, writer = await world.connect()
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.write(begun)
    await turns(2)
    writer.transport.abort()
    assert await world.ask(_GET) == _ANSWER
    await world.waiting(0)


async def test_phone_that_ends_its_direction(world: World) -> None:
    for begun in (b"", _GET[:20]):
        reader, writer = await world.connect()
        writer.write(begun)
        writer.write_eof()
        assert await outcome(reader) == b""
        writer.close()


async def test_slow_head_and_a_body_without_end() -> None:
    world = World(patience_s=0.05)
    reader, writer = await world.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: news")
    assert (await outcome(reader)).startswith(b"HTTP/1.1 408 ")
    writer.close()
    reader, writer = await world.connect()
    writer.write(_GET.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"))
    assert (await outcome(reader)).startswith(b"HTTP/1.1 511 ")
    await world.waiting(0)  # though the phone never ends its direction
    writer.close()
    world.responder.stop()


async def test_curl(world: World) -> None:
    """It posts what it waits for to be read, and hears the answer all the same."""
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "--max-time", "20"]
    command += ["--interface", "127.0.0.2", "--connect-to", f"::127.0.0.1:{world.port}"]
    got = await asyncio.to_thread(_run, [*command, "http://news.example/a%20b"])
    assert got == f"302 {LANDING}?url=http%3A%2F%2Fnews.example%2Fa%2520b"
    assert await asyncio.to_thread(_run, [*command, "-d", "x" * 100_000, "http://news.example/"]) == "511 "


def _run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
