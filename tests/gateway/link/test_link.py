"""Both ends of the link on a real socket in one process; time by short leases and deadlines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nfemu.gateway.link.client import LinkClient
from nfemu.gateway.link.messages import BlockedLine, Granted, Origin, Renew, Role, Welcome
from nfemu.gateway.link.server import LinkServer
from nfemu.model.errors import InvalidInput, NotFound, Unavailable
from nfemu.model.usage import Allowance
from tests.gateway.link.ends import (
    ARREARS,
    HELLO,
    MORNING,
    ROUTE,
    TOKEN,
    USED,
    Engine,
    Follower,
    Host,
    following,
    raw,
    serving,
    until,
)
from tests.gateway.samples import RULES, RULES_OPEN_ONLY, line


async def test_a_follower_has_the_whole_picture(tmp_path: Path) -> None:
    host = Host([line(number) for number in range(1001)])
    async with serving(tmp_path, host), following(tmp_path) as here:
        await until(here.client.fresh)
        assert here.client.line(line(1000).msisdn) == line(1000)
        assert here.client.rules().policies.names == ("open", "arrears")


async def test_published_means_applied(tmp_path: Path) -> None:
    async with serving(tmp_path, Host([line()])) as server, following(tmp_path) as here:
        await server.publish_line(line(version=2, policy="arrears"))
        assert here.engine.changed == [(2, True)]
        assert server.status()[0].acknowledged == 1


async def test_publishing_waits_for_flows_to_be_closed(tmp_path: Path) -> None:
    async with serving(tmp_path, Host([line()])) as server, following(tmp_path) as here:
        here.engine.gate.clear()
        publishing = asyncio.create_task(server.publish_line(line(version=2)))
        await until(lambda: bool(here.engine.changed))
        assert not publishing.done()
        here.engine.gate.set()
        await publishing


async def test_older_versions_and_replays_change_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, Host([line(version=5)])) as server, following(tmp_path) as here:
        await server.publish_line(line(version=4, policy="arrears"))
        await server.publish_line(line(version=5, policy="arrears"))
        assert here.client.line(line().msisdn) == line(version=5)
        assert here.engine.changed == []


async def test_many_at_once_are_all_applied(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()) as server, following(tmp_path) as here:
        await asyncio.gather(*(server.publish_line(line(number)) for number in range(200)))
        assert all(here.client.line(line(number).msisdn) for number in range(200))
        assert server.status()[0].acknowledged == server.sequence == 200


async def test_rules_are_replaced_at_once_and_names_asked_for_again(tmp_path: Path) -> None:
    host = Host()
    async with serving(tmp_path, host) as server, following(tmp_path) as here:
        await here.client.resolve("news.example")
        await server.publish_rules(RULES_OPEN_ONLY)
        assert here.client.rules().policies.names == ("open",)
        assert here.engine.reloads == 1
        assert server.status()[0].rules == server.sequence
        await here.client.resolve("news.example")
        assert host.asked == ["news.example"] * 2


async def test_lines_that_change_with_the_rules_do_so_in_one_step(tmp_path: Path) -> None:
    """Nobody ever sees the one without the other, also with more lines than go into one message."""
    many = [line(number) for number in range(1001)]
    async with serving(tmp_path, Host(many)) as server, following(tmp_path) as here:
        seen: set[tuple[tuple[str, ...], str | None]] = set()
        publishing = asyncio.create_task(
            server.publish_rules(RULES_OPEN_ONLY, [line(number, 2, "quiz") for number in range(1001)])
        )
        while not publishing.done():
            state = here.client.line(line(1000).msisdn)
            assert state is not None
            seen.add((here.client.rules().policies.names, state.policy))
            await asyncio.sleep(0)
        assert seen <= {(("open", "arrears"), "open"), (("open",), "quiz")}
        state = here.client.line(line().msisdn)
        assert (here.client.rules().policies.names, state) == (("open",), line(0, 2, "quiz"))
        assert here.engine.reloads == 1
        await server.publish_rules(RULES)
        assert here.client.line(line(1000).msisdn) == line(1000, 2, "quiz")


async def test_the_time_of_day_is_in_force_once_published(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()) as server, following(tmp_path) as point:
        assert point.client.rules().hours_at is None
        await server.publish_hours(MORNING)
        assert (point.client.rules().hours_at, point.engine.reloads) == (MORNING, 1)


async def test_other_people_come_and_their_versions_begin_anew(tmp_path: Path) -> None:
    """In between nobody is served, and nobody is known; the time of day is the others'."""
    host = Host([line(0, 9), line(1, 9)])
    async with serving(tmp_path, host) as server, following(tmp_path) as here:
        await until(here.client.fresh)
        await here.client.resolve("news.example")
        await server.hold()
        assert (here.engine.held, here.client.fresh(), here.client.line(line().msisdn)) == (1, False, None)
        host.states = [line(0, 1, "arrears")]
        await server.go_on(MORNING)
        assert here.client.fresh()
        assert (here.client.line(line().msisdn), here.client.line(line(1).msisdn)) == (line(0, 1, "arrears"), None)
        assert (here.client.rules().hours_at, here.engine.reloads) == (MORNING, 0)
        assert [point.acknowledged for point in server.status()] == [server.sequence]
        await server.publish_line(line(0, 2))
        assert here.client.line(line().msisdn) == line(0, 2)
        await here.client.resolve("news.example")
        assert host.asked == ["news.example"] * 2


