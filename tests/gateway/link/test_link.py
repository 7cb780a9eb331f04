"""Both ends of the link on a real socket in one process; time by short leases and deadlines."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from nfemu.carrier.ports import LineState
from nfemu.gateway.link.client import LinkClient
from nfemu.gateway.link.frames import frame, read_frame
from nfemu.gateway.link.messages import (
    Ack,
    BlockedLine,
    FromPoint,
    Granted,
    Hello,
    LinkError,
    Origin,
    Refused,
    Renew,
    Role,
    Serve,
    Welcome,
    dump_point,
    load_control,
)
from nfemu.gateway.link.point import Point
from nfemu.gateway.link.server import Answer, LinkServer
from nfemu.gateway.ports import Emulated, Route
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sharing import Key
from nfemu.model.errors import InvalidInput, NotFound, Unavailable
from nfemu.model.identity import PolicyName
from nfemu.model.usage import Allowance, Usage
from tests.gateway.samples import RULES, RULES_OPEN_ONLY, line

TOKEN = "right"
MORNING = datetime.fromisoformat("2026-11-02T08:00:00+08:00")
DAY_ENDS = datetime(2026, 11, 2, tzinfo=UTC)
ARREARS = line().imsi, PolicyName("arrears")
USED = Usage(*ARREARS, "portal", 300, 400)
ROUTE = Route((IPv4Address("198.18.0.1"),), Emulated(), Emulated())


@dataclass
class Host:
    """Implements LinkHost."""

    states: list[LineState] = field(default_factory=list)
    source: RuleSource = RULES
    expelled: list[Point] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    role: Role = Role.ADDON
    shared: list[Key] = field(default_factory=lambda: [ARREARS])
    blocked_lines: list[BlockedLine] = field(default_factory=list)
    usage: list[Usage] = field(default_factory=list)
    gone: list[Point] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def rules(self) -> RuleSource:
        return self.source

    def lines(self) -> Sequence[LineState]:
        return self.states

    def admits(self, role: Role, pid: int) -> bool:
        return role is self.role

    async def answer(self, host: str) -> Answer:
        self.asked.append(host)
        if host == "slow.example":
            await asyncio.Event().wait()
        if host == "none.example":
            raise NotFound("`none.example` does not exist")
        if host == "late.example":
            raise Unavailable("the DNS did not answer")
        return Answer(ROUTE, 60.0)

    def ready(self, pid: int) -> None:
        self.came.set()

    def blocked(self, lines: Sequence[BlockedLine]) -> None:
        self.blocked_lines += lines
        self.came.set()

    def used(self, point: Point, usage: Sequence[Usage]) -> list[Key]:
        self.usage += usage
        self.came.set()
        return [(each.imsi, each.policy) for each in usage]

    def known(self) -> list[Key]:
        return self.shared

    def allowances(self, point: Point, keys: Sequence[Key]) -> tuple[Allowance, ...]:
        return tuple(Allowance(*key, 7, 1) for key in keys)

    def day_ends(self) -> datetime:
        return DAY_ENDS

    def left(self, point: Point) -> None:
        self.gone.append(point)

    async def expel(self, point: Point) -> None:
        self.expelled.append(point)


class Engine:
    """Implements FlowControl: says what it was told, and takes its time where a test wants it to."""

    def __init__(self, view: LinkClient) -> None:
        self._view = view
        self.changed: list[tuple[int, bool]] = []
        self.reloads = 0
        self.held = 0
        self.allowances: list[Allowance] = []
        self.days: list[datetime] = []
        self.lost = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def line_changed(self, state: LineState) -> None:
        self.changed.append((state.version, self._view.line(state.msisdn) == state))
        await self.gate.wait()

    async def rules_changed(self) -> None:
        self.reloads += 1

    async def control_lost(self) -> None:
        self.lost.set()

    async def hold(self) -> None:
        self.held += 1
        await self.gate.wait()

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        self.allowances += allowances

    def day_began(self, ends_at: datetime) -> None:
        self.days.append(ends_at)


@dataclass
class Follower:
    client: LinkClient
    engine: Engine
    task: asyncio.Task[None]


@asynccontextmanager
async def serving(
    folder: Path, host: Host, *, lease_s: float = 30.0, deadline_s: float = 30.0
) -> AsyncIterator[LinkServer]:
    server = LinkServer(
        folder / "control.sock",
        TOKEN,
        Origin(folder / "origin.sock", b"origin"),
        host,
        lease_s=lease_s,
        deadline_s=deadline_s,
        rules_deadline_s=30.0,
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def following(folder: Path, role: Role = Role.ADDON) -> AsyncIterator[Follower]:
    client = LinkClient(folder / "control.sock", role, "test")
    engine = Engine(client)
    connection = await client.connect(TOKEN)
    task = asyncio.create_task(client.follow(connection, engine))
    await client.picture()
    try:
        yield Follower(client, engine, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (both ends run in this loop: turn it)
            await asyncio.sleep(0)


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


async def test_a_late_follower_is_expelled_and_publishing_returns(tmp_path: Path) -> None:
    host = Host([line()])
    async with (
        serving(tmp_path, host, deadline_s=0.5) as server,
        following(tmp_path) as slow,
        following(tmp_path) as quick,
    ):
        slow.engine.gate.clear()
        await server.publish_line(line(version=2))
        assert len(host.expelled) == 1
        assert quick.engine.changed == [(2, True)]
        assert len(server.status()) == 1
        await slow.task
        assert not slow.client.fresh()


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


@dataclass
class Raw:
    """A peer that speaks for itself."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, *messages: FromPoint) -> None:
        for message in messages:
            self.writer.write(frame(dump_point(message)))

    async def hear(self) -> object:
        data = await asyncio.wait_for(read_frame(self.reader), 10)
        return None if data is None else load_control(data)

    async def until(self, kind: type) -> object:
        while not isinstance(message := await self.hear(), kind):
            assert message is not None
        return message


