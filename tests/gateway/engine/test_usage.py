"""Octets on real sockets (G7): what is counted is what was sent; past the cap a page, and what paying needs."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

from nfemu.gateway.engine import responses
from nfemu.gateway.engine.judge import Line
from nfemu.gateway.engine.limiter import MAX_WAITING
from nfemu.gateway.ports import GatewayRules
from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.model.usage import Allowance
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import ARREARS, CAP, CAPPED, LANDING, OPEN, WALLED, echo, line, policies, rules
from tests.gateway.engine.conftest import (
    ARREARS_NUMBER,
    CAPPED_NUMBER,
    OPEN_NUMBER,
    Client,
    World,
    auth,
    get,
    status,
    turns,
    until,
)
from tests.gateway.engine.test_tunnels import client_hello

HELP = "http://help.carrier.example/"
DAY_ENDS = datetime(2026, 11, 2, tzinfo=timezone(timedelta(hours=8)))


def used(world: World) -> Counter[tuple[str, str, str]]:
    """Octets by policy, group and direction, as reported so far."""
    world.engine.report_usage()
    found: Counter[tuple[str, str, str]] = Counter()
    for each in world.reports.usage:
        found[each.policy, each.group, "up"] += each.up
        found[each.policy, each.group, "down"] += each.down
    return found


async def test_plain_requests_count_every_octet_of_both_directions_in_their_group(world: World) -> None:
    """A kept-alive connection that changes from one group to another; a body; what is refused does not count."""
    client = await world.connect()
    portal = get("http://portal.carrier.example/", ARREARS_NUMBER)
    body = b"x" * 70_000
    payment = get("http://pay.provider.example/", ARREARS_NUMBER, f"Content-Length: {len(body)}\r\n".encode(), "POST")
    sent, received = Counter[str](), Counter[str]()
    for group, request in (("portal", portal), ("payment", payment + body), ("portal", portal)):
        await client.send(request)
        sent[group] += len(request)
        received[group] += len(await client.response())
    assert status(await world.exchange(get("http://news.example/", ARREARS_NUMBER))) == 302
    counted = used(world)
    for group in ("portal", "payment"):
        assert counted["arrears", group, "up"] == sent[group]
        assert counted["arrears", group, "down"] == received[group]
    assert {policy for policy, _, _ in counted} == {"arrears"}
    client.close()


def capped_open(cap: int) -> GatewayRules:
    """The rules with a daily cap on open lines."""
    profile = PolicyProfile(OPEN, Verdict.ALLOW, limits=Limits(cap))
    return GatewayRules(PolicySet.build([], [profile]), rules().enricher)


def slow_past_cap(rate: int) -> GatewayRules:
    """The rules with a rate for what is reached past the cap."""
    portal = DestinationGroup(GroupName("portal"), ("portal.carrier.example",))
    limits = Limits(CAP, 0, rate)
    profile = PolicyProfile(CAPPED, Verdict.REDIRECT, (portal.name,), LANDING, limits, (portal.name,))
    return GatewayRules(PolicySet.build([portal], [profile]), rules().enricher)


async def tunnel(world: World, number: str, host: str) -> tuple[Client, int, int]:
    """An established tunnel whose origin gives back what it gets; octets sent and received so far."""
    world.origin.serve = echo
    client = await world.connect()
    head = f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n".encode() + auth(number) + b"\r\n"
    await client.send(head)
    answer = await client.response(head_only=True)
    hello = client_hello(host)
    await client.send(hello)
    assert await client.reader.readexactly(len(hello)) == hello
    return client, len(head) + len(hello), len(answer) + len(hello)


async def test_a_spliced_tunnel_counts_too(world: World) -> None:
    client, sent, received = await tunnel(world, OPEN_NUMBER, "news.example")
    data = b"y" * 100_000
    await client.send(data)
    assert await client.reader.readexactly(len(data)) == data
    client.close()
    await until(lambda: not world.engine.connections)
    counted = used(world)
    assert counted["open", "", "up"] == sent + len(data)
    assert counted["open", "", "down"] == received + len(data)
    used(world)
    assert world.engine._meters._counters == {}, "counters that nobody uses are forgotten"


async def test_past_the_cap_there_is_a_page_and_paying_still_works(world: World) -> None:
    world.engine.day_began(DAY_ENDS)
    await world.engine.allowed([Allowance(world.capped.imsi, CAPPED, CAP - 1000, 1)])
    assert status(await world.exchange(get(HELP, CAPPED_NUMBER, b"Connection: close\r\n"))) == 200
    await world.engine.allowed([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    for url in (HELP, "http://news.example/"):
        page = await world.exchange(get(url, CAPPED_NUMBER))
        assert status(page) == 429
        text = page.decode()
        assert "今日流量已用完" in text
        assert "until 2026-11-02 00:00" in text
        assert 'href="http://portal.carrier.example/green"' in text
        assert "Emergency calls are not affected" in text
    for url in ("http://portal.carrier.example/", "http://pay.provider.example/"):
        assert status(await world.exchange(get(url, CAPPED_NUMBER, b"Connection: close\r\n"))) == 200
    check = await world.exchange(get("http://captive.apple.com/hotspot-detect.html", CAPPED_NUMBER))
    assert status(check) == 302, "the operating system shows its sign-in page"
    head = b"CONNECT help.carrier.example:443 HTTP/1.1\r\nHost: help.carrier.example:443\r\n" + auth(CAPPED_NUMBER)
    assert status(await world.exchange(head + b"\r\n")) == 429
    assert len(world.origin.visits) == 3, "nothing that is refused is dialled"


async def test_past_the_cap_a_check_that_leads_to_no_page_is_told_why_too(world: World) -> None:
    """Of a profile that rejects, there is none to show."""
    rejecting = PolicyProfile(CAPPED, Verdict.REJECT, limits=Limits(CAP))
    world.view.current = GatewayRules(PolicySet.build([], [rejecting]), rules().enricher)
    check = get("http://captive.apple.com/hotspot-detect.html", CAPPED_NUMBER)
    assert status(await world.exchange(check)) == 403
    await world.engine.allowed([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    assert status(await world.exchange(check)) == 429


async def test_the_page_names_only_what_still_works(world: World) -> None:
    """A landing page that is not essential is past the cap with the rest, and nothing promises that paying helps."""
    judge = world.engine._judge
    landings = [
        judge.landing_past_cap(Line(world.capped, policies().profile(name), rules())) for name in (CAPPED, ARREARS)
    ]
    assert landings == [LANDING, None]
    assert judge.landing_past_cap(Line(world.capped, policies().profile(WALLED), rules())) is None
    page = responses.cap_reached(CAP, None, None).decode()
    assert "href" not in page
    assert "at once" not in page + responses.cap_reached(CAP, None, LANDING).decode()


async def run_ahead(world: World) -> None:
    """The capped line has used its cap, and then all that its slow rate has in store: an octet a second from now on."""
    world.view.current = slow_past_cap(8)
    await world.engine.allowed([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    head = get(LANDING, CAPPED_NUMBER, b"Content-Length: 65000\r\nConnection: close\r\n", "POST")
    answer = await world.exchange(head.replace(b"65000", b"%d" % (65_536 - len(head))) + b"x" * (65_536 - len(head)))
    assert status(answer) == 200


async def test_past_the_cap_new_connections_wait_for_the_slow_rate(world: World) -> None:
    """They would carry a read each at once, and nobody would hold a phone that opens one after the other."""
    world.engine.day_began(DAY_ENDS)
    await run_ahead(world)
    client = await world.connect()
    await client.send(get(LANDING, CAPPED_NUMBER))
    await turns()
    assert len(world.origin.visits) == 1
    world.engine.day_began(DAY_ENDS + timedelta(days=1))
    assert status(await client.response()) == 200
    client.close()


async def test_whoever_would_wait_too_long_is_told_so(tmp_path: Path) -> None:
    world = World(tmp_path, patience_s=0.05)
    await world.start()
    await run_ahead(world)
    page = await world.exchange(get(LANDING, CAPPED_NUMBER))
    assert status(page) == 429
    text = page.decode()
    assert "0.008 kbit/s for now" in text
    assert "您的线路目前网速为 0.008 kbit/s" in text
    assert "could not be reached" not in text
    assert len(world.origin.visits) == 1
    await world.stop()


async def test_what_is_refused_for_the_rate_is_not_counted(tmp_path: Path) -> None:
    """Neither the request, nor what of its body has come, nor the page; a tunnel's neither. No body is read ahead."""
    world = World(tmp_path, patience_s=0.05)
    await world.start()
    await run_ahead(world)
    before = used(world)
    post = get(LANDING, CAPPED_NUMBER, b"Content-Length: 9000000\r\n", "POST")
    tunnel = b"CONNECT portal.carrier.example:443 HTTP/1.1\r\nHost: portal.carrier.example:443\r\n" + auth(
        CAPPED_NUMBER
    )
    uploading = await world.connect()
    await uploading.send(post)
    sending = asyncio.create_task(uploading.send(b"x" * 9_000_000))
    await turns()
    (connection,) = world.engine._connections
    assert connection._counter.up <= 2 * 65_536
    assert status(await uploading.rest()) == 429
    await sending
    hello = client_hello("portal.carrier.example")
    client = await world.connect()
    await client.send(tunnel + b"\r\n")
    assert status(await client.response(head_only=True)) == 200
    await client.send(hello)
    assert await client.rest() == b""
    await until(lambda: not world.engine.connections)
    assert used(world) == before
    await world.stop()


