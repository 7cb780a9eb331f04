"""A work order's states: the whole matrix."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from nfemu.bss.orders import TRANSITIONS, OrderInput, advance
from nfemu.model.errors import Conflict
from nfemu.model.identity import CorrelationId, Imsi, OrderId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.model.subscriber import OrderedProfile

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ORDER = WorkOrder(
    OrderId("ord-1"),
    Imsi("460000000000001"),
    OrderKind.STOP,
    OrderedProfile.ARREARS,
    "ledger",
    CorrelationId("cor-1"),
    NOW,
)


@pytest.mark.parametrize(("state", "event"), list(product(OrderState, OrderInput)))
def test_the_whole_matrix(state: OrderState, event: OrderInput) -> None:
    order = replace(ORDER, state=state)
    if (state, event) in TRANSITIONS:
        after = advance(order, event, NOW)
        assert after.state is TRANSITIONS[state, event]
        assert (after.done_at == NOW) is (after.state is OrderState.DONE)
    else:
        with pytest.raises(Conflict, match=f"`ord-1` is {state.value}: `{event.value}` does not apply"):
            advance(order, event, NOW)
