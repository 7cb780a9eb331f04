"""The ports: what the carrier asks of the outside. Outer rings implement them; tests have fakes.

Times: *business time* drives billing, orders and their expiry and may be a test clock; *wall time* drives
everything that foreign programs check (architecture, section 7). An account may be on a clock of its own, ahead of the
carrier's (`PutAhead`): ledger, fees, credit, messages and payment orders are dated by that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv6Network
from typing import Protocol

from nfemu.model.account import Account, LedgerEntry
from nfemu.model.agreements import Agreement, Deduction, DeductionAnswer
from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.credits import CreditGrant, CreditRecord
from nfemu.model.destination import IpAddress
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.identity import AccountId, Apn, Imsi, Msisdn, NoticeId, PaymentNo, PolicyName, SessionId
from nfemu.model.listing import AccountsWanted, CardsWanted, PaymentsWanted
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind, Relayed
from nfemu.model.orders import Payment, Receipt, RefundAnswer, WorkOrder
from nfemu.model.plans import Measured
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import Ambr, OrderedProfile, Subscriber, Subscription
from nfemu.model.timeline import TimelineEvent
from nfemu.model.usage import Usage


@dataclass(frozen=True, slots=True)
class Line:
    """A subscriber with the HSS record and the latest session, active or released (None: never attached)."""

    subscriber: Subscriber
    subscription: Subscription
    session: PdnSession | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account with everything a use case decides on; the unit of consistency and of locking.

    `balance` is the ledger's sum; `shares` the sum per card, for the personal share of a unit account (S11).
    `orders` are the unfinished ones (created, executed, or dead), oldest first.
    """

    account: Account
    balance: Money
    shares: Mapping[Imsi, Money]
    lines: tuple[Line, ...]
    orders: tuple[WorkOrder, ...] = ()
    agreement: Agreement | None = None
    """The signed one, by which a provider pays what is due (G19)."""
    deduction: Deduction | None = None
    """The open one: requested or unanswered. There is one at most."""


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment order and its account at one moment. `entry`: what the ledger has under the trade number asked for."""

    payment: Payment
    account: AccountView
    entry: LedgerEntry | None


@dataclass(frozen=True, slots=True)
class LineState:
    """What an enforcement point holds of one subscriber. `policy` None: not attached, everything is refused.

    `version` rises with every change of this subscriber, also over detach and attach; the latest wins.
    """

    imsi: Imsi
    msisdn: Msisdn
    session: SessionId | None
    policy: PolicyName | None
    generation: int
    version: int
    ue_ipv4: IPv4Address | None
    ue_ipv6: IPv6Network | None
    apn: Apn | None = None
    """The session's, for enrichment."""
    ambr: Ambr | None = None
    """Of the session's profile, for bearers; None, or 0 in a direction: as fast as the machine can."""


@dataclass(frozen=True, slots=True)
class PutAccount:
    account: Account


@dataclass(frozen=True, slots=True)
class PutSubscriber:
    """Insert or replace the card; a new one gets a Subscription of version 1, ordered open."""

    subscriber: Subscriber


@dataclass(frozen=True, slots=True)
class PutSubscription:
    """Replace the HSS record. Raises Conflict unless the stored version is exactly one lower."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class PutSession:
    session: PdnSession


@dataclass(frozen=True, slots=True)
class AppendEntry:
    """Append to the ledger. Raises Conflict when `trade_no` is taken."""

    entry: LedgerEntry


@dataclass(frozen=True, slots=True)
class PutOrder:
    order: WorkOrder


@dataclass(frozen=True, slots=True)
class PutNotice:
    notice: Notice


@dataclass(frozen=True, slots=True)
class Relay:
    """Keep a short message that was sent for receivers, until one of them has acknowledged it."""

    notice: NoticeId


@dataclass(frozen=True, slots=True)
class PutPayment:
    payment: Payment


@dataclass(frozen=True, slots=True)
class PutAgreement:
    """Raises Conflict where the account has another signed one."""

    agreement: Agreement


@dataclass(frozen=True, slots=True)
class PutDeduction:
    """Raises Conflict where the account has another open one."""

    deduction: Deduction


@dataclass(frozen=True, slots=True)
class PutGrant:
    """A new grant of credit, or one in a new state; the account's sum of open ones follows."""

    grant: CreditGrant


