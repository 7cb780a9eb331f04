"""Credit that an account is given for a while, beside its limit."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nfemu.model.identity import AccountId, GrantId, Imsi
from nfemu.model.money import Money


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