@asynccontextmanager
async def other_people(server: LinkServer, here: Follower) -> AsyncIterator[None]:
    """The block runs while the point closes what is open; on exit it serves the others."""
    here.engine.gate.clear()
    holding = asyncio.create_task(server.hold())
    await until(lambda: here.engine.held > 0)
    yield
    here.engine.gate.set()
    await holding
    await server.go_on(MORNING)


async def test_what_was_used_by_those_before_is_told_to_nobody(tmp_path: Path) -> None:
    """Whoever reports it while the points forget: another point, or what serves bearers."""
    host = Host([line()], role=Role.WORKER, shared=[])
    async with serving(tmp_path, host) as server, following(tmp_path, Role.WORKER) as here:
        async with other_people(server, here):
            server.share([ARREARS])
            here.client.used([USED])
            await until(lambda: host.usage == [USED])
        assert here.engine.allowances == []
        server.share([ARREARS])
        await until(lambda: here.engine.allowances == [Allowance(*ARREARS, 7, 1)])


async def test_a_report_that_comes_late_is_not_heard(tmp_path: Path) -> None:
    host = Host([line()])
    async with serving(tmp_path, host) as server, following(tmp_path) as here:
        await server.hold()
        here.client.used([USED])
        here.client.blocked(line(version=9))
        await here.client.resolve("news.example")  # the server has read all by now
        await server.go_on(MORNING)
        assert (host.usage, host.blocked_lines) == ([], [])
        here.client.used([USED])
        await until(lambda: host.usage == [USED])


async def test_what_is_refused_while_a_point_forgets_is_not_told_of_the_others(tmp_path: Path) -> None:
    host = Host([line()])
    async with serving(tmp_path, host) as server, following(tmp_path) as here:
        async with other_people(server, here):
            here.client.blocked(line(version=9))
            here.client.blocked(line(1, version=9))  # would go out a second later
        here.client.blocked(line(2))
        await until(lambda: len(host.blocked_lines) > 1)
        assert host.blocked_lines == [BlockedLine(line().msisdn, 9), BlockedLine(line(2).msisdn, 1)]


async def test_names_that_those_before_have_asked_for_are_asked_for_again(tmp_path: Path) -> None:
    host = Host([line()])
    async with serving(tmp_path, host) as server, following(tmp_path) as here:
        before = asyncio.create_task(here.client.resolve("slow.example"))
        await until(lambda: host.asked == ["slow.example"])
        async with other_people(server, here):
            pass
        with pytest.raises(Unavailable, match="other people have come"):
            await before
        after = asyncio.create_task(here.client.resolve("slow.example"))
        await until(lambda: host.asked == ["slow.example"] * 2)
        after.cancel()


