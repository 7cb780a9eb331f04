"""Auto-deduct (G19): the agreement by which a provider pays what an account owes, and each deduction made by it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nfemu.model.identity import AccountId, AgreementNo, CorrelationId, DeductionNo, Imsi
from nfemu.model.money import Money


class AgreementState(Enum):
    SIGNED = "signed"
    REVOKED = "revoked"
    """By the subscriber, at the carrier or at the provider: nothing is deducted by it any more."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Signed at a provider for a whole account, which has one at most. Times are business time."""

    no: AgreementNo
    account: AccountId
    imsi: Imsi
    """The card that signed it; deductions are its payments."""
    provider: str
    contract: str
    """The provider's number of it."""
    cap: Money
    """The most that one deduction may take. Where more is due, nothing is deducted."""
    signed_at: datetime
    state: AgreementState = AgreementState.SIGNED
    revoked_at: datetime | None = None


class Bank(Enum):
    """What the emulated bank of a payer answers to a deduction."""

    ACCEPT = "accept"
    DECLINE = "decline"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    """It takes the question and never answers."""


@dataclass(frozen=True, slots=True)
class Contract:
    """An agreement as the built-in provider keeps it. `ended`: by either side; nothing is deducted any more."""

    number: str
    bank: Bank = Bank.ACCEPT
    ended: bool = False


class DeductionState(Enum):
    """`REQUESTED`: the provider is being asked, and the account's lines wait for what it says. `UNANSWERED`: it could
    not be reached or said nothing in time; dunning has gone on, and it is asked again under the same number.
    `DEDUCTED`: in the ledger. `DECLINED`: nothing was taken, and by this number nothing ever will be."""

    REQUESTED = "requested"
    UNANSWERED = "unanswered"
    DEDUCTED = "deducted"
    DECLINED = "declined"


OPEN_DEDUCTIONS = frozenset({DeductionState.REQUESTED, DeductionState.UNANSWERED})


@dataclass(frozen=True, slots=True)
class Deduction:
    """One demand on an agreement. Times are business time."""

    no: DeductionNo
    agreement: AgreementNo
    account: AccountId
    imsi: Imsi
    provider: str
    amount: Money
    before: Money
    """The balance before the entry that ran it out: what dunning compares with, should the deduction fail."""
    correlation: CorrelationId
    requested_at: datetime
    state: DeductionState = DeductionState.REQUESTED
    retry_at: datetime | None = None
    """When an unanswered one is asked about again."""
    trade_no: str | None = None
    """The provider's number of the payment, once deducted."""


@dataclass(frozen=True, slots=True)
class Deducted:
    """A provider's answer: the money was taken, under this number of its."""

    trade_no: str


@dataclass(frozen=True, slots=True)
class Declined:
    """A provider's answer: nothing was taken, and nothing will be by this deduction."""

    reason: str
    revoked: bool = False
    """The payer has ended the agreement at the provider."""


DeductionAnswer = Deducted | Declined