@dataclass(frozen=True, slots=True)
class PutLevel:
    """The credit level that the account has earned; it outranks the one that `PutAccount` gives."""

    account: AccountId
    level: int


@dataclass(frozen=True, slots=True)
class PutConsumption:
    consumption: Consumption


@dataclass(frozen=True, slots=True)
class PutPosted:
    """Raises Conflict where something was posted under that key."""

    posted: PostedUsage


@dataclass(frozen=True, slots=True)
class PutAhead:
    """The account is on a clock of its own, so far ahead of the carrier's from now on."""

    account: AccountId
    ahead: timedelta


@dataclass(frozen=True, slots=True)
class PutDuty:
    """When the account's duty of that kind falls due, instead of when it did; None: not any more."""

    account: AccountId
    kind: DutyKind
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlanDuty:
    """The account's duty of that kind falls due then, unless it has one."""

    account: AccountId
    kind: DutyKind
    due_at: datetime


@dataclass(frozen=True, slots=True)
class AddEvent:
    event: TimelineEvent


Change = (
    PutAccount
    | PutSubscriber
    | PutSubscription
    | PutSession
    | AppendEntry
    | PutOrder
    | PutNotice
    | Relay
    | PutPayment
    | PutAgreement
    | PutDeduction
    | PutGrant
    | PutLevel
    | PutConsumption
    | PutPosted
    | PutAhead
    | PutDuty
    | PlanDuty
    | AddEvent
)


