"""Where names lead that policies speak of: known to the kernel for every line, whoever has asked for them.

Theory. Two sets. To an address where somebody believes headers (`known`), HTTP goes through the engine on every line:
an open line's HTTP to one that is not known here goes straight on, with whatever headers it carries. What goes to the
address of a name that a restricted line may reach (`named`) is judged by name: a phone may have it from before.

A phone may keep an address for as long as it likes. So one counts for a day after the name was last seen to have it,
and trusted names and landing pages that can be written out are looked up every minute, whether anybody asks for them or
not. All others, and of patterns each name that they cover, are known from the first question of any line on. Addresses
of the emulated Internet never change.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from nfemu.gateway.addresses import is_virtual
from nfemu.gateway.link.host import NameService
from nfemu.gateway.ports import GatewayRules, Route, Upstream
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NfemuError, Unavailable
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import Batch
from nfemu.policy.compile.updates import lead, named_ports, trust, trusted_ports
from nfemu.policy.landing import landing_destination
from nfemu.policy.rules import PolicySet

_log = logging.getLogger(__name__)
COUNTS_FOR = timedelta(days=1)
LOOK_EVERY_S = 60.0

Put = Callable[[Batch], Awaitable[None]]


class Places:
    """`put` has the kernel go by it; `now` gives wall time. Names that move are looked up every `every_s` seconds."""

    def __init__(
        self,
        plan: SteeringPlan,
        names: NameService,
        put: Put,
        now: Callable[[], datetime],
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._plan = plan
        self._names = names
        self._put = put
        self._now = now
        self._every_s = every_s
        self._failing: frozenset[str] = frozenset()
        self._looking: asyncio.Task[None] | None = None
        self._servers: dict[IpAddress, str] = {}
        self.known: dict[tuple[IpAddress, int], datetime | None] = {}
        """As in the kernel's sets: address and HTTP port, and until when; None: for good."""
        self.named: dict[tuple[IpAddress, int], datetime | None] = {}
        """The same of names that a restricted line may reach, with their ports for TLS, too."""

    def server_at(self, address: IpAddress) -> str | None:
        """The name that has this address, and whose TLS a configured server answers."""
        return self._servers.get(address)

    def forget(self) -> None:
        """Other people come, for whom names lead elsewhere; the kernel has forgotten already. Those who read what is
        known go on reading it."""
        for known in (self._servers, self.known, self.named):
            known.clear()

    async def learn(self, rules: GatewayRules, name: str, addresses: Sequence[IpAddress]) -> Batch:
        """The name has these addresses: what the kernel is to be told of it."""
        return self._learn(rules, name, addresses, await self._look_up(name))

    async def look(self, rules: GatewayRules) -> None:
        """Where every trusted name and landing page is that can be written out; whoever has its address without having
        asked for it is to be led as all others are. A name may have another server since the rules have changed. Raises
        Unavailable where the kernel cannot be told.
        """
        names = _listed_names(rules.policies)
        found = await asyncio.gather(*map(self._look_up, names))
        failing = frozenset(name for name, route in zip(names, found, strict=True) if route is None)
        for name in sorted(failing - self._failing):
            _log.warning("the listed name `%s` leads nowhere now", name)
        self._failing = failing
        self._servers.clear()
        for name, route in zip(names, found, strict=True):
            if route is not None:
                await self._put(self._learn(rules, name, route.addresses, route))

    def begin(self, rules: Callable[[], GatewayRules]) -> None:
        """Look regularly, by the rules as they are then: where the Internet is real, and names move."""
        self._looking = asyncio.create_task(self._look_regularly(rules))

    async def stop(self) -> None:
        """May be called twice."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.wait((looking,))

    def _learn(self, rules: GatewayRules, name: str, addresses: Sequence[IpAddress], route: Route | None) -> Batch:
        policies, plan = rules.policies, self._plan
        trusting, naming = trusted_ports(policies, plan, name), named_ports(policies, plan, name)
        if route is not None and isinstance(route.other, Upstream):
            naming = sorted({*naming, *plan.tls_ports})
            self._servers |= dict.fromkeys(addresses, name)
        batch: Batch = ()
        for address in addresses:
            lasts = None if is_virtual(address) else COUNTS_FOR
            until = None if lasts is None else self._now() + lasts
            self.known |= {(address, port): until for port in trusting}
            self.named |= {(address, port): until for port in naming}
            seconds = None if lasts is None else int(lasts.total_seconds())
            batch += (*trust(policies, plan, name, address, seconds), *lead(address, naming, seconds))
        return batch

    async def _look_up(self, name: str) -> Route | None:
        try:
            return (await self._names.answer(name)).route
        except NfemuError:
            return None

    async def _look_regularly(self, rules: Callable[[], GatewayRules]) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            now = self._now()
            for places in (self.known, self.named):
                for key in [key for key, until in places.items() if until is not None and until <= now]:
                    del places[key]
            try:
                await self.look(rules())
            except Unavailable as error:
                _log.error("the addresses of listed names cannot be kept up to date: %s", error)


def _listed_names(policies: PolicySet) -> list[str]:
    """Trusted ones, and hosts of landing pages."""
    profiles = [policies.profile(name) for name in policies.names]
    trusted = (rule.pattern for one in profiles for rule in one.hosts.rules() if rule.group.trusted)
    landing = (landing_destination(one.redirect_to).host for one in profiles if one.redirect_to is not None)
    names = (name.removeprefix(".") for name in trusted if not name.startswith("*"))
    return list(dict.fromkeys((*names, *filter(None, landing))))