async def test_who_comes_in_between_hears_of_the_others_only(tmp_path: Path) -> None:
    host = Host([line(number, 9) for number in range(2000)])
    async with serving(tmp_path, host) as server:
        client = LinkClient(tmp_path / "control.sock", Role.ADDON, "test")
        early = LinkClient(tmp_path / "control.sock", Role.ADDON, "early")
        early_connection = await early.connect(TOKEN)  # its picture is on the way, and is not sent to its end
        await server.hold()
        connection = await client.connect(TOKEN)
        tasks = [
            asyncio.create_task(each.follow(link, Engine(each)))
            for each, link in ((client, connection), (early, early_connection))
        ]
        host.states = [line(0, 1)]
        await server.go_on(MORNING)
        for each in (client, early):
            await each.picture()
            assert (each.line(line().msisdn), each.line(line(1999).msisdn)) == (line(0, 1), None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_rules_that_came_before_the_snapshot_ended_win(tmp_path: Path) -> None:
    host = Host([line(number) for number in range(2000)])
    async with serving(tmp_path, host) as server:
        client = LinkClient(tmp_path / "control.sock", Role.ADDON, "test")
        connection = await client.connect(TOKEN)
        await server.publish_rules(RULES_OPEN_ONLY)
        await server.publish_line(line(1999, 2, "arrears"))
        task = asyncio.create_task(client.follow(connection, Engine(client)))
        await client.picture()
        assert client.rules().policies.names == ("open",)
        state = client.line(line(1999).msisdn)
        assert state is not None
        assert state.version == 2
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_names_are_asked_for_once_and_remembered(tmp_path: Path) -> None:
    host = Host()
    async with serving(tmp_path, host), following(tmp_path) as here:
        routes = await asyncio.gather(*(here.client.resolve("news.example") for _ in range(10)))
        assert routes == [ROUTE] * 10
        assert await here.client.resolve("news.example") == ROUTE
        assert host.asked == ["news.example"]


async def test_names_that_lead_nowhere(tmp_path: Path) -> None:
    host = Host()
    async with serving(tmp_path, host), following(tmp_path) as here:
        for _ in range(2):
            with pytest.raises(NotFound, match=r"none\.example"):
                await here.client.resolve("none.example")
            with pytest.raises(Unavailable):
                await here.client.resolve("late.example")
        assert host.asked == ["none.example", "late.example", "late.example"]


async def test_who_waits_for_a_name_is_told_when_the_link_ends(tmp_path: Path) -> None:
    host = Host()
    async with serving(tmp_path, host) as server, following(tmp_path) as here:
        asking = asyncio.create_task(here.client.resolve("slow.example"))
        await until(lambda: bool(host.asked))
        await server.stop()
        with pytest.raises(Unavailable, match="gone"):
            await asking
        with pytest.raises(Unavailable, match="gone"):
            await here.client.resolve("news.example")


async def test_the_end_of_the_link_closes_everything(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()) as server, following(tmp_path) as here:
        await until(here.client.fresh)
        await server.stop()
        await here.task
        assert here.engine.lost.is_set()
        assert not here.client.fresh()


async def test_a_follower_may_come_again(tmp_path: Path) -> None:
    host = Host([line(version=9)])
    async with serving(tmp_path, host) as server:
        async with following(tmp_path) as here:
            host.states = [line(version=1, policy="arrears")]
            here.task.cancel()
            await asyncio.gather(here.task, return_exceptions=True)
            connection = await here.client.connect(TOKEN)
            again = asyncio.create_task(here.client.follow(connection, here.engine))
            await here.client.picture()
            assert here.client.line(line().msisdn) == line(version=1, policy="arrears")
            again.cancel()
            await asyncio.gather(again, return_exceptions=True)
        await until(lambda: not server.status())


async def test_ready_is_passed_on(tmp_path: Path) -> None:
    host = Host()
    async with serving(tmp_path, host) as server, following(tmp_path) as here:
        assert not server.status()[0].serving
        here.client.ready()
        await asyncio.wait_for(host.came.wait(), 10)
        assert server.status()[0].serving


async def test_a_lease_counts_from_the_answer(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()), raw(tmp_path) as peer:
        peer.say(HELLO)
        welcome = await peer.hear()
        assert isinstance(welcome, Welcome)
        assert welcome.origin == Origin(tmp_path / "origin.sock", b"origin")
        peer.say(Renew(7))
        assert await peer.until(Granted) == Granted(7)


async def test_the_socket_is_private_and_its_path_may_be_too_long(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()):
        assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "control.sock").exists()
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    with pytest.raises(InvalidInput, match="shorter state folder"):
        async with serving(deep, Host()):
            pass


async def test_blocked_lines_are_told_once_however_many_requests_there_are(tmp_path: Path) -> None:
    """The first at once; a flood behind it waits for the end of the second and is one message."""
    host = Host([line()])
    async with serving(tmp_path, host), following(tmp_path) as here:
        here.client.blocked(line(version=3))
        for number in (1, 2) * 5000:
            here.client.blocked(line(number, version=4))
        await until(lambda: bool(host.blocked_lines))
        assert host.blocked_lines == [BlockedLine(line().msisdn, 3)]
        await until(lambda: len(host.blocked_lines) > 1)
        assert host.blocked_lines[1:] == [BlockedLine(line(1).msisdn, 4), BlockedLine(line(2).msisdn, 4)]
