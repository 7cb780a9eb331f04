"""Work orders and payments: what the back office sets in motion and must finish."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from nfemu.model.identity import AccountId, CorrelationId, Imsi, OrderId, PaymentNo, ProfileName
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile


class OrderKind(Enum):
    STOP = "stop"
    RESUME = "resume"
    REACTIVATE = "reactivate"
    """Follows another order into a profile that asks for it: a new address and generation, all flows end. It is
    an order of its own because it runs after the success page has been delivered (architecture, section 5)."""

    PROFILE = "profile"
    """Another APN profile for as long as nothing restricts the line: a garden (G18), or back to the usual one."""


class OrderState(Enum):
    """`CREATED`: decided; it waits for its turn. `EXECUTED`: HSS and PGW hold it, committed. `DONE`: acknowledged by
    every enforcement point. `SUPERSEDED`: a later order for the same line overtook it. `DEAD`: refused so often that
    nobody tries it again, until a person resubmits it."""

    CREATED = "created"
    EXECUTED = "executed"
    DONE = "done"
    SUPERSEDED = "superseded"
    DEAD = "dead"


UNFINISHED_ORDERS = frozenset({OrderState.CREATED, OrderState.EXECUTED, OrderState.DEAD})


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """An order for one line (S26). Times are the carrier's business time, whatever clock the account is on: the network
    elements are everybody's. `target` of a profile order: what was ordered then."""

    id: OrderId
    imsi: Imsi
    kind: OrderKind
    target: OrderedProfile
    cause: str
    correlation: CorrelationId
    created_at: datetime
    state: OrderState = OrderState.CREATED
    done_at: datetime | None = None
    profile: ProfileName | None = None
    """What a profile order gives; None: what `open` means for every line."""
    billed_at: datetime | None = None
    """When billing had dealt with it; from then on it waits for the network elements."""
    executed_at: datetime | None = None
    attempts: int = 0
    """How often the network elements have refused it since it was created or resubmitted."""
    next_attempt_at: datetime | None = None
    """Not before then; None: as soon as its turn comes."""
    ahead: timedelta = timedelta(0)
    """How far the account's clock was ahead of the carrier's when it was done."""

    @property
    def felt_at(self) -> datetime | None:
        """When it was done, by the account's own time."""
        return None if self.done_at is None else self.done_at + self.ahead


class PaymentState(Enum):
    """`CREATED`: ordered at the provider. `PAID`: in the ledger. `CLOSED`: expired or cancelled; nobody is
    asked to pay it any more, but money that still arrives is booked and makes it `PAID`."""

    CREATED = "created"
    PAID = "paid"
    CLOSED = "closed"


class RefundState(Enum):
    """`WANTED`: its money is to go back, and the provider is asked until it answers. `DONE`: all of it has gone back.
    `REFUSED`: the provider does not give it back."""

    WANTED = "wanted"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Payment:
    """One order at a payment provider. Times are the account's own, but for `paid_at` and `posted_at`."""

    no: PaymentNo
    account: AccountId
    imsi: Imsi
    amount: Money
    provider: str
    created_at: datetime
    expires_at: datetime
    state: PaymentState = PaymentState.CREATED
    trade_no: str | None = None
    """The provider's number, known once paid."""
    immediate: bool = False
    """Its payer hands the money over with it (a till, a portal's own integration), so it never waits for anybody."""
    paid_at: datetime | None = None
    """When the payer paid, by the provider's clock; known once paid."""
    posted_at: datetime | None = None
    """When the money stood in the ledger, by the carrier's business time; known then (S28)."""
    due: Money | None = None
    """What the payer was shown to be due when it was ordered; None: nobody was shown anything."""
    refund: RefundState | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says of an order that somebody has paid: its number of it, how much, and when, by its clock."""

    trade_no: str
    amount: Money
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Refunded:
    """The provider gives money of an order back, under that number of its own."""

    number: str
    amount: Money


@dataclass(frozen=True, slots=True)
class NotRefunded:
    """It does not, and will not."""

    reason: str


RefundAnswer = Refunded | NotRefunded
