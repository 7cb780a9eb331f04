"""A work order's life (S26), as a table.

           ┌──────refuse (tried again)
           ▼      │
        CREATED ──┴─execute──▶ EXECUTED ──acknowledge──▶ DONE
       ▲   │  │                    │
resubmit   │  └──────supersede─────┴──────▶ SUPERSEDED
       │ give up                                ▲
       └─ DEAD ─────────supersede───────────────┘
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.orders import OrderKind, OrderState, WorkOrder


class OrderInput(Enum):
    EXECUTE = "execute"
    """HSS and PGW hold it, committed."""
    ACKNOWLEDGE = "acknowledge"
    """Every enforcement point has confirmed it."""
    SUPERSEDE = "supersede"
    """A later order for the same line overtook it, or the session that it was about is gone."""
    REFUSE = "refuse"
    """A network element did not take it; it is tried again."""
    GIVE_UP = "give up"
    """A network element did not take it, as so often before."""
    RESUBMIT = "resubmit"
    """A person wants it tried again."""


TRANSITIONS: dict[tuple[OrderState, OrderInput], OrderState] = {
    (OrderState.CREATED, OrderInput.EXECUTE): OrderState.EXECUTED,
    (OrderState.CREATED, OrderInput.SUPERSEDE): OrderState.SUPERSEDED,
    (OrderState.CREATED, OrderInput.REFUSE): OrderState.CREATED,
    (OrderState.CREATED, OrderInput.GIVE_UP): OrderState.DEAD,
    (OrderState.EXECUTED, OrderInput.ACKNOWLEDGE): OrderState.DONE,
    (OrderState.EXECUTED, OrderInput.SUPERSEDE): OrderState.SUPERSEDED,
    (OrderState.DEAD, OrderInput.RESUBMIT): OrderState.CREATED,
    (OrderState.DEAD, OrderInput.SUPERSEDE): OrderState.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class RetryRules:
    """`attempts`: refusals after which an order is given up. `pause`: before the second attempt; it doubles with
    each, up to `longest`."""

    attempts: int = 5
    pause: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.pause <= timedelta(0) or self.longest < self.pause:
            raise InvalidInput(
                f"orders are tried {self.attempts} times with pauses from {self.pause} to {self.longest}; write at "
                "least one attempt, a first pause of some length, and a longest one that is no shorter"
            )


def advance(order: WorkOrder, event: OrderInput, now: datetime) -> WorkOrder:
    """The order after `event`. Raises Conflict for what the table does not list."""
    state = TRANSITIONS.get((order.state, event))
    if state is None:
        raise Conflict(f"order `{order.id}` is {order.state.value}: `{event.value}` does not apply to it")
    order = replace(order, state=state, done_at=now if state is OrderState.DONE else None)
    match event:
        case OrderInput.EXECUTE:
            return replace(billed(order, now), executed_at=now, next_attempt_at=None)
        case OrderInput.RESUBMIT:
            return replace(order, attempts=0, next_attempt_at=None)
        case _:
            return order


def is_begun(order: WorkOrder) -> bool:
    """Executed and not done, or a reactivation, which waits for no turn."""
    return order.state is OrderState.EXECUTED or (
        order.state is OrderState.CREATED and order.kind is OrderKind.REACTIVATE
    )


def billed(order: WorkOrder, now: datetime) -> WorkOrder:
    """Billing has dealt with it, now or earlier."""
    return replace(order, billed_at=order.billed_at or now)


def refused(rules: RetryRules, order: WorkOrder, now: datetime) -> WorkOrder:
    """A network element did not take the order: it waits for the next attempt, or there is none."""
    attempts = order.attempts + 1
    tried = replace(billed(order, now), attempts=attempts)
    if attempts >= rules.attempts:
        return replace(advance(tried, OrderInput.GIVE_UP, now), next_attempt_at=None)
    pause = min(rules.pause * 2 ** min(attempts - 1, _DOUBLINGS), rules.longest)
    return replace(advance(tried, OrderInput.REFUSE, now), next_attempt_at=now + pause)


_DOUBLINGS = 20
"""More of them lead beyond every pause that can be configured."""
