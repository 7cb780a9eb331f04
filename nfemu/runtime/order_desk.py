"""Orders as people at the carrier see and handle them: the queues, what is dead, and faults for trying it out."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from nfemu.bss import order_report
from nfemu.bss.order_queue import OrderQueue, Stage
from nfemu.bss.order_report import KindReport, Spread
from nfemu.carrier.ports import Clock, Store
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import AccountId, OrderId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder

WINDOW = timedelta(hours=1)
"""Of business time, over which orders that are done are counted."""
_MOST_ARMED = 1_000_000


@dataclass(frozen=True, slots=True)
class OrderReport:
    """`waiting`: how many, by the stage whose turn they wait for. `oldest`: how long the first of them has waited.
    `done`: in the last `window`. `armed`: so many of the next are refused. `posting`: of payments, in that window."""

    waiting: Counter[tuple[Stage, OrderKind]]
    oldest: timedelta | None
    begun: int
    """Executed, not yet acknowledged everywhere."""
    dead: int
    armed: int
    window: timedelta
    done: list[KindReport]
    posting: Spread | None


class OrderDesk:
    """`resubmit` tries a dead order of an account again. Every method raises Unavailable where the store does."""

    def __init__(
        self, store: Store, clock: Clock, queue: OrderQueue, resubmit: Callable[[AccountId, OrderId], Awaitable[None]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._queue = queue
        self._resubmit = resubmit

    async def report(self, window: timedelta = WINDOW) -> OrderReport:
        """How the queues are, and how orders have fared in the last `window` of business time."""
        now = self._clock.now()
        unfinished = await self._store.unfinished_orders()
        states = Counter(order.state for order in unfinished)
        waiting = self._queue.waiting.values()
        return OrderReport(
            waiting=self._queue.backlog(),
            oldest=now - min(order.created_at for order in waiting) if waiting else None,
            begun=states[OrderState.EXECUTED],
            dead=states[OrderState.DEAD],
            armed=self._queue.armed,
            window=window,
            done=order_report.of_kinds(await self._store.orders_moved_since(now - window), now - window),
            posting=order_report.posting(await self._store.payments_posted_since(now - window)),
        )

    async def unfinished(self) -> list[WorkOrder]:
        """All that is not done, dead ones too, oldest first."""
        return await self._store.unfinished_orders()

    def fail(self, count: int) -> int:
        """Have the network elements refuse so many of the next orders, instead of those armed before; 0: none.

        What is armed. Raises InvalidInput.
        """
        if not 0 <= count <= _MOST_ARMED:
            raise InvalidInput(f"`{count}` orders cannot be refused; write 0 to {_MOST_ARMED}")
        self._queue.armed = count
        return count

    async def resubmit(self, number: OrderId) -> None:
        """Raises NotFound where no dead order has that number."""
        for order in await self._dead():
            if order.id == number:
                return await self._resubmit_one(order)
        raise NotFound(f"no dead order has the number `{number}`; `nfemu orders list --dead` shows them")

    async def resubmit_all(self) -> list[OrderId]:
        """Which they were, oldest first."""
        dead = await self._dead()
        for order in dead:
            await self._resubmit_one(order)
        return [order.id for order in dead]

    async def _dead(self) -> list[WorkOrder]:
        return [order for order in await self._store.unfinished_orders() if order.state is OrderState.DEAD]

    async def _resubmit_one(self, order: WorkOrder) -> None:
        card = await self._store.subscriber_by_imsi(order.imsi)
        if card is not None:
            await self._resubmit(card.account, order.id)
