"""How an account paid, in the inputs of the scorecard (S20): what its entries and orders of a year come to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from nfemu.bss.credit import CreditInput
from nfemu.bss.ledger import is_refund
from nfemu.bss.order_queue import BY_HAND
from nfemu.model.account import EntryKind, LedgerEntry
from nfemu.model.credits import CreditRecord
from nfemu.model.identity import Imsi
from nfemu.model.money import Money
from nfemu.model.orders import OrderKind, WorkOrder

YEAR = timedelta(days=365)
"""How far back stops and payments count."""
_SPEND_MONTHS = 6
_MONTH = timedelta(days=30)
_DAY = timedelta(days=1)

Span = tuple[datetime, datetime]


def history(record: CreditRecord, balance: Money, now: datetime) -> Mapping[CreditInput, int]:
    """Every input, as of `now`: what came later does not count, nor does what is a year old. `balance`: the present."""
    paid = _of_cards(record, EntryKind.PAYMENT, now - YEAR, now)
    stopped = _stopped(record.orders, now)
    return {
        CreditInput.SPEND: _spend(record, now),
        CreditInput.STOPS: len(stopped),
        CreditInput.STOPPED_DAYS: sum(-((begin - end) // _DAY) for begin, end in stopped),
        CreditInput.PAID_AHEAD: _paid_ahead(record, balance, paid),
        CreditInput.PAYMENT: _total(paid) // len(paid) if paid else 0,
        CreditInput.MONTHS: _months(record, now),
    }


def _of_cards(record: CreditRecord, kind: EntryKind, after: datetime, until: datetime) -> list[LedgerEntry]:
    """Without the opening balance, which is of no card: nobody paid or used that."""
    own = [entry for entry in record.entries if entry.imsi is not None and not is_refund(entry)]
    entries = [entry for entry in own if entry.kind is kind]
    return [entry for entry in entries if after < entry.at <= until]


def _total(entries: Sequence[LedgerEntry]) -> int:
    """In whole units of the currency."""
    return sum((entry.amount for entry in entries[1:]), start=entries[0].amount).whole() if entries else 0


def _months(record: CreditRecord, now: datetime) -> int:
    return 0 if record.since is None else max(0, (now - record.since) // _MONTH)


def _spend(record: CreditRecord, now: datetime) -> int:
    months = min(_SPEND_MONTHS, max(1, _months(record, now)))
    return _total(_of_cards(record, EntryKind.CHARGE, now - months * _MONTH, now)) // months


def _paid_ahead(record: CreditRecord, balance: Money, paid: Sequence[LedgerEntry]) -> int:
    """Goes back from the present balance: what stood before each payment is what it was paid on."""
    ahead, present = [], balance
    for entry in reversed(record.entries):
        balance = balance - entry.amount
        if entry in paid:
            ahead.append(balance.minor >= 0)
    ahead = ahead or [present.minor >= 0]
    return 100 * sum(ahead) // len(ahead)


def _stopped(orders: Sequence[WorkOrder], now: datetime) -> list[Span]:
    """When a card of the account was stopped within the last year; what overlaps is one stop."""
    begun: dict[Imsi, datetime] = {}
    spans: list[Span] = []
    for order in orders:
        if order.felt_at is None:
            continue
        if order.kind is OrderKind.STOP and order.cause != BY_HAND:
            begun.setdefault(order.imsi, order.felt_at)
        elif order.kind is OrderKind.RESUME and order.imsi in begun:
            spans.append((begun.pop(order.imsi), order.felt_at))
    spans += [(begin, now) for begin in begun.values()]
    return _merged(
        [(max(begin, now - YEAR), min(end, now)) for begin, end in spans if end > now - YEAR and begin <= now]
    )


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged
