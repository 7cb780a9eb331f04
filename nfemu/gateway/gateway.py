"""The gateway of proxy access: every worker and stock addon as one enforcement point."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.link.host import Answer
from nfemu.gateway.link.messages import BlockedLine, Origin, Role
from nfemu.gateway.link.point import Point, PointStatus
from nfemu.gateway.link.server import LinkServer
from nfemu.gateway.link.token import CONTROL_SOCKET, LINK_TOKEN, fresh_token
from nfemu.gateway.listeners import Addresses, ListenerPlan, Listeners
from nfemu.gateway.ports import GatewayRules, Reports
from nfemu.gateway.processes import process_ended
from nfemu.gateway.replica import LineTable
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sharing import Key, Sharing
from nfemu.gateway.supervisor import PlaceStatus, Supervisor
from nfemu.gateway.worker_process import WORKER_ARGV, Command
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi, Msisdn, PolicyName
from nfemu.model.usage import Allowance, Usage

WORKER_LOG = "nfemu.log"
"""Name inside the state folder."""


class BearerPoint(Protocol):
    """What serves bearers beside the workers; see bearer/bearers.py."""

    workers: Sequence[socket.socket]
    """Listeners of the core network, for the workers."""

    def compile(self, rules: GatewayRules) -> object:
        """Raises InvalidInput for a rule that cannot be kept on bearers."""

    async def begin(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        """In force, and serve. Raises Unavailable."""

    async def apply(self, state: LineState) -> None:
        """See Enforcer. Before `begin` has ended, what is told is in force when it has; after their end nothing is."""

    async def switch(self, rules: GatewayRules, states: Sequence[LineState]) -> None:
        """Rules and lines in one step."""

    async def hold(self) -> None:
        """Other people come: nobody is served any more, and nothing is left of those before."""

    async def begin_anew(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        """Serve the people who have come."""

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """What limited lines have used elsewhere (G7)."""

    def day_began(self, ends_at: datetime) -> None:
        """The business day in which caps count."""


class NameService(Protocol):
    """Where names lead; see resolving.py."""

    async def answer(self, host: str) -> Answer:
        """Raises NotFound, Unavailable."""


_BEARERS = "bearers"
"""Among the points that share what lines use."""


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """What a gateway starts with. Listeners, workers and rules may be others after a reload."""

    state: Path
    """The state folder: `control.sock`, `link.token` and the workers' log are made in it."""
    listen: ListenerPlan
    origin_socket: Path
    origin_token: bytes = field(repr=False)
    workers: int = 2
    lease_s: float = 2.0
    """How long a point serves without news from the control process."""
    deadline_s: float = 0.5
    """How long a point may take to confirm a changed line before it is taken out."""
    rules_deadline_s: float = 10.0
    worker_argv: Sequence[str] = WORKER_ARGV


@dataclass(frozen=True, slots=True)
class UsageDay:
    """A business day by its end, in the carrier's zone, and the octets that each line has used in it by policy."""

    ends_at: datetime
    used: Mapping[Key, int]


