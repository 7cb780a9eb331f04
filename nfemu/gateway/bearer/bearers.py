"""All that serves bearers beside the workers, as one enforcement point in the control process.

The order of a change: the kernel first, since a line's packets go by it; then what has read a name for the line, so
that nothing goes on by the old verdict; then the phone's addresses. When `apply` returns all of it is done.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import socket

from nfemu.carrier.ports import LineState
from nfemu.gateway.addresses import is_foreign
from nfemu.gateway.bearer.advertising import Advertiser
from nfemu.gateway.bearer.bindings import BindingTable
from nfemu.gateway.bearer.dns import DnsService, DnsSockets
from nfemu.gateway.bearer.dns.upstream import system_resolvers
from nfemu.gateway.bearer.gate.gate import Gate
from nfemu.gateway.bearer.internet.real import Pools, RealInternet
from nfemu.gateway.bearer.internet.rules import ORIGINS_PORT, RELAY_PORT, internet_rules
from nfemu.gateway.bearer.kernel_policy import KernelPolicy, addresses_of
from nfemu.gateway.bearer.metering import Metering
from nfemu.gateway.bearer.network.client import CoreEnded, CoreNetwork, Entrance
from nfemu.gateway.bearer.network.messages import Transport, Where
from nfemu.gateway.bearer.outlook import Known, Outlook
from nfemu.gateway.bearer.phones import Phones, bounded
from nfemu.gateway.bearer.places import Places
from nfemu.gateway.bearer.responder import Responder
from nfemu.gateway.bearer.running import Running
from nfemu.gateway.bearer.served import ServedSockets, listeners, served_sockets
from nfemu.gateway.bearer.specified import Specified
from nfemu.gateway.bearer.view import ControlView
from nfemu.gateway.engine.dial import Dialler
from nfemu.gateway.engine.judge import Judge
from nfemu.gateway.engine.meter import limits_of
from nfemu.gateway.link.host import NameService
from nfemu.gateway.ports import GatewayRules, Reports, Route
from nfemu.gateway.resolving import Internet
from nfemu.model.destination import Destination, IpAddress
from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import Imsi, Msisdn
from nfemu.model.policy import Decision
from nfemu.model.subscriber import Ambr
from nfemu.model.usage import Allowance
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import Table
from nfemu.policy.compile.updates import bind
from nfemu.policy.reach import Reach
from nfemu.policy.sinkholes import Sinkholes

_log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LocalNames:
    """Implements Resolver with the name service of this very process."""

    def __init__(self, names: NameService) -> None:
        self._names = names

    async def resolve(self, host: str) -> Route:
        return (await self._names.answer(host)).route


@dataclass(frozen=True, slots=True)
class BearerConfig:
    """`log` takes what the core process says; `origin_socket` and `origin_token` lead to the emulated Internet.
    `pools`: what the carrier gives addresses from, as it is at the moment. `captive_api`: the URL of the captive-portal
    API, as it is at the moment; empty: there is none.
    """

    log: Path
    origin_socket: Path
    origin_token: bytes
    internet: Internet = Internet.EMULATED
    pools: Pools = tuple
    captive_api: Callable[[], str] = str


class Bearers:
    """Implements BearerPoint. `prepare`, then `begin`; `stop` may be called at any time, and twice."""

    def __init__(
        self, config: BearerConfig, names: NameService, reports: Reports, now: Callable[[], datetime] = _utc_now
    ) -> None:
        """`now` gives wall time."""
        self._config = config
        self._names = names
        self._reports = reports
        self._now = now
        self._plan = SteeringPlan()
        self._core = CoreNetwork(config.log)
        self._policy = KernelPolicy(self._plan, self._core.nft, lambda: self._core.lanes)
        self._phones = Phones(self._core, self._policy, self._plan, self._bounds)
        self._bindings = BindingTable()
        self._places = Places(self._plan, names, self._policy.put, now)
        specified = Specified(self._plan, self._places.known, self._places.named)
        self._outlook = Outlook(names, specified, self._may_dial, self._phones.way, now)
        self._real = RealInternet(self._nft_outside, config.pools) if config.internet is Internet.REAL else None
        self._sockets = ServedSockets()
        self._running: Running | None = None
        self._held = False
        """Between two peoples."""
        self._early: list[LineState] | None = []
        """Lines that have changed before there was anything to change; None: there is nothing any more."""
        self._ending = asyncio.Lock()
        self.workers: Sequence[socket] = ()
        """Listeners of the HTTP engine."""
        self.origins: Sequence[socket] = ()
        """Listeners of the emulated Internet."""

    async def prepare(self) -> None:
        """Make the networks and the listeners that others serve. Raises Unavailable with the reason; then nothing is
        left behind.
        """
        await self._core.start()
        try:
            await self._nft_outside(internet_rules(None))
            self.workers = await listeners(self._core, Transport.TCP, self._plan.ports.engine)
            self.origins = await listeners(self._core, Transport.TCP, ORIGINS_PORT, Where.INTERNET)
        except Unavailable:
            await self.stop()
            raise

    def compile(self, rules: GatewayRules) -> Table:
        """Raises InvalidInput that names a rule which cannot be kept on bearers."""
        return self._policy.compile(rules)

    async def begin(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        """Everything in force, then serve. Raises Unavailable, InvalidInput."""
        relay = RELAY_PORT if self._real is not None else None
        self._sockets = await served_sockets(self._core, self._plan.ports, relay)
        await self._begin(rules, lines)

    async def _begin(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        view = ControlView(rules, lines)
        judge = Judge(view, self._now, self._bindings.of, _no_address)
        dialler = self._dialler()
        sockets = self._sockets.copies()
        gate = Gate(sockets.gate, view, judge, dialler, self._reports, server_at=self._places.server_at)
        responder = Responder(sockets.responder, view, judge, gate.caps, self._reports)
        resolvers = system_resolvers() if self._real is not None else ()
        sinkholes = Sinkholes()
        dns = DnsService(DnsSockets(sockets.udp, sockets.tcp), view, self._names, self, sinkholes, resolvers, self._now)
        metering = Metering(self._policy, self._core.count, gate, self._past_cap)
        metering.rules_changed(rules)
        await metering.lines_changed(lines)
        await self._policy.load(self.compile(rules), lines)
        advertiser = Advertiser(sockets.solicitations, self._phones.line_on, self._config.captive_api)
        self._running = Running(view, responder, gate, dns, metering, advertiser, self._real)
        await self._places.look(rules)
        if self._real is not None:
            await self._real.look()
            self._real.begin(sockets.relay, view, self._forwards, dialler)
            self._places.begin(view.rules)
        await self._running.start()
        for state in self._early or ():
            await self.apply(state)

    async def ended(self) -> None:
        """Wait until the networks have ended, whatever the reason."""
        await self._core.ended()

    async def stop(self) -> None:
        """The networks have ended on return, whoever began it, with every program that ran in them."""
        async with self._ending:
            self._early = None
            await self._places.stop()
            if self._running is not None:
                await self._running.stop()
                self._running = None
            self._sockets.close()
            await self._core.stop()

    async def hold(self) -> None:
        """Other people come: nobody is served any more. No element is in the kernel, no phone has an address, nobody
        was told anything; phones stay plugged in. Connections wait in the listeners."""
        running, self._running = self._running, None
        if running is None:
            return
        await self._places.stop()
        await running.stop()
        self._bindings = BindingTable()
        self._places.forget()
        self._early = []
        try:
            await self._policy.begin_anew(self.compile(running.view.rules()))
            await self._phones.hold()
        except Unavailable as error:
            await self._fail(error)
            return
        self._held = True

    async def begin_anew(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        """Serve the people who have come; phones have their lines' addresses."""
        if not self._held:
            return
        self._held = False
        try:
            await self._begin(rules, lines)
            for state in lines:
                await self._phones.line_changed(state)
        except Unavailable as error:
            await self._fail(error)

    async def apply(self, state: LineState) -> None:
        """See Enforcer."""
        running = self._running
        if running is None:
            if self._early is not None:
                self._early.append(state)
            return
        if not running.view.put(state):
            return
        try:
            await running.metering.lines_changed((state,))
            await self._policy.change(state)
            await running.line_changed(state)
            await self._phones.line_changed(state)
        except Unavailable as error:
            await self._fail(error)

    async def switch(self, rules: GatewayRules, states: Sequence[LineState]) -> None:
        """Rules, and the lines that change in one step with them; rules that `compile` takes."""
        running = self._running
        if running is None:
            return
        running.view.replace(rules, states)
        running.metering.rules_changed(rules)
        try:
            if self._real is not None:
                await self._real.look()
            await running.metering.lines_changed(states)
            await self._policy.load(self.compile(rules), running.view.states())
            await running.rules_changed(states)
            for state in states:
                await self._phones.line_changed(state)
            await self._phones.bounds_changed()
            await self._places.look(rules)  # last: with a real Internet it may have to wait for the DNS
        except Unavailable as error:
            await self._fail(error)

    async def plug(self, msisdn: Msisdn) -> tuple[LineState, Entrance]:
        """A phone into the line, as it is now; the way onto it. Raises Conflict, Unavailable: CoreEnded."""
        if self._running is None:
            raise CoreEnded
        state = self._running.view.line(msisdn)
        if state is None:
            raise Conflict("the line was never attached, so there is nothing to plug a phone into; attach it first")
        return state, await self._phones.plug(state)

    async def reach(self, msisdn: Msisdn, destination: Destination, decision: Decision) -> Reach | None:
        """What the line's traffic to there would meet now; None where it has no bearer. `decision` is the policy's."""
        running = self._running
        state = running.view.line(msisdn) if running is not None else None
        if running is None or state is None:
            return None
        return await self._outlook.reach(self._of_line(running, state), destination, decision)

    def _of_line(self, running: Running, state: LineState) -> Known:
        return Known(state, running.view.rules(), running.metering.capped(state.imsi), self._bindings.of(state))

    async def bind(self, line: LineState, name: str, addresses: Sequence[IpAddress], until: datetime) -> None:
        """See Binder."""
        now = self._now()
        told = self._bindings.bind(line, name, addresses, until, now)
        running = self._running
        if running is None:
            raise Unavailable("bearers do not run")
        rules = running.view.rules()
        learnt = await self._places.learn(rules, name, addresses)
        bound = (step for address in addresses for step in bind(addresses_of(line), address, told, now))
        await self._policy.put((*bound, *learnt))

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """What limited lines have used elsewhere (G7)."""
        if self._running is not None:
            await self._running.gate.allowed(allowances)

    def day_began(self, ends_at: datetime) -> None:
        """The business day in which caps count, by its end in the carrier's zone."""
        if self._running is not None:
            self._running.gate.day_began(ends_at)

    def _bounds(self, state: LineState) -> Ambr:
        """The APN profile's rates, or the policy's where that is slower. What holds past the cap is not among them: it
        would take the burst away that a payment fits into, and bounds by name who reads names (see Limiter).
        """
        running = self._running
        if running is None or state.policy is None:
            return bounded(state.ambr, 0)
        return bounded(state.ambr, limits_of(running.view.rules(), state.policy).rate)

    def _dialler(self) -> Dialler:
        names, config = LocalNames(self._names), self._config
        return Dialler(names, config.origin_socket, config.origin_token, may_dial=self._may_dial)

    def _may_dial(self, address: IpAddress) -> bool:
        return is_foreign(address) if self._real is None else self._real.may_dial(address)

    def _forwards(self, state: LineState, address: IpAddress, port: int) -> bool:
        """See Relay."""
        running = self._running
        return running is not None and self._outlook.forwards(self._of_line(running, state), address, port)

    async def _past_cap(self, lines: Iterable[Imsi]) -> None:
        """The kernel holds them to what is essential."""
        if self._running is not None and (relay := self._running.relay) is not None:
            for imsi in lines:
                await relay.line_changed(imsi)

    async def _nft_outside(self, text: str) -> None:
        await self._core.nft(text, Where.INTERNET)

    async def _fail(self, error: Unavailable) -> None:
        """Fail closed: without the core there is no way onto any line."""
        _log.error("bearers end, because what a line may do could not be put in force: %s", error)
        await self.stop()


def _no_address(_: IpAddress) -> str | None:
    """Where a connection leads was the phone's to choose; the policy decides."""
    return None
