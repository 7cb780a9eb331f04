"""What a decision has to know of the ledger: since when the account is overdue, its last payment, what it spends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from nfemu.bss.ledger import is_refund
from nfemu.model.account import EntryKind, LedgerEntry
from nfemu.model.money import Money

_FEES = ("fee/", "service/")
"""Trade numbers of what is charged without any use."""


@dataclass(frozen=True, slots=True)
class History:
    """`overdue_since` None: the account is not. `spend` is by day, in the carrier's zone."""

    overdue_since: datetime | None = None
    last_payment_at: datetime | None = None
    last_use_at: datetime | None = None
    spend: dict[date, Money] = field(default_factory=dict)


def history_of(entries: Sequence[LedgerEntry], balance: Money, limit: Money, zone: tzinfo, now: datetime) -> History:
    """Of the latest entries, oldest first, which led to `balance`. Where the account was overdue before all of them,
    it is so since the first of them; where there are none, since now.

    An opening balance is of no card: nobody paid or used it.
    """
    own = [entry for entry in entries if entry.imsi is not None]
    payments = [entry.at for entry in own if entry.kind is EntryKind.PAYMENT]
    used = [entry for entry in own if entry.kind is EntryKind.CHARGE and not (_is_fee(entry) or is_refund(entry))]
    spend: dict[date, Money] = {}
    for entry in used:
        day = entry.at.astimezone(zone).date()
        spend[day] = spend.get(day, Money(0, balance.currency)) - entry.amount
    return History(
        _overdue_since(entries, balance, limit, now),
        max(payments, default=None),
        max((entry.at for entry in used), default=None),
        spend,
    )


def _is_fee(entry: LedgerEntry) -> bool:
    return entry.trade_no is not None and entry.trade_no.startswith(_FEES)


def _overdue_since(entries: Sequence[LedgerEntry], balance: Money, limit: Money, now: datetime) -> datetime | None:
    """Backwards through the balances, as long as they are beyond the limit."""
    since = now if (balance + limit).minor < 0 else None
    for entry in reversed(entries):
        if (balance + limit).minor >= 0:
            break
        since, balance = entry.at, balance - entry.amount
    return since
