"""A work order's life (S26), as a table.

CREATED ──execute──▶ EXECUTED ──acknowledge──▶ DONE
   └──────supersede──────┴──────▶ SUPERSEDED
"""

from dataclasses import replace
from datetime import datetime
from enum import Enum

from nfemu.model.errors import Conflict
from nfemu.model.orders import OrderState, WorkOrder


class OrderInput(Enum):
    EXECUTE = "execute"
    """HSS and PGW hold it, committed."""
    ACKNOWLEDGE = "acknowledge"
    """Every enforcement point has confirmed it."""
    SUPERSEDE = "supersede"
    """A later order for the same line overtook it, or the session that it was about is gone."""


TRANSITIONS: dict[tuple[OrderState, OrderInput], OrderState] = {
    (OrderState.CREATED, OrderInput.EXECUTE): OrderState.EXECUTED,
    (OrderState.CREATED, OrderInput.SUPERSEDE): OrderState.SUPERSEDED,
    (OrderState.EXECUTED, OrderInput.ACKNOWLEDGE): OrderState.DONE,
    (OrderState.EXECUTED, OrderInput.SUPERSEDE): OrderState.SUPERSEDED,
}


def advance(order: WorkOrder, event: OrderInput, now: datetime) -> WorkOrder:
    """The order after `event`. Raises Conflict for what the table does not list."""
    state = TRANSITIONS.get((order.state, event))
    if state is None:
        raise Conflict(f"order `{order.id}` is {order.state.value}: `{event.value}` does not apply to it")
    return replace(order, state=state, done_at=now if state is OrderState.DONE else None)
