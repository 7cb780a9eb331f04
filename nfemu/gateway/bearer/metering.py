"""Every second: what the kernel has forwarded counts like anything else (G7), and lines past their daily cap are held
to what is essential in the kernel too.

There is one place where a line's use is bounded in this process, the gate's; the kernel's octets go there, so that gate
and kernel know of each other's at once, and both of everybody else's.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.kernel_policy import KernelPolicy, addresses_of
from nfemu.gateway.bearer.kernel_usage import KernelUsage
from nfemu.gateway.bearer.network.messages import CountedElement
from nfemu.gateway.engine.keeping import REPORT_EVERY_S, FlowKeeper
from nfemu.gateway.engine.meter import Key
from nfemu.gateway.ports import GatewayRules
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi, PolicyName
from nfemu.policy.compile.updates import LineAddresses, cap, uncap

Count = Callable[[Iterable[str]], Awaitable[Sequence[CountedElement]]]
Capped = Callable[[Iterable[Imsi]], Awaitable[None]]
_log = logging.getLogger(__name__)


class Metering:
    """Create and start it in a running event loop. `count` reads counters in the core; `told` hears which lines the
    kernel has begun to hold to their caps.
    """

    def __init__(self, policy: KernelPolicy, count: Count, keeper: FlowKeeper, told: Capped) -> None:
        self._count = count
        self._told = told
        self._policy = policy
        self._keeper = keeper
        self._usage = KernelUsage()
        self._addresses: dict[Imsi, LineAddresses] = {}
        self._past_cap: frozenset[Key] = frozenset()
        self._capped: frozenset[tuple[LineAddresses, PolicyName]] = frozenset()
        """As the kernel has them."""
        self._turn = asyncio.Lock()
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._work = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """With a last look. May be called twice."""
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            await asyncio.wait((work,))
            with contextlib.suppress(Unavailable):
                await self.look()

    def rules_changed(self, rules: GatewayRules) -> None:
        """Before the kernel goes by them."""
        self._usage.rules_changed(rules.policies)

    async def lines_changed(self, states: Sequence[LineState]) -> None:
        """Before the kernel goes by them: a line does not leave its cap behind with its address. Raises Unavailable."""
        self._usage.lines_changed(states)
        for state in states:
            if state.policy is not None:
                self._addresses[state.imsi] = addresses_of(state)
        await self._cap()

    async def look(self) -> None:
        """Count, then cap. Raises Unavailable."""
        usage = self._usage.growth(await self._count(self._policy.counters()))
        if usage:
            await self._keeper.carried(usage)
        past_cap = frozenset(self._keeper.past_cap())
        if past_cap != self._past_cap:
            new, self._past_cap = past_cap - self._past_cap, past_cap
            await self._cap()
            await self._told({imsi for imsi, _ in new})

    def capped(self, imsi: Imsi) -> frozenset[PolicyName]:
        """The profiles under which the line is past its cap."""
        return frozenset(policy for line, policy in self._past_cap if line == imsi)

    async def _cap(self) -> None:
        async with self._turn:
            wanted = frozenset(
                (self._addresses[imsi], policy) for imsi, policy in self._past_cap if imsi in self._addresses
            )
            new = [one for line in wanted - self._capped for one in cap(*line)]
            await self._policy.put((*new, *(one for line in self._capped - wanted for one in uncap(*line))))
            self._capped = wanted

    async def _run(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            try:
                await self.look()
            except Unavailable as error:
                if not failing:
                    _log.error("what lines use in the kernel is neither counted nor held to caps: %s", error)
                failing = True
            else:
                failing = False
