"""Credit that an account is given for a while, beside its limit; and what its credit level is computed from."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nfemu.model.account import LedgerEntry
from nfemu.model.identity import AccountId, GrantId, Imsi
from nfemu.model.money import Money
from nfemu.model.orders import WorkOrder


class GrantState(Enum):
    OPEN = "open"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """Until `expires_at` the balance may fall further below zero by `amount`. Times are business time."""

    id: GrantId
    account: AccountId
    imsi: Imsi
    """The card for which it was asked; the whole account has it."""
    amount: Money
    reason: str
    granted_at: datetime
    expires_at: datetime
    state: GrantState = GrantState.OPEN


@dataclass(frozen=True, slots=True)
class CreditRecord:
    """What is known of how an account paid. `entries`: of the ledger, in the order of booking, up to the latest.
    `orders`: stops and resumes of its cards that are done, in the order in which they were. `since`: the time of its
    first entry, which may be long before those here; None: there is none."""

    entries: tuple[LedgerEntry, ...]
    orders: tuple[WorkOrder, ...]
    since: datetime | None
