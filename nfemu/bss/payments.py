"""A payment's life at the merchant's side, as a table.

    CREATED ──notified──▶ PAID          CREATED ──expired, cancelled──▶ CLOSED ──notified──▶ PAID

Money that has arrived is never turned away: a late notification of a closed order is booked like any other.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from enum import Enum

from nfemu.model.account import Account
from nfemu.model.errors import Conflict, LimitReached, NotFound
from nfemu.model.identity import Imsi, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment, PaymentState

FIRST_INQUIRY = timedelta(seconds=20)
"""Business time that a provider has to say by itself that an order was paid."""


class PaymentInput(Enum):
    NOTIFIED = "notified"
    """The provider says that it has the money."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    """The provider could not take the order, so nobody can pay it."""


TRANSITIONS: dict[tuple[PaymentState, PaymentInput], PaymentState] = {
    (PaymentState.CREATED, PaymentInput.NOTIFIED): PaymentState.PAID,
    (PaymentState.CREATED, PaymentInput.EXPIRED): PaymentState.CLOSED,
    (PaymentState.CREATED, PaymentInput.CANCELLED): PaymentState.CLOSED,
    (PaymentState.CLOSED, PaymentInput.NOTIFIED): PaymentState.PAID,
}


def waiting(created: Iterable[Payment], now: datetime) -> list[Payment]:
    """Those of a line's unpaid orders that a payer can still pay. Where the money comes with the order, nobody is
    waited for."""
    return [payment for payment in created if payment.expires_at > now and not payment.immediate]


def check_room(created: Iterable[Payment], allowed: int, now: datetime, zone: tzinfo) -> None:
    """Raises LimitReached where `allowed` orders of a line wait for their payer. `created`: its unpaid ones; `zone`:
    the carrier's.

    Each of them is kept until it expires, and a line that costs nothing to ask must not fill the books.
    """
    closing = sorted(payment.expires_at for payment in waiting(created, now))
    if len(closing) >= allowed:
        raise LimitReached(
            f"this line has {len(closing)} payment orders that are not paid; pay one of them, or order again when the "
            f"first one closes, at {closing[0].astimezone(zone).isoformat(timespec='seconds')}"
        )


def create(
    no: PaymentNo, account: Account, imsi: Imsi, amount: Money, provider: str, now: datetime, expiry: timedelta
) -> Payment:
    """A new order, to be paid within `expiry` (business time)."""
    return Payment(no, account.id, imsi, amount, provider, created_at=now, expires_at=now + expiry)


def next_inquiry(payment: Payment, after: datetime) -> datetime:
    """When the provider is asked about an open order, past `after`: twenty seconds after it was made, then each time
    after as long again, and last when its time is over, as often as it takes."""
    pause = FIRST_INQUIRY
    while payment.created_at + pause <= after and payment.created_at + pause < payment.expires_at:
        pause *= 2
    return min(payment.created_at + pause, payment.expires_at)


def advance(payment: Payment, event: PaymentInput) -> Payment:
    """The payment after `event`. Raises Conflict for what the table does not list."""
    state = TRANSITIONS.get((payment.state, event))
    if state is None:
        raise Conflict(
            f"payment `{payment.no}` is {payment.state.value} and cannot be {event.value}; start a new payment"
        )
    return replace(payment, state=state)


def check_same(known: Payment, imsi: Imsi, amount: Money) -> None:
    """Raises Conflict unless a repeated order is over the same amount for the same line."""
    if (known.imsi, known.amount) != (imsi, amount):
        raise Conflict(f"payment `{known.no}` is of another line or over another amount; use a new idempotency key")


def check_notification(payment: Payment, provider: str, amount: Money) -> None:
    """Raises Conflict unless provider and amount are those of the order."""
    if provider != payment.provider:
        raise Conflict(f"payment `{payment.no}` was ordered at `{payment.provider}`, not at `{provider}`")
    if amount != payment.amount:
        raise Conflict(
            f"payment `{payment.no}` is over {payment.amount.decimal()} {payment.amount.currency}, "
            f"the notification says {amount.decimal()} {amount.currency}; nothing was booked"
        )


def check_repeat(payment: Payment, trade_no: str) -> None:
    """Raises Conflict unless `payment` is the order that was paid under the booked `trade_no`."""
    if payment.trade_no != trade_no:
        raise Conflict(f"trade number `{trade_no}` is already booked for another payment order than `{payment.no}`")


def is_double(payment: Payment, due: Money) -> bool:
    """Has somebody else paid the debt that this order was made for? `due`: what is due before its money is booked.

    Only where exactly the debt was ordered: whoever orders more, or with nothing due, pays ahead and means to.
    """
    return payment.amount == payment.due and due.minor == 0


def check_refund(payment: Payment, provider: str, amount: Money) -> None:
    """Raises NotFound where the payment is not booked, so that nothing of it can have gone back yet; Conflict unless
    the provider is that of the order, and no more goes back than was paid."""
    if payment.state is not PaymentState.PAID:
        raise NotFound(f"payment `{payment.no}` is {payment.state.value}; tell of the refund once it is paid")
    if provider != payment.provider:
        raise Conflict(f"payment `{payment.no}` was ordered at `{payment.provider}`, not at `{provider}`")
    if amount.currency != payment.amount.currency or amount.minor > payment.amount.minor:
        raise Conflict(
            f"payment `{payment.no}` is over {payment.amount.decimal()} {payment.amount.currency}, "
            f"the refund says {amount.decimal()} {amount.currency}; nothing was booked"
        )


def settle(payment: Payment, trade_no: str) -> Payment:
    """The payment once paid under the provider's `trade_no`. Raises Conflict if it already is."""
    return replace(advance(payment, PaymentInput.NOTIFIED), trade_no=trade_no)
