"""What a decision has to know of the ledger."""

from dataclasses import replace
from datetime import date

import pytest

from nfemu.bss.dunning.history import History, history_of
from nfemu.model.account import EntryKind, LedgerEntry
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from tests.bss.dunning.making import MAIN, SHANGHAI, at

NOW = at(20, 12)


def entry(day: int, hour: int, minor: int, number: str | None = None) -> LedgerEntry:
    kind = EntryKind.PAYMENT if minor > 0 else EntryKind.CHARGE
    return LedgerEntry(AccountId("zhang"), kind, Money(minor), at(day, hour), number, MAIN)


FEE = entry(1, 3, -5900, "fee/basic/1/2026-11")


@pytest.mark.parametrize(
    ("entries", "balance", "since"),
    [
        ([FEE], -2900, at(1, 3)),
        ([FEE, entry(5, 9, 1000), entry(6, 9, -100)], -2000, at(1, 3)),
        ([FEE, entry(5, 9, 9000), entry(6, 9, -9000)], -2000, at(6, 9)),
        ([FEE, entry(5, 9, 9000)], 3000, None),
        ([entry(6, 9, -100)], -9000, at(6, 9)),
        ([], -9000, NOW),
        ([], 0, None),
        ([FEE], -500, None),
    ],
)
def test_since_when_it_is_overdue(entries: list[LedgerEntry], balance: int, since: object) -> None:
    """Beyond a limit of ¥5."""
    assert history_of(entries, Money(balance), Money(500), SHANGHAI, NOW).overdue_since == since


def test_payments_use_and_spend_by_day() -> None:
    entries = [FEE, entry(5, 9, 9000), entry(6, 1, -100), entry(6, 23, -50), entry(7, 2, -30, "charge/k")]
    assert history_of(entries, Money(100), Money(0), SHANGHAI, NOW) == History(
        None, at(5, 9), at(7, 2), {date(2026, 11, 6): Money(150), date(2026, 11, 7): Money(30)}
    )


def test_an_opening_balance_was_paid_by_nobody() -> None:
    opening = [replace(entry(5, 9, minor), imsi=None) for minor in (9000, -9000)]
    assert history_of(opening, Money(0), Money(0), SHANGHAI, NOW) == History()