@dataclass(frozen=True, slots=True)
class Observer:
    """Who hears what points report. Each is called in the event loop and returns at once."""

    blocked: Callable[[Msisdn, int], None]
    """A restricted line was refused something; the version at which the point held the line (G20)."""
    used: Callable[[Sequence[Usage]], None]
    """What lines have used since the last report (G7)."""
    day: Callable[[], UsageDay]
    """The business day, and what was used in it already. Asked when the gateway starts, and on each `start_day`."""


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """`sequence` is the number of the latest update; a point's `acknowledged` is to be compared with it."""

    addresses: Addresses
    sequence: int
    workers: Sequence[PlaceStatus]
    points: Sequence[PointStatus]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reload wants; None: as it is."""

    rules: RuleSource
    listen: ListenerPlan | None = None
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """The moment of a reload that is prepared."""

    _gateway: "Gateway"
    _rules: RuleSource

    async def now(self, states: Sequence[LineState] = ()) -> None:
        """In force everywhere when this returns; `states` are the lines that change in one step with the rules."""
        await self._gateway.switch(self._rules, states)


class Gateway:
    """Implements Enforcer. `lines` gives every line as the carrier knows it; it is asked for each snapshot.
    `observer` is told what points report."""

    def __init__(
        self,
        config: GatewayConfig,
        rules: RuleSource,
        names: NameService,
        lines: Callable[[], Sequence[LineState]],
        observer: Observer,
    ) -> None:
        state = config.state
        self._config = config
        self._token_file = state / LINK_TOKEN
        self._supervisor = Supervisor(
            Command(state / CONTROL_SOCKET, self._token_file, state / WORKER_LOG, config.worker_argv), config.workers
        )
        self._host = _Host(rules, names, lines, observer, self._supervisor, config.lease_s)
        self._listeners: Listeners | None = None
        self._link: LinkServer | None = None
        self._reloading = asyncio.Lock()
        self.reports: Reports = _OwnReports(self._host, self._share)
        """For what serves lines in this process."""

    async def start(self, bearers: BearerPoint | None = None) -> None:
        """Bind, start the link and the workers; return when all of them accept connections. `bearers` are prepared, and
        serve too when this returns; who made them stops them.

        Raises InvalidInput for rules that cannot be compiled, Conflict for a port in use, Unavailable when the
        workers do not come up. Then nothing is left behind.
        """
        rules = await asyncio.to_thread(self._host.source.compile)
        self._host.start_day()
        self._listeners = Listeners.bind(self._config.listen, bearers.workers if bearers is not None else ())
        try:
            self._link = self._new_link(fresh_token(self._token_file))
            await self._link.start()
            await self._supervisor.start(self._listeners)
            if bearers is not None:
                await bearers.begin(rules, self._host.lines())
                self._host.join(bearers)
        except BaseException:
            await self.stop()
            raise

    def _share(self, keys: Sequence[Key]) -> None:
        if self._link is not None:
            self._link.share(keys)

    def _points(self) -> list[BearerPoint]:
        """Those that are not on the link: one, or none."""
        return [self._host.bearers] if self._host.bearers is not None else []

    def _new_link(self, token: str) -> LinkServer:
        config = self._config
        return LinkServer(
            config.state / CONTROL_SOCKET,
            token,
            Origin(config.origin_socket, config.origin_token),
            self._host,
            lease_s=config.lease_s,
            deadline_s=config.deadline_s,
            rules_deadline_s=config.rules_deadline_s,
        )

    async def stop(self) -> None:
        """End workers, link and listeners within two seconds; what is open is cut. May be called twice."""
        link_ends = [self._link.stop()] if self._link is not None else []
        await asyncio.gather(self._supervisor.stop(), *link_ends)
        if self._listeners is not None:
            self._listeners.close_all_but()
        self._link = self._listeners = None

    async def apply(self, state: LineState) -> None:
        """See Enforcer. A worker that is late is killed and replaced; a late stock addon is cut off, and then this
        waits until its lease has lapsed (two seconds at the most), because only then has it stopped serving.

        An older version than the one in force changes nothing. Without a running worker nothing serves.
        """
        self._host.latest.put(state)
        if self._link is not None:
            others = (point.apply(state) for point in self._points())
            await asyncio.gather(self._link.publish_line(state), *others)

    def capped(self, imsi: Imsi) -> frozenset[PolicyName]:
        """The policies under which the line has used its daily cap, as far as that is reported."""
        return self._host.capped(imsi)

    def start_day(self) -> None:
        """A new business day: caps begin anew (G7)."""
        self._host.start_day()
        if self._link is not None:
            self._link.publish_day()

    @asynccontextmanager
    async def reloading(self, wanted: Wanted) -> AsyncIterator[Switch]:
        """Everything of `wanted` that can fail is done on entry: rules compiled, listeners open beside the old ones,
        workers on them up. `Switch.now` puts it in force; left without that, everything is as before.

        Raises InvalidInput, Conflict, or Unavailable when a worker with the new listeners does not come up.
        """
        async with self._reloading:
            rules = await asyncio.to_thread(wanted.rules.compile)
            for point in self._points():
                point.compile(rules)
            old = self._listeners
            if old is None or wanted.listen is None:
                yield Switch(self, wanted.rules)
                return
            new = old.rebind(wanted.listen)
            if new.all() == old.all() and wanted.workers in {None, self._supervisor.count}:
                yield Switch(self, wanted.rules)
                return
            async with self._relief(old, new, wanted.workers or self._supervisor.count):
                yield Switch(self, wanted.rules)

    async def change_people(self, enter: Callable[[], datetime]) -> None:
        """Other people instead of all lines that there are, whose versions begin anew.

        `enter` is called when nobody is served any more and no point knows those before: from then on `lines` gives the
        others. It returns what time it is with them, in the carrier's zone. On return every point serves them, or has
        been taken out.
        """
        async with self._reloading:
            points = self._points()
            held = [self._link.hold()] if self._link is not None else []
            await asyncio.gather(*held, *(point.hold() for point in points))
            at = enter()
            self._host.begin_anew(at)
            rules, lines = await self._compiled(), self._host.lines()
            going_on = [self._link.go_on(at)] if self._link is not None else []
            await asyncio.gather(*going_on, *(point.begin_anew(rules, lines) for point in points))
            for point in points:
                self._host.join(point)

    async def exchange_bearers(self, bearers: BearerPoint) -> None:
        """`bearers`, prepared, in place of those that have ended: they serve when this returns, by the rules and the
        lines as they are then, and workers that hold their listeners have relieved the others.

        Raises Unavailable; then there are none, and what serves by proxy is as before. Who made them stops them.
        """
        async with self._reloading:
            old = self._listeners
            if old is None:
                raise Unavailable("the gateway does not run")
            async with self._relief(old, old.on_bearers(bearers.workers), self._supervisor.count):
                self._host.replace_bearers(bearers)  # what changes while they begin reaches them
                await bearers.begin(await self._compiled(), self._host.lines())
            self._host.join(bearers)

    async def tell_hours(self, at: datetime) -> None:
        """It is `at` now, business time in the carrier's zone: before the start, and when a group opens or closes.

        Returns when every point goes by it and has closed what is forbidden from now on.
        """
        async with self._reloading:
            self._host.source = replace(self._host.source, hours_at=at)
            if self._link is not None:
                others = [point.switch(await self._compiled(), ()) for point in self._points()]
                await asyncio.gather(self._link.publish_hours(at), *others)

    async def _compiled(self) -> GatewayRules:
        return await asyncio.to_thread(self._host.source.compile)

    @asynccontextmanager
    async def _relief(self, old: Listeners, new: Listeners, workers: int) -> AsyncIterator[None]:
        """Connections wait in the sockets while workers change; those of removed listeners end."""
        try:
            relief = await self._supervisor.relieve(new, workers)
        except BaseException:
            new.close_all_but(old)
            raise
        try:
            yield
        except BaseException:
            await relief.withdraw()
            new.close_all_but(old)
            raise
        self._listeners = new
        await relief.take_over()
        old.close_all_but(new)

    async def reload(self, rules: RuleSource) -> None:
        """New rules everywhere at once. Raises InvalidInput; then they are as before."""
        async with self.reloading(Wanted(rules)) as switch:
            await switch.now()

    async def switch(self, rules: RuleSource, states: Sequence[LineState]) -> None:
        """Rules and lines in one step at every point; return when all have confirmed or have been taken out."""
        if rules.hours_at is None:
            rules = replace(rules, hours_at=self._host.source.hours_at)
        limited = self._host.replace(rules)
        for state in states:
            self._host.latest.put(state)
        if self._link is not None:
            others = [self._switch_bearers(point, states, limited) for point in self._points()]
            await asyncio.gather(self._link.publish_rules(rules, states, limited), *others)

    async def _switch_bearers(self, point: BearerPoint, states: Sequence[LineState], limited: Sequence[Key]) -> None:
        await point.allowed(self._host.allowances(_BEARERS, limited))
        await point.switch(await self._compiled(), states)

    def status(self) -> GatewayStatus:
        """Raises Unavailable before the start and after the end."""
        if self._listeners is None or self._link is None:
            raise Unavailable("the gateway does not run")
        return GatewayStatus(
            self._listeners.addresses(), self._link.sequence, self._supervisor.status(), self._link.status()
        )


class _OwnReports:
    """Implements Reports for what serves lines in this process. `share`: workers are told of these lines' use."""

    def __init__(self, host: "_Host", share: Callable[[Sequence[Key]], None]) -> None:
        self._host = host
        self._share = share

    def blocked(self, state: LineState) -> None:
        self._host.blocked([BlockedLine(state.msisdn, state.version)])

    def used(self, usage: Sequence[Usage]) -> None:
        self._share(self._host.used(_BEARERS, usage))


