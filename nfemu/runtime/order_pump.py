"""Orders that wait have their turn: one look-out for both queues of `bss.order_queue`, in business time.

The queue holds what the store says is created and not executed, as committed. So nothing is lost with the process: at
start it is filled again, and what the stages' capacity was used for is read from the orders themselves.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from nfemu.bss.order_queue import TICK, Admission, OrderQueue, OrderRules, Stage
from nfemu.carrier.ports import Clock, Store
from nfemu.model.errors import NfemuError
from nfemu.model.identity import AccountId, OrderId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.runtime.agenda import Agenda

_NEVER = datetime.max.replace(tzinfo=UTC)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PumpSource:
    """What the look-out works on."""

    store: Store
    agenda: Agenda
    clock: Clock


class OrderPump:
    """Implements `runner.Turns`. `proceed` carries out what an account's turn is for, and says which of its orders
    still wait; raises an NfemuError. `abreast`: on so many accounts at a time."""

    def __init__(
        self,
        source: PumpSource,
        rules: OrderRules,
        proceed: Callable[[AccountId], Awaitable[frozenset[OrderId]]],
        abreast: int,
    ) -> None:
        self.queue = OrderQueue(rules.capacities)
        """For reading, and for arming faults."""
        self._source = source
        self._rules = rules
        self._proceed = proceed
        self._abreast = abreast
        self._planned = _NEVER
        self._looked_at = _LONG_AGO
        self._moved: Counter[str] = Counter()
        """What has become of orders since the last look-out, in words."""

    async def load(self) -> None:
        """What waits, and what capacity has been used, as the store has it. Raises Unavailable."""
        store, now = self._source.store, self._source.clock.now()
        longest = max(each.interval * each.burst for each in self._rules.capacities.values())
        recent = await store.orders_moved_since(now - longest)
        for stage, moments in (
            (Stage.BILLING, [order.billed_at for order in recent]),
            (Stage.NETWORK, [order.executed_at for order in recent]),
        ):
            for moment in sorted(filter(None, moments)):
                self.queue.used(stage, moment)
        for order in await store.unfinished_orders():
            self.follow(order)

    def resize(self, rules: OrderRules) -> None:
        """Other capacities, for what waits as well."""
        self._rules = rules
        self.queue.resize(rules.capacities, self._source.clock.now())
        self._plan()

    def admit(self, order: WorkOrder, now: datetime) -> Admission:
        return self.queue.admit(order, now)

    def follow(self, order: WorkOrder) -> None:
        self.queue.follow(order)
        self._moved.update(_outcome(order))
        self._plan()

    def give_back(self, order: OrderId) -> None:
        self.queue.give_back(order)
        self._plan()

    def _plan(self) -> None:
        at = self.queue.next_at(self._source.clock.now())
        if at is None:
            return
        at = max(at, self._looked_at + TICK)
        if at < self._planned:
            self._planned = at
            self._source.agenda.add(at, partial(self._look, at))

    async def _look(self, planned: datetime) -> str | None:
        """A duty: raises an NfemuError where it must be done again."""
        if planned != self._planned:
            return None
        self._moved.clear()
        now = self._looked_at = self._source.clock.now()
        while ready := self.queue.ready(now, self._abreast):
            failure = await self._carry_out(ready)
            if all(self.queue.waiting.get(order.id) is order for order in ready):
                if failure is not None:
                    raise failure
                break
        self._planned = _NEVER
        self._plan()
        return self._told()

    async def _carry_out(self, ready: Sequence[WorkOrder]) -> NfemuError | None:
        """Each account's turn; the first failure. What had been committed before it is finished by itself."""
        accounts: dict[AccountId, list[WorkOrder]] = {}
        for order in ready:
            card = await self._source.store.subscriber_by_imsi(order.imsi)
            if card is not None:
                accounts.setdefault(card.account, []).append(order)
        outcomes = await asyncio.gather(*(self._take_turn(*each) for each in accounts.items()))
        return next(filter(None, outcomes), None)

    async def _take_turn(self, account: AccountId, ready: Sequence[WorkOrder]) -> NfemuError | None:
        try:
            waiting = await self._proceed(account)
        except NfemuError as failure:
            return failure
        for order in ready:
            if order.id not in waiting and self.queue.waiting.get(order.id) is order:
                self.queue.forget(order.id)
        return None

    def _told(self) -> str | None:
        told = ", ".join(f"{count} {outcome}" for outcome, count in self._moved.items())
        return f"orders: {told}; {len(self.queue.waiting)} wait" if told else None


def _outcome(order: WorkOrder) -> list[str]:
    """Of one that has had its turn; nothing of others."""
    if order.state is OrderState.CREATED and order.next_attempt_at is not None:
        return [f"{order.kind.value} refused"]
    had_it = order.kind is not OrderKind.REACTIVATE and order.state in (OrderState.EXECUTED, OrderState.DEAD)
    return [f"{order.kind.value} {order.state.value}"] if had_it else []
