"""What is told of orders that were done, and of payments that were booked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from nfemu.bss.order_report import Spread, of_kinds, posting
from nfemu.model.identity import AccountId, CorrelationId, Imsi, OrderId, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import OrderKind, OrderState, Payment, PaymentState, WorkOrder
from nfemu.model.subscriber import OrderedProfile

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CARD = Imsi("460000000000001")


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def done(number: int, kind: OrderKind, waited: int, took: int) -> WorkOrder:
    return WorkOrder(
        OrderId(f"ord-{number}"),
        CARD,
        kind,
        OrderedProfile.ARREARS,
        "ledger",
        CorrelationId("cor"),
        NOW,
        OrderState.DONE,
        done_at=NOW + seconds(took),
        executed_at=NOW + seconds(waited),
    )


def test_ranks_are_durations_that_occurred() -> None:
    assert Spread.of(seconds(n) for n in range(1, 101)) == Spread(seconds(50), seconds(95), seconds(100))
    assert Spread.of([seconds(3)]) == Spread(seconds(3), seconds(3), seconds(3))
    assert Spread.of([]) is None


def test_kinds_are_told_apart_and_what_is_older_is_left_out() -> None:
    orders = [
        done(1, OrderKind.STOP, 10, 11),
        done(2, OrderKind.STOP, 20, 22),
        done(3, OrderKind.RESUME, 1, 2),
        done(4, OrderKind.REACTIVATE, 20, 20),
    ]
    stop, resume, profile = of_kinds(orders, NOW + seconds(3))
    assert (stop.kind, stop.done, resume.done, profile.done) == (OrderKind.STOP, 2, 0, 0)
    assert stop.waited == Spread(seconds(10), seconds(20), seconds(20))
    assert stop.took == Spread(seconds(11), seconds(22), seconds(22))
    assert resume.waited is None


def test_posting_is_from_the_providers_word_to_the_ledger() -> None:
    def paid(paid_at: datetime | None) -> Payment:
        payment = Payment(PaymentNo("p"), AccountId("zhang"), CARD, Money(100), "p", NOW, NOW, PaymentState.PAID)
        return replace(payment, paid_at=paid_at, posted_at=NOW)

    found = posting([paid(NOW - seconds(2)), paid(NOW + seconds(1)), paid(None)])
    assert found == Spread(seconds(0), seconds(2), seconds(2))
