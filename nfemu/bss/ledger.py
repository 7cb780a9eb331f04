"""The ledger: append-only, in minor units, one entry per trade number.

The `trade_no` of an entry says where it comes from, so that numbers of different origin can never meet:
`<provider>/<provider's number>` for a payment, `charge/<caller's key>` for a charge that may be repeated, `fee/…` and
`service/…` for what falls due by the calendar (`fees`), `data/…` and `voice/…` for what is used (`tariffs`),
`refund/<provider>/<its number>` for what has gone back to a payer.
"""

from collections.abc import Iterable
from datetime import datetime

from nfemu.model.account import Account, EntryKind, LedgerEntry
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.identity import Imsi
from nfemu.model.money import MAX_MINOR, Money

_REFUND = "refund/"
_LONGEST_NUMBER = 64
"""Characters of a trade number or idempotency key."""


def charge(account: Account, imsi: Imsi, amount: Money, at: datetime, note: str, key: str | None) -> LedgerEntry:
    """The entry that takes `amount` (positive) from the account. Raises InvalidInput."""
    check_amount(account, amount)
    trade_no = None if key is None else _number("charge", key, "idempotency key")
    return LedgerEntry(account.id, EntryKind.CHARGE, -amount, at, trade_no, imsi, note)


def fee(account: Account, imsi: Imsi, amount: Money, at: datetime, note: str, trade_no: str) -> LedgerEntry:
    """The entry that takes what is due by a price list, under a number of the carrier's own. Raises InvalidInput."""
    check_amount(account, amount)
    return LedgerEntry(account.id, EntryKind.CHARGE, -amount, at, trade_no, imsi, note)


def payment(account: Account, imsi: Imsi, amount: Money, at: datetime, provider: str, trade_no: str) -> LedgerEntry:
    """The entry that adds `amount` (positive), under the provider's number of it. Raises InvalidInput."""
    check_amount(account, amount)
    return LedgerEntry(account.id, EntryKind.PAYMENT, amount, at, payment_number(provider, trade_no), imsi)


def payment_number(provider: str, trade_no: str) -> str:
    """The trade number of a payment's entry. Raises InvalidInput."""
    return _number(provider, trade_no, "trade number")


def refund(account: Account, imsi: Imsi, amount: Money, at: datetime, provider: str, number: str) -> LedgerEntry:
    """The entry that takes `amount` (positive) back out, under the provider's number of the refund. Raises
    InvalidInput."""
    check_amount(account, amount)
    return LedgerEntry(account.id, EntryKind.CHARGE, -amount, at, refund_number(provider, number), imsi)


def refund_number(provider: str, number: str) -> str:
    """The trade number of a refund's entry. Raises InvalidInput."""
    return _number(f"{_REFUND}{provider}", number, "refund number")


def is_refund(entry: LedgerEntry) -> bool:
    """Money that went back, which nobody has used."""
    return entry.trade_no is not None and entry.trade_no.startswith(_REFUND)


def is_refund_by(provider: str, entry: LedgerEntry) -> bool:
    return entry.trade_no is not None and entry.trade_no.startswith(f"{_REFUND}{provider}/")


def check_amount(account: Account, amount: Money) -> None:
    """Raises InvalidInput unless `amount` is positive, within range and in the account's currency."""
    if amount.currency != account.currency:
        raise InvalidInput(f"amount is in {amount.currency}, account `{account.id}` is kept in {account.currency}")
    if not 0 < amount.minor <= MAX_MINOR:
        raise InvalidInput(
            f"amount `{amount.decimal()}` is out of range; "
            f"give more than zero and at most {Money(MAX_MINOR, amount.currency)}"
        )


def is_repeat(known: LedgerEntry | None, entry: LedgerEntry) -> bool:
    """Has `entry` been booked already? `known` is what the ledger holds under its trade number.

    Raises Conflict where that is something else: same number, other account, card or amount.
    """
    if known is None:
        return False
    if (known.account, known.imsi, known.amount) != (entry.account, entry.imsi, entry.amount):
        raise Conflict(f"`{entry.trade_no}` is already booked with another amount or account; use a new number")
    return True


def balance(entries: Iterable[LedgerEntry], currency: str) -> Money:
    """The sum; an account without entries has zero."""
    return sum((entry.amount for entry in entries), start=Money(0, currency))


def shares(entries: Iterable[LedgerEntry], currency: str) -> dict[Imsi, Money]:
    """The sum per card that caused or paid; what belongs to no card (an opening balance) is left out."""
    found: dict[Imsi, Money] = {}
    for entry in entries:
        if entry.imsi is not None:
            found[entry.imsi] = found.get(entry.imsi, Money(0, currency)) + entry.amount
    return found


def check_key(key: str) -> str:
    """The caller's key, under which something counts once. Raises InvalidInput."""
    return _checked(key, "idempotency key")


def _number(origin: str, number: str, what: str) -> str:
    return f"{origin}/{_checked(number, what)}"


def _checked(number: str, what: str) -> str:
    if not 0 < len(number) <= _LONGEST_NUMBER or not number.isascii() or not number.isprintable():
        raise InvalidInput(
            f"{what} `{number[:_LONGEST_NUMBER]}` is not 1 to {_LONGEST_NUMBER} printable ASCII characters"
        )
    return number
