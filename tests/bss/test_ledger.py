"""The ledger: signed entries, one per trade number."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.bss import ledger
from nfemu.model.account import Account, AccountKind, EntryKind, LedgerEntry
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.identity import AccountId, Imsi
from nfemu.model.money import MAX_MINOR, Money

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CARD, OTHER = Imsi("460000000000001"), Imsi("460000000000002")
ACCOUNT = Account(AccountId("zhang"), AccountKind.PERSONAL, "CNY", Money(0))


def test_a_charge_is_negative_and_a_payment_positive() -> None:
    charge = ledger.charge(ACCOUNT, CARD, Money(5900), NOW, "November", None)
    assert (charge.kind, charge.amount, charge.trade_no, charge.note) == (
        EntryKind.CHARGE,
        Money(-5900),
        None,
        "November",
    )
    payment = ledger.payment(ACCOUNT, CARD, Money(5900), NOW, "sandbox", "T1")
    assert (payment.kind, payment.amount, payment.trade_no) == (EntryKind.PAYMENT, Money(5900), "sandbox/T1")


def test_numbers_of_different_origin_never_meet() -> None:
    charge = ledger.charge(ACCOUNT, CARD, Money(1), NOW, "", "T1")
    assert charge.trade_no == "charge/T1"
    assert ledger.payment(ACCOUNT, CARD, Money(1), NOW, "other", "T1").trade_no == "other/T1"


def test_a_refund_takes_back_and_is_no_use() -> None:
    refund = ledger.refund(ACCOUNT, CARD, Money(2900), NOW, "sandbox", "R1")
    assert (refund.kind, refund.amount, refund.trade_no) == (EntryKind.CHARGE, Money(-2900), "refund/sandbox/R1")
    assert ledger.is_refund(refund)
    assert not ledger.is_refund(ledger.charge(ACCOUNT, CARD, Money(1), NOW, "", None))
    assert not ledger.is_refund(ledger.payment(ACCOUNT, CARD, Money(1), NOW, "sandbox", "T1"))


@pytest.mark.parametrize("minor", [0, -1, MAX_MINOR + 1])
def test_amounts_are_positive_and_bounded(minor: int) -> None:
    with pytest.raises(InvalidInput, match="is out of range"):
        ledger.charge(ACCOUNT, CARD, Money(minor), NOW, "", None)


def test_amounts_are_in_the_accounts_currency() -> None:
    with pytest.raises(InvalidInput, match="amount is in EUR, account `zhang` is kept in CNY"):
        ledger.payment(ACCOUNT, CARD, Money(1, "EUR"), NOW, "sandbox", "T1")


@pytest.mark.parametrize("number", ["", "x" * 65, "T\n1", "单"])
def test_a_number_is_short_and_printable(number: str) -> None:
    with pytest.raises(InvalidInput, match="is not 1 to 64 printable ASCII characters"):
        ledger.payment(ACCOUNT, CARD, Money(1), NOW, "sandbox", number)


def test_a_repeat_is_the_same_entry_at_any_time() -> None:
    entry = ledger.payment(ACCOUNT, CARD, Money(1), NOW, "sandbox", "T1")
    later = ledger.payment(ACCOUNT, CARD, Money(1), NOW.replace(hour=9), "sandbox", "T1")
    assert not ledger.is_repeat(None, entry)
    assert ledger.is_repeat(entry, later)


@pytest.mark.parametrize(
    "other",
    [
        ledger.payment(ACCOUNT, CARD, Money(2), NOW, "sandbox", "T1"),
        ledger.payment(ACCOUNT, OTHER, Money(1), NOW, "sandbox", "T1"),
    ],
)
def test_the_same_number_for_something_else_is_a_conflict(other: LedgerEntry) -> None:
    with pytest.raises(Conflict, match="`sandbox/T1` is already booked with another amount or account"):
        ledger.is_repeat(ledger.payment(ACCOUNT, CARD, Money(1), NOW, "sandbox", "T1"), other)


@given(st.lists(st.tuples(st.sampled_from([None, CARD, OTHER]), st.integers(-10_000, 10_000))))
def test_shares_and_what_has_no_card_make_the_balance(parts: list[tuple[Imsi | None, int]]) -> None:
    entries = [LedgerEntry(ACCOUNT.id, EntryKind.CHARGE, Money(minor), NOW, None, imsi) for imsi, minor in parts]
    shares = ledger.shares(entries, "CNY")
    rest = sum(minor for imsi, minor in parts if imsi is None)
    assert ledger.balance(entries, "CNY").minor == rest + sum(share.minor for share in shares.values())
