"""Where those are who believe headers: addresses to which HTTP goes through the engine on every line.

Theory. A phone may keep an address for as long as it likes, and an open line's HTTP to one that is not known here goes
straight on, with whatever headers it carries. So an address counts for a day after the name was last seen to have
it, and names that can be written out are looked up every minute, whether anybody asks for them or not. Of patterns that
cover many names, each is known from the first question of any line on. Addresses of the emulated Internet never change.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from nfemu.gateway.addresses import is_virtual
from nfemu.gateway.gateway import NameService
from nfemu.gateway.ports import GatewayRules
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NfemuError, Unavailable
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import Batch
from nfemu.policy.compile.updates import trust, trusted_ports
from nfemu.policy.rules import PolicySet

_log = logging.getLogger(__name__)
TRUSTED_FOR = timedelta(days=1)
LOOK_EVERY_S = 60.0

Put = Callable[[Batch], Awaitable[None]]


class Trusting:
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
        self.known: dict[tuple[IpAddress, int], datetime | None] = {}
        """As in the kernel's sets: address and HTTP port, and until when; None: for good."""

    def learn(self, rules: GatewayRules, name: str, addresses: Sequence[IpAddress]) -> Batch:
        """The name has these addresses: what the kernel is to be told of it."""
        return tuple(step for address in addresses for step in self._learn(rules, name, address))

    async def look(self, rules: GatewayRules) -> None:
        """Where every trusted name is that can be written out; whoever has its address without having asked for it must
        not get past the engine either. Raises Unavailable where the kernel cannot be told.
        """
        names = _trusted_names(rules.policies)
        found = await asyncio.gather(*map(self._look_up, names))
        failing = frozenset(name for name, addresses in zip(names, found, strict=True) if addresses is None)
        for name in sorted(failing - self._failing):
            _log.warning("the trusted name `%s` leads nowhere now", name)
        self._failing = failing
        batch = [step for name, told in zip(names, found, strict=True) for step in self.learn(rules, name, told or ())]
        await self._put(tuple(batch))

    def begin(self, rules: Callable[[], GatewayRules]) -> None:
        """Look regularly, by the rules as they are then: where the Internet is real, and names move."""
        self._looking = asyncio.create_task(self._look_regularly(rules))

    async def stop(self) -> None:
        """May be called twice."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.wait((looking,))

    def _learn(self, rules: GatewayRules, name: str, address: IpAddress) -> Batch:
        lasts = None if is_virtual(address) else TRUSTED_FOR
        until = None if lasts is None else self._now() + lasts
        self.known |= {(address, port): until for port in trusted_ports(rules.policies, self._plan, name)}
        return trust(rules.policies, self._plan, name, address, None if lasts is None else int(lasts.total_seconds()))

    async def _look_up(self, name: str) -> tuple[IpAddress, ...] | None:
        try:
            return (await self._names.answer(name)).route.addresses
        except NfemuError:
            return None

    async def _look_regularly(self, rules: Callable[[], GatewayRules]) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            now = self._now()
            for key in [key for key, until in self.known.items() if until is not None and until <= now]:
                del self.known[key]
            try:
                await self.look(rules())
            except Unavailable as error:
                _log.error("the addresses of trusted names cannot be kept up to date: %s", error)


def _trusted_names(policies: PolicySet) -> list[str]:
    rules = (rule for name in policies.names for rule in policies.profile(name).hosts.rules())
    names = (rule.pattern.removeprefix(".") for rule in rules if rule.group.trusted)
    return [name for name in dict.fromkeys(names) if not name.startswith("*")]