async def test_whoever_finds_too_many_waiting_is_told_at_once_and_the_others_have_their_turn(world: World) -> None:
    world.engine.day_began(DAY_ENDS)
    await run_ahead(world)
    waiting = []
    for number in range(MAX_WAITING):
        waiting.append(await world.connect())
        await waiting[-1].send(get(f"{LANDING}/{number}", CAPPED_NUMBER))
        await turns(100)
    assert status(await world.exchange(get(LANDING, CAPPED_NUMBER))) == 429
    assert len(world.origin.visits) == 1
    world.engine.day_began(DAY_ENDS + timedelta(days=1))
    for client in waiting:
        assert status(await client.response()) == 200
        client.close()
    asked = [bytes(visit.received).split(b" ", 2)[1].rpartition(b"/")[2] for visit in world.origin.visits[1:]]
    assert asked == [b"%d" % number for number in range(MAX_WAITING)]


async def test_a_tunnel_ends_at_the_cap(world: World) -> None:
    """At the next octet behind it, and one that paying needs goes on."""
    paying, *_ = await tunnel(world, CAPPED_NUMBER, "pay.provider.example")
    client, *_ = await tunnel(world, CAPPED_NUMBER, "help.carrier.example")
    await client.send(b"z" * (CAP + 1000))
    await client.rest()
    await until(lambda: world.engine.connections == 1)
    await paying.send(b"ping")
    assert await paying.reader.readexactly(4) == b"ping"
    paying.close()


