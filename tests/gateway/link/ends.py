"""Both ends of the link in one process: the control process's host, points that follow, and a bare connection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from nfemu.carrier.ports import LineState
from nfemu.gateway.link.client import LinkClient
from nfemu.gateway.link.frames import frame, read_frame
from nfemu.gateway.link.host import Answer
from nfemu.gateway.link.messages import BlockedLine, FromPoint, Hello, Origin, Role, dump_point, load_control
from nfemu.gateway.link.point import Point
from nfemu.gateway.link.server import LinkServer
from nfemu.gateway.ports import Emulated, Route
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sharing import Key
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.identity import PolicyName
from nfemu.model.usage import Allowance, Usage
from tests.gateway.samples import RULES, line

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