class Store(Protocol):
    """Durable state. `commit` is atomic and durable when it returns; Unavailable means nothing was written."""

    async def commit(self, changes: Sequence[Change]) -> None: ...

    async def subscriber(self, msisdn: Msisdn) -> Subscriber | None: ...

    async def subscribers(self, *, after: Msisdn | None = None, limit: int = 100) -> list[Subscriber]:
        """By number, ascending, starting behind `after`."""

    async def subscriber_by_imsi(self, imsi: Imsi) -> Subscriber | None:
        """Work orders and notices name their line by IMSI; so do S6a and GTP."""

    async def count_subscribers(self) -> int: ...

    async def cards(self, wanted: CardsWanted, offset: int, limit: int) -> tuple[list[Subscriber], int]:
        """By number, so many of them left out; and how many there are."""

    async def accounts(self, wanted: AccountsWanted, offset: int, limit: int) -> tuple[list[AccountId], int]:
        """By name, so many of them left out; and how many there are."""

    async def payments(self, wanted: PaymentsWanted, offset: int, limit: int) -> tuple[list[Payment], int]:
        """Newest first, so many of them left out; and how many there are."""

    async def static_subscribers(self) -> list[Subscriber]:
        """Cards with a static address; nobody else may be given it, attached or not."""

    async def ordered_profiles(self) -> Mapping[Imsi, OrderedProfile]:
        """What is ordered for every card for which it is not `open`."""

    async def misplaced_accounts(self, resume_balance: Money, restricted: OrderedProfile) -> list[AccountId]:
        """Accounts with a line that is not where the rules want it, by name.

        Overdue and open, cleared and restricted (without a hold by hand), or restricted to another profile.
        """

    async def account(self, account: AccountId) -> AccountView | None: ...

    async def ledger(self, account: AccountId, limit: int = 100) -> list[LedgerEntry]:
        """Newest first."""

    async def ledger_since(self, account: AccountId, since: datetime) -> list[LedgerEntry]:
        """Entries from then on, oldest first."""

    async def told_since(self, account: AccountId, since: datetime) -> list[Notice]:
        """Of all its cards, what was made from then on and is to be sent or was; oldest first."""

    async def entry(self, trade_no: str) -> LedgerEntry | None: ...

    async def payment(self, no: PaymentNo) -> Payment | None: ...

    async def payment_view(self, no: PaymentNo, trade_no: str) -> PaymentView | None:
        """All that settling it needs, in one read. None where there is no such order."""

    async def open_payments(self) -> list[Payment]:
        """Payments in state CREATED, oldest first."""

    async def unpaid(self, imsi: Imsi) -> list[Payment]:
        """Those of one card."""

    async def open_deductions(self) -> list[Deduction]:
        """Deductions that are requested or unanswered, oldest first, over all accounts."""

    async def sessions(self) -> list[PdnSession]:
        """The latest session (highest policy version) of every subscriber that ever attached, active and released."""

    async def sessions_released_since(self, since: datetime) -> list[PdnSession]:
        """Sessions released at or after `since` (business time), superseded ones too, in order of release.

        Their addresses may still be on hold (G12). Reactivation releases one session and puts another, so a
        subscriber can have several; sessions are kept by their id.
        """

    async def unfinished_orders(self) -> list[WorkOrder]:
        """Orders in state CREATED, EXECUTED or DEAD, oldest first, over all accounts."""

    async def orders_moved_since(self, since: datetime) -> list[WorkOrder]:
        """Those that passed a stage or were done at or after `since` (business time), and those created since that
        have not, in the order of the last of it."""

    async def refunds_wanted(self) -> list[Payment]:
        """Payments whose money is to go back, oldest first."""

    async def payments_ordered(self, since: datetime, until: datetime) -> list[Payment]:
        """Ordered at or after `since` and before `until`, in that order."""

    async def refund_entries(self, since: datetime, until: datetime) -> list[LedgerEntry]:
        """What has gone back to payers, booked at or after `since` and before `until`; oldest first."""

    async def payments_posted_since(self, since: datetime) -> list[Payment]:
        """Booked at or after `since` (business time), in that order."""

    async def pending_notices(self, account: AccountId) -> list[Notice]:
        """Of the account's cards, oldest first."""

    async def notices_due(self, channel: Channel, now: datetime, limit: int) -> list[tuple[AccountId, NoticeId]]:
        """Pending ones that the channel may be given at `now`, the carrier's time, the most urgent and then the oldest
        first."""

    async def next_notice(self) -> datetime | None:
        """When the first pending one may be sent, by the carrier's clock; in the past where one may already."""

    async def relayed(self, limit: int) -> list[Relayed]:
        """Short messages that no receiver has acknowledged, in the order in which they were sent."""

    async def forget_relayed(self, notices: Sequence[NoticeId]) -> None:
        """Receivers have acknowledged them."""

    async def notices(self, imsi: Imsi, limit: int = 100) -> list[Notice]:
        """SENT ones, newest first: the phone's inbox."""

    async def last_notice(self, imsi: Imsi, kind: NoticeKind) -> Notice | None:
        """The newest SENT one of that kind."""

    async def events(self, imsi: Imsi, limit: int = 500) -> list[TimelineEvent]:
        """The latest `limit`, oldest first."""

    async def open_grants(self, account: AccountId) -> list[CreditGrant]:
        """Those of an account, which expire first in front."""

    async def credit_record(self, account: AccountId, since: datetime) -> CreditRecord:
        """Its entries from the first one that is dated after `since` on, and every stop and resume of its cards that is
        done."""

    async def consumption(self, imsi: Imsi, month: date, measured: Measured) -> Consumption | None:
        """`month`: its first day."""

    async def posted(self, key: str) -> PostedUsage | None:
        """What was posted under a key of its sender's."""

    async def next_duty(self) -> AccountDuty | None:
        """The first of all that are stored, due or not; see `duties_due` for the order."""

    async def duties_due(self, until: datetime, limit: int = 100) -> list[AccountDuty]:
        """What falls due by then, by the carrier's clock: by moment, kind (in the order of `DutyKind`) and account."""

    async def ahead(self) -> Mapping[AccountId, timedelta]:
        """The accounts on clocks of their own, and how far they are ahead of the carrier's."""

    async def cards_without_fees_planned(
        self, *, after: AccountId | None = None, limit: int = 1000
    ) -> list[Subscriber]:
        """Cards with a plan or services whose account has no duty of FEES: those of the first `limit` such accounts
        behind `after`, by account."""

    async def forget_duties(self, kind: DutyKind) -> None:
        """Nobody has one of that kind any more."""

    async def plan_duties(self, kind: DutyKind, at: datetime) -> None:
        """Every account without a duty of that kind has one then."""

    async def put_duties(self, kind: DutyKind, moments: Sequence[tuple[AccountId, datetime]]) -> None:
        """As `PutDuty` of each, many at a time."""

    async def duties(self, account: AccountId) -> list[AccountDuty]:
        """Those of one account, in the same order."""

    async def add_usage(self, day: date, usage: Sequence[Usage]) -> None:
        """Add to what lines have used in that business day (G7)."""

    async def usage(self, imsi: Imsi, day: date) -> list[Usage]:
        """By policy and group."""

    async def usage_of_day(self, day: date) -> list[Usage]:
        """Of all lines."""

    async def forget_usage(self, before: date) -> None:
        """Of all days before that one."""

    async def read_clock(self) -> datetime | None:
        """Where the test clock stood; None when it never ran, or business time has gone on without it."""

    async def write_clock(self, now: datetime | None) -> None: ...


