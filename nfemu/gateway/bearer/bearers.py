"""All that serves bearers beside the workers, as one enforcement point in the control process.

The order of a change: the kernel first, since a line's packets go by it; then what has read a name for the line, so
that nothing goes on by the old verdict; then the phone's addresses. When `apply` returns all of it is done.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from socket import socket
from typing import Literal

from nfemu.carrier.ports import LineState
from nfemu.gateway.addresses import VIRTUAL, is_virtual
from nfemu.gateway.bearer.bindings import BindingTable
from nfemu.gateway.bearer.dns import DnsService, DnsSockets
from nfemu.gateway.bearer.dns.upstream import Resolver as DnsResolver
from nfemu.gateway.bearer.foretelling import families_of, networks_of, reach_of, truth_of
from nfemu.gateway.bearer.gate.gate import Gate
from nfemu.gateway.bearer.kernel_policy import KernelPolicy, addresses_of
from nfemu.gateway.bearer.metering import Metering
from nfemu.gateway.bearer.network.client import CoreNetwork, Entrance
from nfemu.gateway.bearer.network.messages import Transport, Where
from nfemu.gateway.bearer.phones import Phones, bounded
from nfemu.gateway.bearer.responder import Responder
from nfemu.gateway.bearer.view import ControlView
from nfemu.gateway.engine.dial import Dialler
from nfemu.gateway.engine.judge import Judge
from nfemu.gateway.engine.meter import limits_of
from nfemu.gateway.gateway import NameService
from nfemu.gateway.ports import GatewayRules, Reports, Route
from nfemu.model.destination import Destination, IpAddress
from nfemu.model.errors import Conflict, NfemuError, Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.policy import Decision
from nfemu.model.subscriber import Ambr
from nfemu.model.usage import Allowance
from nfemu.policy.compile.specification import Specification
from nfemu.policy.compile.steering import SteeringPlan, Way
from nfemu.policy.compile.table import Batch, Table
from nfemu.policy.compile.updates import bind, trust, trusted_ports
from nfemu.policy.dns import BOUND_FOR
from nfemu.policy.points import Bearer, points_of_bearer
from nfemu.policy.reach import Reach
from nfemu.policy.rules import PolicySet
from nfemu.policy.sinkholes import Sinkholes

_log = logging.getLogger(__name__)
_INTERNET_PORT = 8000
_FAMILIES: tuple[Literal[4, 6], ...] = (4, 6)
_TO_ORIGINS = f"""\
table inet nfemu {{
	chain arrive {{
		type nat hook prerouting priority dstnat; policy accept;
		meta l4proto tcp redirect to :{_INTERNET_PORT}
	}}
	chain nobody {{
		type filter hook prerouting priority raw; policy accept;
		icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
		ip daddr {VIRTUAL[0]} accept
		ip6 daddr {VIRTUAL[1]} accept
		meta l4proto tcp reject with tcp reset
		reject with icmpx host-unreachable
	}}
}}
"""
"""In the emulated Internet, whatever the port: there is one front for all. Addresses outside it are nobody's: that is
said here, since the kernel says it of unroutable ones a few times a second only; and by a reset, since an ICMP message
that comes while connect(2) is still at work does not end it.
"""


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
    `resolvers`: the system's, for what only the real Internet knows; none with an emulated one.
    """

    log: Path
    origin_socket: Path
    origin_token: bytes
    resolvers: Sequence[DnsResolver] = ()


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
        self._policy = KernelPolicy(self._plan, self._core.nft)
        self._phones = Phones(self._core, self._policy, self._plan, self._bounds)
        self._bindings = BindingTable()
        self._trusts: dict[tuple[IpAddress, int], datetime | None] = {}
        """As in the kernel's sets: address and HTTP port of somebody who believes headers, and until when."""
        self._running: _Running | None = None
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
            await self._core.nft(_TO_ORIGINS, Where.INTERNET)
            self.workers = await self._listeners(Transport.TCP, self._plan.ports.engines[0])
            self.origins = await self._listeners(Transport.TCP, _INTERNET_PORT, Where.INTERNET)
        except Unavailable:
            await self.stop()
            raise

    def compile(self, rules: GatewayRules) -> Table:
        """Raises InvalidInput that names a rule which cannot be kept on bearers."""
        return self._policy.compile(rules)

    async def begin(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        """Everything in force, then serve. Raises Unavailable, InvalidInput."""
        view = ControlView(rules, lines)
        ports = self._plan.ports
        judge = Judge(view, self._now, self._bindings.of, _no_address)
        dialler = Dialler(LocalNames(self._names), self._config.origin_socket, self._config.origin_token)
        responder = Responder(await self._listeners(Transport.TCP, ports.responder), view, judge, self._reports)
        gate = Gate(await self._listeners(Transport.TCP, ports.gate), view, judge, dialler, self._reports)
        sockets = DnsSockets(
            await self._listeners(Transport.UDP, ports.dns), await self._listeners(Transport.TCP, ports.dns)
        )
        dns = DnsService(sockets, view, self._names, self, Sinkholes(), self._config.resolvers, self._now)
        metering = Metering(self._policy, self._core.count, gate)
        metering.rules_changed(rules)
        await metering.lines_changed(lines)
        await self._policy.load(self.compile(rules), lines)
        self._running = _Running(view, responder, gate, dns, metering)
        await self._trust_listed(rules)
        await self._running.start()

    async def ended(self) -> None:
        """Wait until the networks have ended, whatever the reason."""
        await self._core.ended()

    async def stop(self) -> None:
        """The networks have ended on return, whoever began it, with every program that ran in them."""
        async with self._ending:
            if self._running is not None:
                await self._running.stop()
                self._running = None
            await self._core.stop()

    async def apply(self, state: LineState) -> None:
        """See Enforcer."""
        running = self._running
        if running is None or not running.view.put(state):
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
            await running.metering.lines_changed(states)
            await self._policy.load(self.compile(rules), running.view.states())
            await self._trust_listed(rules)
            await running.rules_changed(states)
            for state in states:
                await self._phones.line_changed(state)
            await self._phones.bounds_changed()
        except Unavailable as error:
            await self._fail(error)

    async def plug(self, msisdn: Msisdn) -> tuple[LineState, Entrance]:
        """A phone into the line, as it is now; the way onto it. Raises Conflict, Unavailable."""
        if self._running is None:
            raise Conflict("this carrier has no IP bearers; `nfemu status` says why, and access by proxy works")
        state = self._running.view.line(msisdn)
        if state is None:
            raise Conflict("the line was never attached, so there is nothing to plug a phone into; attach it first")
        return state, await self._phones.plug(state)

    async def reach(self, msisdn: Msisdn, destination: Destination, decision: Decision) -> Reach | None:
        """What the line's traffic to there would meet now; None where it has no bearer. `decision` is the policy's."""
        running = self._running
        state = running.view.line(msisdn) if running is not None else None
        if running is None or state is None or state.policy is None:
            return None
        rules, told = running.view.rules(), self._bindings.of(state)
        specification = Specification(rules.policies, self._plan, self._trusts, rules.hours_at)
        line = Bearer(specification, state.policy, told, families_of(state), networks_of(state), self._now())
        truth = await truth_of(self._names, line, destination)
        way = self._phones.way(destination.address) if destination.address is not None else Way.OUTSIDE
        return reach_of(points_of_bearer(line, destination, truth, way), destination, decision, truth)

    async def bind(self, line: LineState, name: str, addresses: Sequence[IpAddress], until: datetime) -> None:
        """See Binder."""
        now = self._now()
        told = self._bindings.bind(line, name, addresses, until, now)
        running = self._running
        if running is None:
            raise Unavailable("bearers do not run")
        seconds = ceil((until - now).total_seconds())
        for address in addresses:
            await self._policy.put(
                (
                    *bind(addresses_of(line), address, told, now),
                    *self._trusted(running.view.rules(), name, address, seconds),
                )
            )

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """What limited lines have used elsewhere (G7)."""
        if self._running is not None:
            await self._running.gate.allowed(allowances)

    def day_began(self, ends_at: datetime) -> None:
        """The business day in which caps count, by its end in the carrier's zone."""
        if self._running is not None:
            self._running.gate.day_began(ends_at)

    async def _trust_listed(self, rules: GatewayRules) -> None:
        """Whoever has the address of a trusted name without having asked for it must not get past the engine either.

        Of patterns that cover many names, each is known once somebody asks for it.
        """
        for name in _trusted_names(rules.policies):
            try:
                answer = await self._names.answer(name)
            except NfemuError as error:
                _log.warning("the trusted name `%s` leads nowhere now: %s", name, error)
                continue
            for address in answer.route.addresses:
                await self._policy.put(self._trusted(rules, name, address, ceil(BOUND_FOR.total_seconds())))

    def _bounds(self, state: LineState) -> Ambr:
        """The APN profile's rates, or the policy's where that is slower. What holds past the cap is not among them: it
        would take the burst away that a payment fits into, and bounds by name who reads names (see Limiter).
        """
        running = self._running
        if running is None or state.policy is None:
            return bounded(state.ambr, 0)
        return bounded(state.ambr, limits_of(running.view.rules(), state.policy).rate)

    def _trusted(self, rules: GatewayRules, name: str, address: IpAddress, seconds: int) -> Batch:
        lasts = None if is_virtual(address) else seconds
        batch = trust(rules.policies, self._plan, name, address, lasts)
        until = None if lasts is None else self._now() + timedelta(seconds=lasts)
        self._trusts |= {(address, port): until for port in trusted_ports(rules.policies, self._plan, name)}
        return batch

    async def _fail(self, error: Unavailable) -> None:
        """Fail closed: without the core there is no way onto any line."""
        _log.error("bearers end, because what a line may do could not be put in force: %s", error)
        await self.stop()

    async def _listeners(self, transport: Transport, port: int, where: Where = Where.CORE) -> list[socket]:
        return [await self._core.listen(where, transport, version, port) for version in _FAMILIES]


@dataclass(frozen=True, slots=True)
class _Running:
    """What serves, in this process."""

    view: ControlView
    responder: Responder
    gate: Gate
    dns: DnsService
    metering: Metering

    async def start(self) -> None:
        self.responder.start()
        self.gate.start()
        self.metering.start()
        await self.dns.start()

    async def stop(self) -> None:
        await self.dns.stop()
        await self.metering.stop()
        await self.gate.stop()
        self.responder.stop()

    async def line_changed(self, state: LineState) -> None:
        """Return when nothing goes on that the line's new state forbids."""
        await self.dns.apply(state)
        self.responder.line_changed(state)
        await self.gate.line_changed(state)

    async def rules_changed(self, states: Sequence[LineState]) -> None:
        """The same for every line; `states` are those that have changed with the rules."""
        for state in states:
            await self.dns.apply(state)
            self.responder.line_changed(state)
        await self.gate.rules_changed()


def _trusted_names(policies: PolicySet) -> list[str]:
    rules = (rule for name in policies.names for rule in policies.profile(name).hosts.rules())
    names = (rule.pattern.removeprefix(".") for rule in rules if rule.group.trusted)
    return [name for name in dict.fromkeys(names) if not name.startswith("*")]


def _no_address(_: IpAddress) -> str | None:
    """Where a connection leads was the phone's to choose; the policy decides."""
    return None
