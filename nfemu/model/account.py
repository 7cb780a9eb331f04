"""Accounts, the ledger, and standing."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nfemu.model.identity import AccountId, Imsi
from nfemu.model.money import Money


class AccountKind(Enum):
    PERSONAL = "personal"
    UNIT = "unit"
    """A corporate account; a member sees only the own share of its arrears (S11)."""


class Standing(Enum):
    """A pure function of ledger, credit rules and now (architecture, section 4)."""

    IN_CREDIT = "in credit"
    IN_GRACE = "in grace"
    """Below zero, but within the credit limit."""
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Account:
    id: AccountId
    kind: AccountKind
    currency: str
    credit_limit: Money
    """How far below zero the balance may fall before the account is overdue (S25), grants left aside."""
    level: int = 5
    """Credit level 1 to 10 (S20)."""
    granted: int = 0
    """Minor units of credit beside the limit, by grants that have not expired (S1b)."""

    @property
    def limit(self) -> Money:
        """How far below zero the balance may fall now, grants included."""
        return self.credit_limit + Money(self.granted, self.currency)


class EntryKind(Enum):
    CHARGE = "charge"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the append-only ledger. `amount` is signed: a charge is negative, a payment positive.

    `trade_no` is the provider's number of a payment or the caller's idempotency key; unique where present.
    `imsi` names the card that caused or paid it; the personal share of a unit account is the sum over it.
    """

    account: AccountId
    kind: EntryKind
    amount: Money
    at: datetime
    """Business time."""
    trade_no: str | None = None
    imsi: Imsi | None = None
    note: str = ""
