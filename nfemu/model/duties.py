"""What an account has to expect of the future, as it is stored: one moment for each kind of duty."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from nfemu.model.identity import AccountId


class DutyKind(Enum):
    """The values are what is stored, and the order in which duties of one moment are done: money first, then what is
    concluded from it."""

    FEES = 1
    """The next fee of a plan or a service (S1, S1b)."""
    GRANTS = 2
    """The next grant of credit that expires (S1b)."""
    CREDIT = 3
    """The next recomputing of the credit level (S20)."""
    DUNNING = 4
    """The next moment at which dunning could decide otherwise (S5, S22, S23)."""


@dataclass(frozen=True, slots=True)
class AccountDuty:
    account: AccountId
    kind: DutyKind
    due_at: datetime
    """The account's own time, as of which the duty is done."""
    ahead: timedelta = timedelta(0)
    """How far the account's clock is ahead of the carrier's."""

    @property
    def comes_at(self) -> datetime:
        """By the carrier's clock."""
        return self.due_at - self.ahead