@asynccontextmanager
async def raw(folder: Path) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_unix_connection(folder / "control.sock")
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


HELLO = Hello(TOKEN, Role.ADDON, "raw")


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (Hello("wrong", Role.ADDON, "x"), "wrong token"),
        (Hello("", Role.ADDON, "x"), "wrong token"),
        (Hello("ä", Role.ADDON, "x"), "wrong token"),
        (Hello(TOKEN, Role.ADDON, "x", version=0), "version 0"),
        (Hello(TOKEN, Role.WORKER, "x"), "is no worker of this gateway"),
        (Renew(1), "not a hello"),
        (Hello("x" * 5000, Role.ADDON, "x"), "at most 4096"),
    ],
)
async def test_who_is_not_believed_hears_why_and_nothing_else(tmp_path: Path, first: FromPoint, reason: str) -> None:
    async with serving(tmp_path, Host([line()])) as server, raw(tmp_path) as peer:
        peer.say(first)
        refused = await peer.hear()
        assert isinstance(refused, Refused)
        assert reason in refused.reason
        assert await peer.hear() is None
        assert server.status() == []


async def test_a_refused_client_says_why(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()):
        client = LinkClient(tmp_path / "control.sock", Role.ADDON, "test")
        with pytest.raises(LinkError, match="wrong token"):
            await client.connect("wrong")
        assert not client.fresh()


async def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await LinkClient(tmp_path / "control.sock", Role.ADDON, "test").connect(TOKEN)


@pytest.mark.parametrize("then", [HELLO, None])
async def test_who_breaks_the_protocol_is_hung_up_on(tmp_path: Path, then: FromPoint | None) -> None:
    host = Host()
    async with serving(tmp_path, host), raw(tmp_path) as peer:
        peer.say(HELLO)
        await peer.until(Serve)
        if then is None:
            peer.writer.write(frame(b"nonsense"))
        else:
            peer.say(then)
        while await peer.hear() is not None:
            pass
        assert len(host.expelled) == 1


async def test_a_lease_counts_from_the_answer(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()), raw(tmp_path) as peer:
        peer.say(HELLO)
        welcome = await peer.hear()
        assert isinstance(welcome, Welcome)
        assert welcome.origin == Origin(tmp_path / "origin.sock", b"origin")
        peer.say(Renew(7))
        assert await peer.until(Granted) == Granted(7)


async def test_who_does_not_renew_is_expelled(tmp_path: Path) -> None:
    host = Host()
    async with serving(tmp_path, host, lease_s=0.05), raw(tmp_path) as peer:
        peer.say(HELLO)
        await peer.until(Serve)
        while await peer.hear() is not None:
            pass
        assert len(host.expelled) == 1


async def test_an_early_or_doubled_acknowledgement_is_harmless(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()) as server, raw(tmp_path) as peer:
        peer.say(HELLO)
        await peer.until(Serve)
        publishing = asyncio.create_task(server.publish_line(line()))
        await asyncio.sleep(0)
        peer.say(Ack(1), Ack(1), Ack(0))
        await publishing


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
