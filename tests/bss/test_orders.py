"""A work order's states: the whole matrix."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from nfemu.bss.orders import TRANSITIONS, OrderInput, RetryRules, advance, billed, is_begun, refused
from nfemu.model.errors import Conflict, InvalidInput
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
        assert (after.executed_at == after.billed_at == NOW) is (after.state is OrderState.EXECUTED)
    else:
        with pytest.raises(Conflict, match=f"`ord-1` is {state.value}: `{event.value}` does not apply"):
            advance(order, event, NOW)


def test_pauses_double_up_to_the_longest_and_then_it_is_given_up() -> None:
    rules = RetryRules(attempts=4, pause=timedelta(seconds=30), longest=timedelta(seconds=90))
    order, pauses = ORDER, []
    for _ in range(3):
        order = refused(rules, order, NOW)
        assert order.next_attempt_at is not None
        pauses.append((order.next_attempt_at - NOW).total_seconds())
    assert pauses == [30, 60, 90]
    dead = refused(rules, order, NOW)
    assert (dead.state, dead.attempts, dead.next_attempt_at) == (OrderState.DEAD, 4, None)
    revived = advance(dead, OrderInput.RESUBMIT, NOW)
    assert (revived.state, revived.attempts, revived.billed_at) == (OrderState.CREATED, 0, NOW)


def test_a_pause_stays_the_longest_however_often_it_doubles() -> None:
    rules = RetryRules(attempts=2_000, pause=timedelta(seconds=30), longest=timedelta(hours=1))
    tried = refused(rules, replace(ORDER, attempts=1_500), NOW)
    assert tried.next_attempt_at == NOW + timedelta(hours=1)


def test_billing_deals_with_an_order_once() -> None:
    earlier = billed(ORDER, NOW - timedelta(minutes=1))
    assert billed(earlier, NOW).billed_at == NOW - timedelta(minutes=1)
    assert advance(earlier, OrderInput.EXECUTE, NOW).billed_at == NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "state", "begun"),
    [
        (OrderKind.STOP, OrderState.EXECUTED, True),
        (OrderKind.STOP, OrderState.CREATED, False),
        (OrderKind.REACTIVATE, OrderState.CREATED, True),
        (OrderKind.REACTIVATE, OrderState.DONE, False),
        (OrderKind.RESUME, OrderState.DEAD, False),
    ],
)
def test_what_is_begun_is_finished_without_a_turn(kind: OrderKind, state: OrderState, begun: bool) -> None:
    assert is_begun(replace(ORDER, kind=kind, state=state)) is begun


@pytest.mark.parametrize(
    ("attempts", "pause", "longest"), [(0, 30, 60), (1, 0, 60), (1, 60, 30)], ids=["none", "no-pause", "shorter"]
)
def test_retries_that_make_no_sense_are_refused(attempts: int, pause: int, longest: int) -> None:
    with pytest.raises(InvalidInput, match="write at least one attempt"):
        RetryRules(attempts, timedelta(seconds=pause), timedelta(seconds=longest))
