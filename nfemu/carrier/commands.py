"""What a use case may ask of the outside, one command at a time.

`answer = yield from ask(command)` is the only way out of a use case; the type of the answer is the command's
parameter. A command that fails raises one of `nfemu.model.errors` at that place.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeAlias, TypeVar

from nfemu.bss.order_queue import Admission
from nfemu.carrier.ports import AccountView, Change, Delivery, LineState, PaymentView
from nfemu.epc.pgw import Reservation
from nfemu.model.account import LedgerEntry
from nfemu.model.agreements import Agreement, Deduction, DeductionAnswer
from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.credits import CreditGrant, CreditRecord
from nfemu.model.destination import IpAddress
from nfemu.model.duties import AccountDuty
from nfemu.model.identity import AccountId, CorrelationId, Imsi, Msisdn, PaymentNo
from nfemu.model.notices import Notice, NoticeKind
from nfemu.model.orders import Payment, Receipt, RefundAnswer, WorkOrder
from nfemu.model.plans import Measured
from nfemu.model.subscriber import ApnProfile, Subscriber

T = TypeVar("T")


class Command(Generic[T]):
    """Something to be done outside; `T` is what comes back."""

    __slots__ = ()


Step: TypeAlias = Generator[Command[Any], Any, T]
"""A use case, or a part of one, that ends in a `T`."""


def ask(command: Command[T]) -> Step[T]:
    """Yield one command and return its answer, typed."""
    answer: T = yield command
    return answer


@dataclass(frozen=True, slots=True)
class Begin(Command[CorrelationId]):
    """Start the clock of a new correlation: from here its events count their milliseconds."""


@dataclass(frozen=True, slots=True)
class Now(Command[datetime]):
    """Business time: that of the locked account, which may be on a clock of its own."""


@dataclass(frozen=True, slots=True)
class CarrierNow(Command[datetime]):
    """The carrier's business time, by which orders and sessions are dated, whatever clock the account is on."""


@dataclass(frozen=True, slots=True)
class LoadAhead(Command[timedelta]):
    """How far the account's clock is ahead of the carrier's."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class NewId(Command[str]):
    prefix: str


@dataclass(frozen=True, slots=True)
class Lock(Command[None]):
    """From here to its end this use case is alone on `account`. At most one account per use case."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class LoadSubscriber(Command[Subscriber | None]):
    msisdn: Msisdn


@dataclass(frozen=True, slots=True)
class LoadAccount(Command[AccountView | None]):
    account: AccountId


@dataclass(frozen=True, slots=True)
class LoadEntry(Command[LedgerEntry | None]):
    trade_no: str


@dataclass(frozen=True, slots=True)
class LoadGrants(Command[list[CreditGrant]]):
    """The account's open ones, those that expire first in front."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class LoadDuties(Command[list[AccountDuty]]):
    """Those of the account."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class LoadLedgerSince(Command[list[LedgerEntry]]):
    """The account's entries from then on, oldest first."""

    account: AccountId
    since: datetime


@dataclass(frozen=True, slots=True)
class LoadToldSince(Command[list[Notice]]):
    """What the account's cards were sent, or will be, of what was made from then on; oldest first."""

    account: AccountId
    since: datetime


@dataclass(frozen=True, slots=True)
class LoadCreditRecord(Command[CreditRecord]):
    """See `ports.Store.credit_record`."""

    account: AccountId
    since: datetime


@dataclass(frozen=True, slots=True)
class LoadConsumption(Command[Consumption | None]):
    """None: nothing was used in that month."""

    imsi: Imsi
    month: date
    measured: Measured


@dataclass(frozen=True, slots=True)
class LoadPosted(Command[PostedUsage | None]):
    """What was posted under that key."""

    key: str


@dataclass(frozen=True, slots=True)
class LoadPayment(Command[Payment | None]):
    no: PaymentNo


