"""The gateway: workers, stock addons and bearers as one enforcement point."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer_point import BearerPoint
from nfemu.gateway.host import BEARERS, Host, Observer, OwnReports
from nfemu.gateway.link.host import NameService
from nfemu.gateway.link.messages import Origin
from nfemu.gateway.link.point import PointStatus
from nfemu.gateway.link.server import LinkServer
from nfemu.gateway.link.token import CONTROL_SOCKET, LINK_TOKEN, fresh_token
from nfemu.gateway.listeners import Addresses, ListenerPlan, Listeners
from nfemu.gateway.ports import GatewayRules, Reports
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sharing import Key
from nfemu.gateway.supervisor import PlaceStatus, Supervisor
from nfemu.gateway.worker_process import WORKER_ARGV, Command
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi, PolicyName

WORKER_LOG = "nfemu.log"
"""Name inside the state folder."""


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
        self._host = Host(rules, names, lines, observer, self._supervisor, config.lease_s)
        self._listeners: Listeners | None = None
        self._link: LinkServer | None = None
        self._reloading = asyncio.Lock()
        self.reports: Reports = OwnReports(self._host, self._share)
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
        await point.allowed(self._host.allowances(BEARERS, limited))
        await point.switch(await self._compiled(), states)

    def status(self) -> GatewayStatus:
        """Raises Unavailable before the start and after the end."""
        if self._listeners is None or self._link is None:
            raise Unavailable("the gateway does not run")
        return GatewayStatus(
            self._listeners.addresses(), self._link.sequence, self._supervisor.status(), self._link.status()
        )