class Enforcer(Protocol):
    """Every enforcement point of the user plane, as one."""

    async def apply(self, state: LineState) -> None:
        """Return when every point that serves traffic has acknowledged `state` or has been taken out."""


class Delivery(Enum):
    """What a channel says. `FULL`: it has no room in this second. `FAILED`: the message did not arrive."""

    TAKEN = "taken"
    FULL = "full"
    FAILED = "failed"


class Notifier(Protocol):
    async def send(self, notice: Notice) -> Delivery:
        """Hand the message to its channel. May be called again for one id after a crash; doubles are dropped."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Business time, aware."""


class IdSource(Protocol):
    def new(self, prefix: str, about: str = "") -> str:
        """A fresh identifier such as `ord-6fd1…`, unguessable where it leaves the house. `about`: what it is for, such
        as an account; those of one do not depend on what happens to others."""


class PaymentProvider(Protocol):
    """A payment provider as the portal (its merchant) sees it (G13)."""

    name: str

    async def create_order(self, payment: Payment, return_url: str, language: str, address: IpAddress | None) -> str:
        """Order the payment; the URL of the provider's payment page for the phone.

        `language` is the merchant's page's, empty where there was none; `address` the one by which the phone came to
        it, None where no phone did. Raises Unavailable: nothing was ordered.
        """

    async def find_order(self, payment: Payment) -> Receipt | None:
        """What became of an order; None: nobody has paid it. Raises Unavailable: not known."""

    async def close_order(self, payment: Payment) -> Receipt | None:
        """Nobody can pay the order any more, unless somebody has already. Raises Unavailable: not known."""

    async def refund(self, payment: Payment) -> RefundAnswer:
        """Give all of a payment back, once, however often it is asked. Raises Unavailable: not known."""

    async def sign(self, agreement: Agreement) -> str:
        """Agree to auto-deduct; the provider's number of the contract, the same however often it is asked."""

    async def revoke(self, contract: str) -> None:
        """End a contract. No error for one that has ended."""

    async def deduct(self, deduction: Deduction, contract: str) -> DeductionAnswer:
        """Take the money, once for each number of a deduction, however often it is asked.

        Raises Unavailable: whether it was taken is not known.
        """

    async def close_deduction(self, deduction: Deduction) -> DeductionAnswer:
        """Never take the money by this deduction; Deducted where that has happened already. Raises Unavailable."""