async def test_a_tunnel_ends_when_others_have_used_the_cap(world: World) -> None:
    client, *_ = await tunnel(world, CAPPED_NUMBER, "help.carrier.example")
    await world.engine.allowed([Allowance(world.capped.imsi, CAPPED, CAP, 2)])
    assert await client.rest() == b""


async def test_a_cap_that_a_reload_brings_holds_for_what_is_open(world: World) -> None:
    """Also for what the line has used before, and what it uses behind it."""
    closing = b"Connection: close\r\n"
    client, sent, received = await tunnel(world, OPEN_NUMBER, "news.example")
    caps = {cap: capped_open(cap) for cap in (sent + received + 100, sent + received)}
    world.view.current = caps[sent + received + 100]
    await world.engine.rules_changed()
    await client.send(b"z" * 40)
    assert await client.reader.readexactly(40) == b"z" * 40
    await client.send(b"z" * 40)
    await client.rest()
    assert status(await world.exchange(get("http://news.example/", OPEN_NUMBER, closing))) == 429
    world.view.current = rules()
    await world.engine.rules_changed()
    client, *_ = await tunnel(world, OPEN_NUMBER, "news.example")
    world.view.current = caps[sent + received]
    await world.engine.rules_changed()
    assert await client.rest() == b""


async def test_the_day_s_end_and_another_policy_lift_the_cap(world: World) -> None:
    world.engine.day_began(DAY_ENDS)
    await world.engine.allowed([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    closing = b"Connection: close\r\n"
    assert status(await world.exchange(get(HELP, CAPPED_NUMBER, closing))) == 429
    world.engine.day_began(DAY_ENDS)
    assert status(await world.exchange(get(HELP, CAPPED_NUMBER, closing))) == 429, "the same day, told again"
    world.engine.day_began(DAY_ENDS + timedelta(days=1))
    assert status(await world.exchange(get(HELP, CAPPED_NUMBER, closing))) == 200
    await world.engine.allowed([Allowance(world.capped.imsi, CAPPED, CAP, 1)])
    world.view.put(line(CAPPED_NUMBER, ARREARS, version=2))
    assert status(await world.exchange(get("http://portal.carrier.example/", CAPPED_NUMBER, closing))) == 200
    assert status(await world.exchange(get("http://news.example/", CAPPED_NUMBER))) == 302


async def test_what_was_reported_is_reported_once(world: World) -> None:
    await world.exchange(get("http://portal.carrier.example/", ARREARS_NUMBER, b"Connection: close\r\n"))
    first = used(world)
    assert used(world) == first
    await asyncio.sleep(0)
