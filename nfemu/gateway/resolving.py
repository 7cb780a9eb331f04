"""Where names lead, decided on the control side: the emulated Internet, the real one, or a configured upstream.

The private-address guard is not here but where addresses are dialled (addresses.py), after resolution and for
whatever resolver there is. Configured upstreams are exempt from it: their routes say Upstream.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

from nfemu.gateway.addresses import is_virtual
from nfemu.gateway.link.host import Answer
from nfemu.gateway.looking_up import SystemNames
from nfemu.gateway.memory import AnswerMemory
from nfemu.gateway.ports import Direct, Emulated, Route, Upstream
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound
from nfemu.policy.dns import BOUND_FOR

_STABLE_S = 3600.0
"""Virtual addresses never change; points forget them on every reload anyway."""
_REAL_S = 30.0
"""getaddrinfo(3) does not tell the TTL."""
_LITERAL_S = 60.0
_NOT_FOUND_S = 5.0
_MOST_EARLIER = 64
_NEVER_RESOLVED = ("invalid", "localhost", "local", "onion")
"""Top-level names that no resolver may ask the DNS for (RFC 6761, RFC 6762, RFC 7686), or that mean this machine."""


class Internet(Enum):
    EMULATED = "emulated"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class HostUpstream:
    """A configured server behind a name, by what the phone speaks; None: the built-in origin answers."""

    http: Upstream | None = None
    https: Upstream | None = None


@dataclass(frozen=True, slots=True)
class NamePlan:
    """Names are lower-case A-labels. `built_in`: answered by the origin front in either mode (portal, payment)."""

    internet: Internet
    built_in: frozenset[str] = frozenset()
    upstreams: Mapping[str, HostUpstream] = field(default_factory=dict)


class VirtualAddresses(Protocol):
    """The emulated Internet's own addresses."""

    async def resolve(self, name: str) -> tuple[IPv4Address, IPv6Address]: ...


class Names:
    """Implements the gateway's NameService."""

    def __init__(self, plan: NamePlan, virtual: VirtualAddresses, system: SystemNames | None = None) -> None:
        """`system` knows the names of the real Internet; None: this machine's resolver."""
        self._plan = plan
        self._virtual = virtual
        self._system = system or SystemNames()
        self._known: AnswerMemory[str, Answer] = AnswerMemory()
        self._nowhere: AnswerMemory[str, str] = AnswerMemory()
        self._had: AnswerMemory[str, dict[IpAddress, float]] = AnswerMemory()
        """Addresses of real names, in the order in which they were last seen, and until when they count."""

    def replace(self, plan: NamePlan, virtual: VirtualAddresses) -> None:
        """From now on by this plan; to be followed by Gateway.reload, which has the points forget."""
        self._plan = plan
        self._virtual = virtual
        self._known.forget()
        self._nowhere.forget()

    async def answer(self, host: str) -> Answer:
        """A normalised name or an IP literal. Raises NotFound, Unavailable."""
        known = self._known.recall(host)
        if known is not None:
            return known
        plan = self._plan
        if (reason := self._nowhere.recall(host)) is not None:
            raise NotFound(reason)
        try:
            answer = await self._find(plan, host)
        except NotFound as error:
            if plan is self._plan:
                self._nowhere.keep(host, str(error), _NOT_FOUND_S)
            raise
        if plan is self._plan:
            self._known.keep(host, answer, answer.ttl_s)
        return answer

    async def _find(self, plan: NamePlan, host: str) -> Answer:
        address = _literal(host)
        if address is not None:
            return Answer(_literal_route(plan, address), _LITERAL_S)
        if plan.internet is Internet.EMULATED or host in plan.built_in or host in plan.upstreams:
            return Answer(await self._emulated(plan, host), _STABLE_S)
        _refuse_special(host)
        addresses = await self._system.addresses(host)
        return Answer(Route(addresses, Direct(), Direct(), self._earlier(host, addresses)), _REAL_S)

    def _earlier(self, host: str, addresses: tuple[IpAddress, ...]) -> tuple[IpAddress, ...]:
        """What the name had for as long as a line may be bound to it; `addresses` are what it has now."""
        now, had = time.monotonic(), self._had.recall(host) or {}
        kept = {each: until for each, until in had.items() if until > now and each not in addresses}
        earlier = dict(list(kept.items())[-_MOST_EARLIER:])
        lasts_s = BOUND_FOR.total_seconds()
        self._had.keep(host, earlier | dict.fromkeys(addresses, now + lasts_s), lasts_s)
        return tuple(earlier)

    async def _emulated(self, plan: NamePlan, host: str) -> Route:
        _refuse_special(host)
        upstream = plan.upstreams.get(host, HostUpstream())
        addresses = await self._virtual.resolve(host)
        return Route(addresses, upstream.http or Emulated(), upstream.https or Emulated())


def _literal(host: str) -> IpAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _literal_route(plan: NamePlan, address: IpAddress) -> Route:
    if is_virtual(address):
        return Route((address,), Emulated(), Emulated())
    if plan.internet is Internet.EMULATED:
        raise NotFound(f"{address} is not in the emulated Internet; use a name, or `internet: real` in carrier.yaml")
    return Route((address,), Direct(), Direct())


def is_never_resolved(host: str) -> bool:
    """Whether the normalised name must not be asked for, whatever the type of the question."""
    return host.rpartition(".")[2] in _NEVER_RESOLVED


def _refuse_special(host: str) -> None:
    if is_never_resolved(host):
        raise NotFound(f"`{host}` does not exist: names of that kind are never in the DNS")
