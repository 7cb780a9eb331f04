"""What a page says about a line, derived from its status in one place."""

from dataclasses import dataclass
from enum import Enum

from nfemu.carrier.status import LineStatus
from nfemu.model.account import AccountKind
from nfemu.model.destination import IpAddress
from nfemu.model.identity import SessionId
from nfemu.model.money import Money
from nfemu.model.orders import Payment, PaymentState
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import Hold, OrderedProfile


class Service(Enum):
    """How the line is, for people."""

    OPEN = "open"
    ARREARS = "arrears"
    """Restricted; paying what is shown restores it."""
    SHARE_DUE = "share_due"
    """Restricted because of a unit account; paying the own share settles it or does not (S11)."""
    OTHERS_OWE = "others_owe"
    """Restricted because of a unit account in which the own share is settled (S11)."""
    HELD = "held"
    """Restricted by hand: paying does not lift it."""
    CHANGING = "changing"
    """A change is on its way to the enforcement points."""


def service_of(status: LineStatus) -> Service:
    """`OPEN` only when every enforcement point has acknowledged it."""
    if status.ordered is OrderedProfile.OPEN:
        return Service.CHANGING if status.effective is None else Service.OPEN
    if status.line.subscription.hold is Hold.RESTRICT:
        return Service.HELD
    if status.amount_due.minor <= 0:
        return Service.CHANGING
    if status.account.kind is AccountKind.PERSONAL:
        return Service.ARREARS
    return Service.SHARE_DUE if status.shown_due.minor > 0 else Service.OTHERS_OWE


class Outcome(Enum):
    """What the result page says about a payment (G13, S27)."""

    RESTORED = "restored"
    RESTORING = "restoring"
    MISSING = "missing"
    SHARE_MISSING = "share_missing"
    OTHERS_OWE = "others_owe"
    HELD = "held"
    WAITING = "waiting"
    CLOSED = "closed"


_AFTER_PAYMENT = {
    Service.OPEN: Outcome.RESTORED,
    Service.CHANGING: Outcome.RESTORING,
    Service.ARREARS: Outcome.MISSING,
    Service.SHARE_DUE: Outcome.SHARE_MISSING,
    Service.OTHERS_OWE: Outcome.OTHERS_OWE,
    Service.HELD: Outcome.HELD,
}


def outcome_of(payment: Payment, status: LineStatus) -> Outcome:
    if payment.state is PaymentState.PAID:
        return _AFTER_PAYMENT[service_of(status)]
    return Outcome.WAITING if payment.state is PaymentState.CREATED else Outcome.CLOSED


@dataclass(frozen=True, slots=True)
class LineView:
    """`balance` None: of a unit account a member sees no balance, only `share` (what the card has used, or None)."""

    number: str
    service: Service
    due: Money
    balance: Money | None
    share: Money | None
    auto_deduct: Money | None
    """The cap of the account's agreement (G19); None: none is signed, or it is the business of a unit."""


def line_view(status: LineStatus, country_code: str) -> LineView:
    """The number is masked."""
    personal = status.account.kind is AccountKind.PERSONAL
    used = Money(max(0, -status.share.minor), status.share.currency)
    return LineView(
        number=status.line.subscriber.msisdn.masked(country_code),
        service=service_of(status),
        due=status.shown_due,
        balance=status.balance if personal else None,
        share=None if personal else used,
        auto_deduct=status.agreement.cap if personal and status.agreement is not None else None,
    )


def session_at(status: LineStatus, address: IpAddress) -> PdnSession | None:
    """The line's active session, if `address` is its UE address: a stale or forged identity has another (G12)."""
    session = status.line.session
    if session is None or session.state is not SessionState.ACTIVE:
        return None
    owns = session.ue_ipv4 == address or (session.ue_ipv6 is not None and address in session.ue_ipv6)
    return session if owns else None


def is_same(session: PdnSession, identifier: SessionId, generation: int) -> bool:
    return session.id == identifier and session.generation == generation
