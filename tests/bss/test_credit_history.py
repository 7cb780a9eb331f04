"""What entries and orders come to: spend, stops, payments, and how long somebody has been here (S20)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.bss.credit import CreditInput
from nfemu.bss.credit_history import history
from nfemu.model.account import EntryKind, LedgerEntry
from nfemu.model.credits import CreditRecord
from nfemu.model.identity import AccountId, CorrelationId, Imsi, OrderId
from nfemu.model.money import Money
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.model.subscriber import OrderedProfile

NOW = datetime(2027, 6, 1, tzinfo=UTC)
ONE, OTHER = Imsi("460001380013800"), Imsi("460001380013801")
Entry = tuple[float, int]
"""Days ago, and the amount in fen."""
Order = tuple[float, OrderKind]
STOP, RESUME = OrderKind.STOP, OrderKind.RESUME


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def entry(days: float, minor: int, imsi: Imsi | None = ONE) -> LedgerEntry:
    kind = EntryKind.PAYMENT if minor > 0 else EntryKind.CHARGE
    return LedgerEntry(AccountId("zhang"), kind, Money(minor), ago(days), imsi=imsi)


def order(days: float, kind: OrderKind, imsi: Imsi = ONE, cause: str = "ledger") -> WorkOrder:
    number = OrderId(f"ord-{days}-{kind.value}")
    target = OrderedProfile.ARREARS if kind is STOP else OrderedProfile.OPEN
    done = (CorrelationId("cor"), ago(days), OrderState.DONE, ago(days))
    return WorkOrder(number, imsi, kind, target, cause, *done)


def record(*entries: LedgerEntry, orders: tuple[WorkOrder, ...] = (), since: float | None = 400) -> CreditRecord:
    return CreditRecord(entries, orders, None if since is None else ago(since))


def inputs(known: CreditRecord) -> Mapping[CreditInput, int]:
    return history(known, Money(sum(each.amount.minor for each in known.entries)), NOW)


def test_nobody_is_known_by_nothing() -> None:
    assert inputs(record(since=None)) == {
        CreditInput.SPEND: 0,
        CreditInput.STOPS: 0,
        CreditInput.STOPPED_DAYS: 0,
        CreditInput.PAID_AHEAD: 100,
        CreditInput.PAYMENT: 0,
        CreditInput.MONTHS: 0,
    }


@pytest.mark.parametrize(
    ("entries", "since", "spend"),
    [
        ([(10, -2900), (40, -2900), (70, -2900), (100, -2900), (130, -2900), (160, -2900)], 400, 29),
        ([(10, -2900), (170, -2900), (180, -2900)], 400, 9),
        ([(10, -2900), (40, -2900)], 65, 29),
        ([(10, -2900)], 10, 29),
        ([(5, -50), (4, -50), (3, 9900)], 20, 1),
        ([(-1, -5000)], 400, 0),
    ],
)
def test_spend_is_the_mean_of_the_months_that_there_are_up_to_six(
    entries: list[Entry], since: float, spend: int
) -> None:
    """In whole yuan of the sum, not of each; half a year ago is too long, and what comes later is not yet known."""
    assert inputs(record(*(entry(*each) for each in entries), since=since))[CreditInput.SPEND] == spend


def test_an_opening_balance_is_neither_spend_nor_a_payment() -> None:
    for opening in (10_000, -10_000):
        found = inputs(record(entry(5, opening, None), since=5))
        assert (found[CreditInput.SPEND], found[CreditInput.PAYMENT]) == (0, 0)


@pytest.mark.parametrize(
    ("entries", "ahead"),
    [
        ([(9, 1000)], 100),
        ([(9, -1000)], 0),
        ([(9, -1000), (8, 1000)], 0),
        ([(9, 1000), (8, -1000), (7, 1000)], 100),
        ([(9, 1000), (8, -1001), (7, 1000)], 50),
        ([(9, -1000), (8, 500), (7, 600), (6, 100)], 33),
        ([(400, -1000), (399, 2000), (9, 500)], 100),
        ([(9, 1000), (8, -3000), (-1, 2500)], 100),
    ],
)
def test_payments_ahead_are_those_on_a_balance_that_is_not_below_zero(entries: list[Entry], ahead: int) -> None:
    """What is a year old, or not yet, moves the balance and counts for nothing else."""
    assert inputs(record(*(entry(*each) for each in entries)))[CreditInput.PAID_AHEAD] == ahead


def test_a_payment_is_as_large_as_they_are_on_average() -> None:
    paid = record(entry(9, 5000), entry(8, 3099), entry(7, -9000), entry(366, 90_000))
    assert inputs(paid)[CreditInput.PAYMENT] == 40


@pytest.mark.parametrize(("since", "months"), [(29.9, 0), (30, 1), (364, 12), (-3, 0)])
def test_months_have_thirty_days(since: float, months: int) -> None:
    assert inputs(record(since=since))[CreditInput.MONTHS] == months


def stopped(*orders: WorkOrder) -> tuple[int, int]:
    """Stops, and days of them."""
    found = inputs(record(orders=orders))
    return found[CreditInput.STOPS], found[CreditInput.STOPPED_DAYS]


@pytest.mark.parametrize(
    ("orders", "count", "days"),
    [
        ([(9, STOP), (7, RESUME)], 1, 2),
        ([(9, STOP), (8.9, RESUME), (5, STOP), (4.5, RESUME)], 2, 2),
        ([(3.5, STOP)], 1, 4),
        ([(370, STOP), (360, RESUME)], 1, 5),
        ([(380, STOP), (370, RESUME)], 0, 0),
        ([(500, STOP)], 1, 365),
        ([(9, STOP), (8, STOP), (7, RESUME), (6, RESUME)], 1, 2),
        ([(9, RESUME)], 0, 0),
        ([(9, STOP), (9, RESUME)], 1, 0),
        ([(2, STOP), (-1, RESUME)], 1, 2),
        ([(-1, STOP)], 0, 0),
        ([(9, OrderKind.PROFILE), (8, OrderKind.REACTIVATE)], 0, 0),
    ],
)
def test_stops_are_counted_from_stop_to_resume_within_the_year(orders: list[Order], count: int, days: int) -> None:
    """A day that is begun is one; a stop that goes on goes on until now."""
    assert stopped(*(order(*each) for each in orders)) == (count, days)


def test_cards_that_are_stopped_together_are_one_stop() -> None:
    assert stopped(order(9, STOP), order(8.5, STOP, OTHER), order(8, RESUME, OTHER), order(7, RESUME)) == (1, 2)
    assert stopped(order(9, STOP), order(8, RESUME), order(8, STOP, OTHER), order(6, RESUME, OTHER)) == (1, 3)
    assert stopped(order(9, STOP), order(8, RESUME), order(7, STOP, OTHER), order(6, RESUME, OTHER)) == (2, 2)


def test_a_stop_by_hand_is_nobody_s_fault() -> None:
    assert stopped(order(9, STOP, cause="by hand"), order(7, RESUME)) == (0, 0)
    assert stopped(order(9, STOP, cause="rules"), order(7, RESUME, cause="by hand")) == (1, 2)


def test_an_order_that_is_not_done_has_stopped_nobody() -> None:
    waiting = WorkOrder(OrderId("ord"), ONE, STOP, OrderedProfile.ARREARS, "ledger", CorrelationId("cor"), ago(3))
    assert stopped(waiting) == (0, 0)


@given(
    st.lists(st.tuples(st.floats(0, 400), st.sampled_from([STOP, RESUME]), st.sampled_from([ONE, OTHER])), max_size=20)
)
def test_stops_are_no_longer_than_the_year_and_no_more_than_the_orders(
    drawn: list[tuple[float, OrderKind, Imsi]],
) -> None:
    count, days = stopped(*(order(*each) for each in sorted(drawn, key=lambda each: -each[0])))
    assert 0 <= count <= sum(kind is STOP for _, kind, _ in drawn)
    assert days <= 365 + count
