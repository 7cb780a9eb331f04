"""How stop and resume orders fare (S26), and how long they and top-ups take (S28)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nfemu.model.orders import OrderKind, OrderState, Payment, WorkOrder


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several durations, by the nearest rank; each is one that occurred."""

    median: timedelta
    p95: timedelta
    longest: timedelta

    @classmethod
    def of(cls, durations: Iterable[timedelta]) -> "Spread | None":
        """None where there are none."""
        rising = sorted(durations)
        if not rising:
            return None
        return cls(_at_rank(rising, 50), _at_rank(rising, 95), rising[-1])


@dataclass(frozen=True, slots=True)
class KindReport:
    """Orders of one kind that were done. `waited`: from creation to execution, in both queues. `took`: to the last
    acknowledgement."""

    kind: OrderKind
    done: int
    waited: Spread | None
    took: Spread | None


def of_kinds(orders: Iterable[WorkOrder], since: datetime) -> list[KindReport]:
    """Of those that were done at or after `since`, kind by kind; what is not queued is left out."""
    done = [order for order in orders if order.state is OrderState.DONE and order.done_at and order.done_at >= since]
    return [_of_kind(kind, done) for kind in OrderKind if kind is not OrderKind.REACTIVATE]


def posting(payments: Iterable[Payment]) -> Spread | None:
    """From the moment at which a payer paid, by the provider's clock, to the ledger. One that is said to be paid later
    than it was booked took no time."""
    times = [(each.paid_at, each.posted_at) for each in payments]
    return Spread.of(max(timedelta(0), posted - paid) for paid, posted in times if paid and posted)


def _of_kind(kind: OrderKind, done: Iterable[WorkOrder]) -> KindReport:
    own = [order for order in done if order.kind is kind]
    waited = Spread.of(order.executed_at - order.created_at for order in own if order.executed_at)
    took = Spread.of(order.done_at - order.created_at for order in own if order.done_at)
    return KindReport(kind, len(own), waited, took)


def _at_rank(rising: Sequence[timedelta], percent: int) -> timedelta:
    return rising[-(-len(rising) * percent // 100) - 1]
