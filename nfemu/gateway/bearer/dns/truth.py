"""Where names really lead: looked up once however many ask, guarded, and bound before anybody is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nfemu.carrier.ports import LineState
from nfemu.gateway.addresses import is_foreign
from nfemu.gateway.bearer.dns.ports import Binder
from nfemu.gateway.link.host import NameService
from nfemu.gateway.memory import AnswerMemory
from nfemu.gateway.once import Once
from nfemu.gateway.ports import Direct, Route
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NfemuError, Unavailable
from nfemu.model.identity import Imsi
from nfemu.policy.dns import BOUND_FOR, TRUE_TTL_S

_Told = tuple[Imsi, int, str]
"""A line at one version, and a name."""


@dataclass(frozen=True, slots=True)
class Found:
    """`addresses` of both families. `guarded`: the name has addresses, but none that may be told.

    `real`: of the real Internet, where others know what else the name has.
    """

    addresses: tuple[IpAddress, ...]
    ttl_s: int
    guarded: bool
    real: bool


class Truth:
    """`now` gives wall time."""

    def __init__(self, names: NameService, binder: Binder, now: Callable[[], datetime]) -> None:
        self._names = names
        self._binder = binder
        self._now = now
        self._rules = 0
        self._looking: Once[str, Found] = Once()
        self._binding: Once[_Told, Found] = Once()
        self._bound: AnswerMemory[_Told, Found] = AnswerMemory()

    async def of(self, name: str) -> Found:
        """Raises NotFound, Unavailable."""
        return await self._looking.run(name, lambda: self._look_up(name))

    async def bound(self, line: LineState, name: str) -> Found:
        """The same, and this line may go there. Both families are bound together: most clients ask for both.

        What was bound within the last minute is not bound again. Raises Unavailable where it cannot be bound, too.
        """
        told = (line.imsi, line.version, name)
        known = self._bound.recall(told)
        return known if known is not None else await self._binding.run(told, lambda: self._bind(told, line))

    def forget(self) -> None:
        """The rules have changed: names may lead elsewhere."""
        self._looking.forget()
        self._binding.forget()
        self._bound.forget()
        self._rules += 1

    async def stop(self) -> None:
        await self._binding.stop()
        await self._looking.stop()

    async def _look_up(self, name: str) -> Found:
        answer = await self._names.answer(name)
        real = is_real(answer.route)
        told = tuple(each for each in answer.route.addresses if not real or is_foreign(each))
        ttl_s = min(int(answer.ttl_s), TRUE_TTL_S)
        return Found(told, ttl_s, bool(answer.route.addresses) and not told, real)

    async def _bind(self, told: _Told, line: LineState) -> Found:
        name, rules = told[2], self._rules
        found = await self.of(name)
        if found.addresses:
            try:
                await self._binder.bind(line, name, found.addresses, self._now() + BOUND_FOR)
            except NfemuError as error:
                raise Unavailable(f"`{name}` could not be bound: {error}") from error
        if rules == self._rules:
            self._bound.keep(told, found, found.ttl_s)
        return found


def is_real(route: Route) -> bool:
    """Emulated names and configured upstreams have the emulator's own addresses, which the guard would drop."""
    return isinstance(route.http, Direct) or isinstance(route.other, Direct)
