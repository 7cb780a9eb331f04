"""The policy in the core's kernel, and what is known to be there."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.kernel_lanes import NOWHERE, KernelLanes
from nfemu.gateway.ports import GatewayRules
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi
from nfemu.policy.compile.compiler import compile_table
from nfemu.policy.compile.families import COUNTERS
from nfemu.policy.compile.render import render_batch, render_removal, render_table
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import FIRST_STAMP, Batch, Table
from nfemu.policy.compile.updates import LineAddresses, SteeredLine, change_line, every_line, plug, unplug

_log = logging.getLogger(__name__)
Transaction = Callable[[str], Awaitable[None]]
"""In force on return, all of it; raises Unavailable: nothing of it."""


class KernelPolicy:
    """One transaction after the other. `transaction` runs nft's text in the core; `lanes` says whether the kernel there
    has lanes.
    """

    def __init__(self, plan: SteeringPlan, transaction: Transaction, lanes: Callable[[], bool] = lambda: False) -> None:
        self._plan = plan
        self._transaction = transaction
        self._lanes = KernelLanes(plan, lanes)
        self._table: Table | None = None
        self._stamp = FIRST_STAMP
        self._lines: dict[Imsi, SteeredLine] = {}
        self._turn = asyncio.Lock()
        self._waiting: dict[Imsi, SteeredLine] = {}
        self._next: asyncio.Task[None] | None = None
        """Puts in force what waits; who comes in time waits for the same task."""

    def compile(self, rules: GatewayRules) -> Table:
        """Raises InvalidInput that names a rule which the kernel cannot keep."""
        table = compile_table(rules.policies, self._plan, rules.hours_at, self._stamp)
        self._stamp = table.next_stamp
        return table

    async def load(self, table: Table, lines: Iterable[LineState]) -> None:
        """These rules and these lines, in one step. Raises Unavailable."""
        async with self._turn:
            steered = {state.imsi: steered_line(state) for state in lines}
            batch = every_line(steered.values())
            await self._transaction(self._rules(table, self._table) + self._marks(batch))
            self._table, self._lines = table, steered

    async def begin_anew(self, table: Table) -> None:
        """These rules for nobody: no element of any kind is left, not even what was counted. Raises Unavailable."""
        async with self._turn:
            await self._transaction(render_removal() + self._lanes.removal() + self._rules(table, None))
            self._table, self._lines = table, {}
            self._lanes.removed()

    async def change(self, state: LineState) -> None:
        """The line is as `state` says from now on, new flows and open ones. Raises Unavailable.

        Lines that change while another transaction is under way go together in the next one.
        """
        self._waiting[state.imsi] = steered_line(state)
        if self._next is None:
            self._next = asyncio.create_task(self._change_waiting())
        await asyncio.shield(self._next)

    async def _change_waiting(self) -> None:
        async with self._turn:
            changed, self._waiting, self._next = self._waiting, {}, None
            changes = (change_line(self._lines.get(imsi), line) for imsi, line in changed.items())
            batch = tuple(chain.from_iterable(changes))
            self._lines |= changed
            if not batch:
                return
            try:
                await self._transaction(self._marks(batch))
            except Unavailable as error:
                _log.warning("the kernel's table was not as expected, all lines are put anew: %s", error)
                await self._transaction(self._marks(every_line(self._lines.values())))

    async def put(self, batch: Batch) -> None:
        """Elements that are no lines. Raises Unavailable."""
        await self._run(render_batch(batch))

    async def let_in(self, interface: str, before: LineAddresses | None, now: LineAddresses) -> None:
        """From the interface come these sources, and no longer those of `before`. Raises Unavailable."""
        gone = unplug(interface, before) if before is not None else ()
        await self._run(render_batch((*gone, *plug(interface, now))) + self._lanes.let_in(interface, now))
        self._lanes.led(interface, now)

    async def let_out(self, interface: str, before: LineAddresses) -> None:
        """The interface is gone. Raises Unavailable."""
        await self._run(render_batch(unplug(interface, before)) + self._lanes.let_out(interface))
        self._lanes.led(interface, NOWHERE)

    def counters(self) -> Iterable[str]:
        """The sets that count what is forwarded."""
        return (*COUNTERS, *self._lanes.counters())

    async def _run(self, text: str) -> None:
        if text:
            await self._transaction(text)

    def _rules(self, table: Table, instead_of: Table | None) -> str:
        return render_table(table, instead_of) + self._lanes.rules(table, instead_of)

    def _marks(self, batch: Batch) -> str:
        return render_batch(batch) + self._lanes.lines(batch)


def addresses_of(state: LineState) -> LineAddresses:
    return LineAddresses(state.ue_ipv4, state.ue_ipv6)


def steered_line(state: LineState) -> SteeredLine:
    return SteeredLine(addresses_of(state), state.policy)
