"""The provider is asked what became of an order of which nothing was heard, and settled by its answer like by its word.

still open      nothing happens; it is asked again (`bss.payments.next_inquiry`)
paid            `payments.settle`, as when its notification comes: whichever is first books it
time is over    it is closed there, and then here: nobody can pay what the carrier has given up on
"""

from enum import Enum

from nfemu.bss import payments as rules_of_payments
from nfemu.bss.payments import PaymentInput
from nfemu.carrier.commands import Begin, CarrierNow, CloseAtProvider, FindAtProvider, LoadAhead, Step, ask
from nfemu.carrier.payments import LearnedBy, PaymentNotification, close, load_payment, settle
from nfemu.carrier.rules import CarrierRules
from nfemu.model.errors import Conflict
from nfemu.model.identity import PaymentNo
from nfemu.model.orders import Payment, PaymentState, Receipt


class Learned(Enum):
    """What came of asking."""

    NOTHING = "nothing"
    """It is open still, or was open no more before anybody asked."""
    PAID = "paid"
    CLOSED = "closed"


def inquire(rules: CarrierRules, no: PaymentNo) -> Step[Learned]:
    """Ask about the order while it is open; a use case that holds no account while the provider thinks.

    Raises NotFound; Unavailable: not known, or not booked; to be asked again.
    """
    correlation = yield from ask(Begin())
    payment = yield from load_payment(no)
    if payment.state is not PaymentState.CREATED:
        return Learned.NOTHING
    now = (yield from ask(CarrierNow())) + (yield from ask(LoadAhead(payment.account)))
    over = payment.expires_at <= now
    receipt = yield from ask(CloseAtProvider(payment) if over else FindAtProvider(payment))
    contradiction = _contradiction(payment, receipt)
    if receipt is not None and contradiction is None:
        yield from settle(rules, _notification(payment, receipt))
        return Learned.PAID
    if not over:
        return Learned.NOTHING
    reason = contradiction or "not paid in time"
    closed = yield from close(no, PaymentInput.EXPIRED, reason, correlation)
    return Learned.CLOSED if closed else Learned.NOTHING


def _contradiction(payment: Payment, receipt: Receipt | None) -> str | None:
    """Why what the provider has is not booked."""
    if receipt is None:
        return None
    try:
        rules_of_payments.check_notification(payment, payment.provider, receipt.amount)
    except Conflict as refusal:
        return str(refusal)
    return None


def _notification(payment: Payment, receipt: Receipt) -> PaymentNotification:
    return PaymentNotification(
        provider=payment.provider,
        payment_no=payment.no,
        trade_no=receipt.trade_no,
        amount=receipt.amount,
        paid_at=receipt.paid_at,
        learned_by=LearnedBy.INQUIRY,
    )