@dataclass(frozen=True, slots=True)
class LoadPaymentView(Command[PaymentView | None]):
    """`trade_no` as the ledger has it."""

    no: PaymentNo
    trade_no: str


@dataclass(frozen=True, slots=True)
class LoadUnpaid(Command[list[Payment]]):
    """The card's payment orders in state CREATED, oldest first."""

    imsi: Imsi


@dataclass(frozen=True, slots=True)
class LoadPendingNotices(Command[list[Notice]]):
    """Of the account's cards, oldest first."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class LoadInbox(Command[list[Notice]]):
    """What the card has received, newest first: as far back as anybody would look."""

    imsi: Imsi


@dataclass(frozen=True, slots=True)
class LoadLastNotice(Command[Notice | None]):
    """The latest of that kind that was sent to the card."""

    imsi: Imsi
    kind: NoticeKind


@dataclass(frozen=True, slots=True)
class Emit(Command[None]):
    """An event for the timeline, stamped now, written with the next commit and only with it."""

    imsi: Imsi
    correlation: CorrelationId
    name: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Admit(Command[Admission]):
    """What becomes of a created order now (S26). Its place in the queue comes back unless a commit puts the order."""

    order: WorkOrder


@dataclass(frozen=True, slots=True)
class Commit(Command[None]):
    """Make the changes and the events since the last commit durable, all or none. The PGW's table follows them."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Reserve(Command[Reservation]):
    """Set addresses aside. They come back by themselves unless a commit puts this subscriber's session."""

    subscriber: Subscriber
    profile: ApnProfile


@dataclass(frozen=True, slots=True)
class Apply(Command[None]):
    """Returns when every enforcement point has acknowledged every state."""

    states: tuple[LineState, ...]


@dataclass(frozen=True, slots=True)
class Deliver(Command[Delivery]):
    """Hand the message to its channel. Unavailable: the channel cannot be asked now."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class OrderAtProvider(Command[str]):
    """The URL of the provider's payment page, to be shown in `language` (empty: as the browser wants), to a phone that
    comes from `address` (None: whatever the line has)."""

    payment: Payment
    return_url: str
    language: str
    address: IpAddress | None = None


@dataclass(frozen=True, slots=True)
class FindAtProvider(Command[Receipt | None]):
    """What the provider has for the order. Unavailable: not known."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class CloseAtProvider(Command[Receipt | None]):
    """Have the provider never take the order's money, unless it has. Unavailable: not known."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class RefundAtProvider(Command[RefundAnswer]):
    """Have the provider give all of it back. Unavailable: not known."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class SignAtProvider(Command[str]):
    """The provider's number of the contract."""

    agreement: Agreement


@dataclass(frozen=True, slots=True)
class RevokeAtProvider(Command[None]):
    contract: str


@dataclass(frozen=True, slots=True)
class Deduct(Command[DeductionAnswer]):
    """Have the provider take the money by the contract. Unavailable: whether it was taken is not known."""

    deduction: Deduction
    contract: str


@dataclass(frozen=True, slots=True)
class CloseDeduction(Command[DeductionAnswer]):
    """Have the provider never take the money by this deduction, unless it has. Unavailable: not known."""

    deduction: Deduction


@dataclass(frozen=True, slots=True)
class AskAgainLater(Command[None]):
    """`deduction` is asked about again at its `retry_at` (`agreements.ask_again`)."""

    deduction: Deduction


@dataclass(frozen=True, slots=True)
class FinishLater(Command[None]):
    """Something of `account` is left to do; try again soon (`resume.finish`)."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class SendLater(Command[None]):
    """Notices are pending that their channels may take from `at` on (`recheck.send`)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class ReactivateLater(Command[None]):
    """Sessions of `account` get new addresses once the success page has been delivered (`resume.reactivate`)."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class RefundLater(Command[None]):
    """Payments of `account` are to be given back (`refunds.give_back`)."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class InquireLater(Command[None]):
    """The provider is asked about `payment` as long as it is open (`inquiries.inquire`)."""

    payment: Payment