class _Host:
    """What the link asks of the gateway; implements LinkHost."""

    def __init__(
        self,
        source: RuleSource,
        names: NameService,
        lines: Callable[[], Sequence[LineState]],
        observer: Observer,
        supervisor: Supervisor,
        lease_s: float,
    ) -> None:
        self.source = source
        self.latest = LineTable()
        """What was applied; may be ahead of `lines`."""
        self._names = names
        self._lines = lines
        self._observer = observer
        self._sharing = Sharing(self._limited, time.monotonic)
        self._day_ends = datetime.max.replace(tzinfo=UTC)
        self._supervisor = supervisor
        self._lease_s = lease_s
        self.bearers: BearerPoint | None = None
        self._telling: set[asyncio.Task[None]] = set()

    def replace_bearers(self, bearers: BearerPoint) -> None:
        """Those that were there before have ended: what they have reported was used elsewhere than at these."""
        self._sharing.leave(_BEARERS)
        self.bearers = bearers

    def join(self, bearers: BearerPoint) -> None:
        """They serve, and are told what every point is told. What they have reported by now they know themselves."""
        self.bearers = bearers
        bearers.day_began(self._day_ends)
        self._tell_bearers(self._sharing.known())

    def rules(self) -> RuleSource:
        return self.source

    def replace(self, source: RuleSource) -> list[Key]:
        """Rules from now on; the lines that are limited by them and were not before."""
        before = self._limited()
        self.source = source
        return [key for key in self._sharing.known() if key[1] not in before]

    def capped(self, imsi: Imsi) -> frozenset[PolicyName]:
        """See Gateway."""
        caps = {each.name: each.limits.daily_cap for each in self.source.profiles}
        return frozenset(name for name, cap in caps.items() if 0 < cap <= self._sharing.used((imsi, name)))

    def begin_anew(self, at: datetime) -> None:
        """With other people, at that time of day."""
        self.source = replace(self.source, hours_at=at)
        self.latest = LineTable()
        self.start_day()

    def lines(self) -> Sequence[LineState]:
        for state in self._lines():
            self.latest.put(state)
        return self.latest.states()

    def admits(self, role: Role, pid: int) -> bool:
        """Only our own children serve our sockets; any process that has the token may be an addon."""
        return role is Role.ADDON or self._supervisor.owns(pid)

    async def answer(self, host: str) -> Answer:
        return await self._names.answer(host)

    def ready(self, pid: int) -> None:
        self._supervisor.ready(pid)

    def blocked(self, lines: Sequence[BlockedLine]) -> None:
        for line in lines:
            self._observer.blocked(line.msisdn, line.version)

    def start_day(self) -> None:
        day = self._observer.day()
        self._day_ends = day.ends_at
        self._sharing.start_day(day.used)
        if self.bearers is not None:
            self.bearers.day_began(day.ends_at)

    def used(self, point: Hashable, usage: Sequence[Usage]) -> list[Key]:
        self._observer.used(usage)
        keys = self._sharing.add(point, usage)
        self._tell_bearers(keys)
        return keys

    def _tell_bearers(self, keys: Sequence[Key]) -> None:
        if self.bearers is not None and keys:
            telling = asyncio.create_task(self.bearers.allowed(self._sharing.allowances(_BEARERS, keys)))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)

    def known(self) -> list[Key]:
        return self._sharing.known()

    def allowances(self, point: Hashable, keys: Sequence[Key]) -> tuple[Allowance, ...]:
        return self._sharing.allowances(point, keys)

    def day_ends(self) -> datetime:
        return self._day_ends

    def left(self, point: Point) -> None:
        self._sharing.leave(point)

    def _limited(self) -> frozenset[PolicyName]:
        return frozenset(each.name for each in self.source.profiles if not each.limits.unlimited)

    async def expel(self, point: Point) -> None:
        if point.role is Role.WORKER:
            await self._supervisor.kill(point.pid)
        else:
            await process_ended(point.pid, point.lapsed_in(self._lease_s))
