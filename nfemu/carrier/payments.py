"""Payments: ordered at a provider, settled once, closed when nobody pays (G13, G14).

`settle` is what a provider's notification becomes, or its answer where none came (`inquiries`). It returns when the
money is in the ledger and, where that clears the account, every enforcement point has acknowledged the restored lines.
Only then may the provider be answered and the success page say so. Before the commit nothing has happened and the
notification must come again; after it, a repetition finishes what is left and changes nothing else.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TypeVar

from nfemu.bss import ledger
from nfemu.bss import payments as rules_of_payments
from nfemu.bss.notices import compose
from nfemu.bss.payments import PaymentInput
from nfemu.bss.texts import Template
from nfemu.carrier.commands import (
    Begin,
    CarrierNow,
    Commit,
    Emit,
    InquireLater,
    LoadAhead,
    LoadPayment,
    LoadPaymentView,
    LoadUnpaid,
    Lock,
    NewId,
    Now,
    OrderAtProvider,
    RefundLater,
    Step,
    ask,
)
from nfemu.carrier.credit import planned
from nfemu.carrier.entries import emit_entry
from nfemu.carrier.flip import carry_out
from nfemu.carrier.lines import line_of, locked_line, subscriber_account
from nfemu.carrier.movements import after_entries
from nfemu.carrier.ports import AccountView, AppendEntry, Line, PaymentView, PutNotice, PutPayment
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import LineStatus, line_status
from nfemu.model import events
from nfemu.model.account import LedgerEntry
from nfemu.model.destination import IpAddress
from nfemu.model.errors import Conflict, NotFound, Unavailable
from nfemu.model.identity import CorrelationId, Msisdn, NoticeId, PaymentNo
from nfemu.model.money import Money
from nfemu.model.notices import Notice
from nfemu.model.orders import Payment, PaymentState, RefundState

T = TypeVar("T")


class LearnedBy(Enum):
    """How the carrier came to know that an order was paid, or refunded."""

    NOTIFICATION = "notification"
    INQUIRY = "inquiry"
    """The provider was asked."""
    BILL = "bill"
    """The provider's bill of the day says so."""


@dataclass(frozen=True, slots=True)
class PaymentNotification:
    """What a provider says, once its signature has been checked. `paid_at` is the provider's time."""

    provider: str
    payment_no: PaymentNo
    trade_no: str
    amount: Money
    paid_at: datetime
    learned_by: LearnedBy = LearnedBy.NOTIFICATION


@dataclass(frozen=True, slots=True)
class Settlement:
    """`repeated`: the ledger had it already. `missing`: what the payer still has to pay, as far as that person
    may know (`LineStatus.shown_due`)."""

    entry: LedgerEntry
    repeated: bool
    status: LineStatus
    missing: Money


def place(rules: CarrierRules, provider: str, msisdn: Msisdn, amount: Money) -> Step[tuple[Payment, CorrelationId]]:
    """The order in the carrier's own books, which then waits for its payer. Raises NotFound, InvalidInput;
    LimitReached where as many of the line wait as may."""
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    payment = yield from _order(rules, view, line, provider, amount)
    payment = replace(payment, due=line_status(rules, view, payment.imsi).shown_due)
    unpaid = yield from ask(LoadUnpaid(payment.imsi))
    rules_of_payments.check_room(unpaid, rules.open_orders, payment.created_at, rules.detection.zone)
    yield from _put(payment, correlation)
    return payment, correlation


def place_immediate(
    rules: CarrierRules, provider: str, msisdn: Msisdn, amount: Money, no: PaymentNo | None = None
) -> Step[tuple[Payment, CorrelationId]]:
    """The same where the payer hands the money over with the order: however many wait, it is never turned away.

    With a number of the caller's, repeating it gives the order that there is. Raises NotFound, InvalidInput; Conflict
    for a number that was used for something else.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    known = None if no is None else (yield from ask(LoadPayment(no)))
    if known is not None:
        rules_of_payments.check_same(known, line.subscriber.imsi, amount)
        return known, correlation
    payment = yield from _order(rules, view, line, provider, amount)
    payment = replace(payment, no=no or payment.no, immediate=True)
    yield from _put(payment, correlation)
    return payment, correlation


def waiting(
    msisdn: Msisdn, return_url: str, language: str, address: IpAddress | None = None
) -> Step[list[tuple[Payment, str]]]:
    """The line's orders that wait for their payer, newest first, each with the URL of the provider's page.

    Raises NotFound, Unavailable.
    """
    account, imsi = yield from subscriber_account(msisdn)
    unpaid = yield from ask(LoadUnpaid(imsi))
    now = (yield from ask(CarrierNow())) + (yield from ask(LoadAhead(account)))
    pages = {}
    for payment in reversed(rules_of_payments.waiting(unpaid, now)):
        pages[payment] = yield from ask(OrderAtProvider(payment, return_url, language, address))
    return list(pages.items())


def order_at_provider(
    payment: Payment, correlation: CorrelationId, return_url: str, language: str, address: IpAddress | None = None
) -> Step[str]:
    """The URL of the provider's page. A use case of its own, since nobody waits on the account for a provider.

    Raises Unavailable: the order is closed.
    """
    try:
        return (yield from ask(OrderAtProvider(payment, return_url, language, address)))
    except Unavailable as failure:
        yield from close(payment.no, PaymentInput.CANCELLED, str(failure), correlation)
        raise


def settle(rules: CarrierRules, notification: PaymentNotification) -> Step[Settlement]:
    """Book the money, once, and restore what it clears.

    Raises NotFound for an unknown order; InvalidInput; Conflict where the notification contradicts the order or an
    earlier payment; Unavailable: not acknowledged, to be sent again.
    """
    correlation = yield from ask(Begin())
    found = yield from _locked_payment(notification)
    payment, view = found.payment, found.account
    now = yield from ask(Now())
    entry = ledger.payment(
        view.account, payment.imsi, notification.amount, now, notification.provider, notification.trade_no
    )
    entry = replace(entry, note=payment.no)
    detail = {
        "payment": payment.no,
        "trade_no": notification.trade_no,
        "paid_at": notification.paid_at.isoformat(),
        "learned_by": notification.learned_by.value,
    }
    yield from ask(Emit(payment.imsi, correlation, events.PAYMENT_NOTIFIED, detail))
    known = yield from _known(found, notification, entry, correlation)
    if known is not None:
        view = yield from carry_out(rules, view, (), correlation)
        return _settlement(rules, view, known, payment, repeated=True)
    confirmation = yield from _confirmation(rules, view, payment, correlation, now)
    yield from emit_entry(view, payment.imsi, entry, correlation)
    changes = yield from after_entries(rules, view, [entry], correlation)
    paid = rules_of_payments.settle(payment, notification.trade_no)
    paid = replace(paid, paid_at=notification.paid_at, posted_at=(yield from ask(CarrierNow())))
    if rules_of_payments.is_double(payment, line_status(rules, view, payment.imsi).shown_due):
        paid = replace(paid, refund=RefundState.WANTED)
        yield from ask(Emit(payment.imsi, correlation, events.PAYMENT_DOUBLE, {"payment": payment.no}))
    booked = [AppendEntry(entry), planned(rules, entry), PutPayment(paid), PutNotice(confirmation), *changes]
    view = yield from carry_out(rules, view, booked, correlation)
    if paid.refund is RefundState.WANTED:
        yield from ask(RefundLater(paid.account))
    return _settlement(rules, view, entry, paid, repeated=False)


def load_payment(no: PaymentNo) -> Step[Payment]:
    """Raises NotFound."""
    return known_payment(no, (yield from ask(LoadPayment(no))))


def known_payment(no: PaymentNo, found: T | None) -> T:
    """Raises NotFound for None."""
    if found is None:
        raise NotFound(f"there is no payment order `{no}`; order one first")
    return found


def _order(rules: CarrierRules, view: AccountView, line: Line, provider: str, amount: Money) -> Step[Payment]:
    """Made out, not stored yet. Raises InvalidInput."""
    ledger.check_amount(view.account, amount)
    now = yield from ask(Now())
    no = PaymentNo((yield from ask(NewId("pay"))))
    return rules_of_payments.create(no, view.account, line.subscriber.imsi, amount, provider, now, rules.order_expiry)


def _put(payment: Payment, correlation: CorrelationId) -> Step[None]:
    detail = {"payment": payment.no, "amount": payment.amount.decimal(), "provider": payment.provider}
    yield from ask(Emit(payment.imsi, correlation, events.PAYMENT_ORDERED, detail))
    yield from ask(Commit((PutPayment(payment),)))
    yield from ask(InquireLater(payment))


def close(no: PaymentNo, why: PaymentInput, reason: str, correlation: CorrelationId) -> Step[bool]:
    """Close the order unless it has been paid or closed meanwhile. True: closed now. Raises NotFound, Unavailable."""
    payment = yield from load_payment(no)
    yield from ask(Lock(payment.account))
    payment = yield from load_payment(no)
    if payment.state is not PaymentState.CREATED:
        return False
    name = events.PAYMENT_EXPIRED if why is PaymentInput.EXPIRED else events.PAYMENT_CANCELLED
    yield from ask(Emit(payment.imsi, correlation, name, {"payment": payment.no, "reason": reason}))
    yield from ask(Commit((PutPayment(rules_of_payments.advance(payment, why)),)))
    return True


def _locked_payment(notification: PaymentNotification) -> Step[PaymentView]:
    """The order and what settling it needs, its account nobody else's from here on. Raises NotFound, InvalidInput."""
    number = ledger.payment_number(notification.provider, notification.trade_no)
    payment = yield from load_payment(notification.payment_no)
    yield from ask(Lock(payment.account))
    return known_payment(payment.no, (yield from ask(LoadPaymentView(payment.no, number))))


def _known(
    found: PaymentView, notification: PaymentNotification, entry: LedgerEntry, correlation: CorrelationId
) -> Step[LedgerEntry | None]:
    """The entry, if this very payment is booked already. A contradiction goes on the timeline and raises Conflict."""
    payment, known = found.payment, found.entry
    try:
        rules_of_payments.check_notification(payment, notification.provider, notification.amount)
        repeated = ledger.is_repeat(known, entry)
        if repeated:
            rules_of_payments.check_repeat(payment, notification.trade_no)
        else:
            rules_of_payments.settle(payment, notification.trade_no)
    except Conflict as refusal:
        detail = {"payment": payment.no, "reason": str(refusal)}
        yield from ask(Emit(payment.imsi, correlation, events.PAYMENT_REFUSED, detail))
        yield from ask(Commit(()))
        raise
    return known


def _confirmation(
    rules: CarrierRules, view: AccountView, payment: Payment, correlation: CorrelationId, now: datetime
) -> Step[Notice]:
    """The provider's own message to the payer (G13)."""
    identifier = NoticeId((yield from ask(NewId("ntc"))))
    subscriber = line_of(view, payment.imsi).subscriber
    return compose(
        identifier,
        Template.PAYMENT_CONFIRMED,
        rules.letterhead,
        subscriber,
        payment.amount,
        correlation,
        now,
        sender=payment.provider,
        channel=rules.confirmed_by,
    )


def _settlement(
    rules: CarrierRules, view: AccountView, entry: LedgerEntry, payment: Payment, *, repeated: bool
) -> Settlement:
    status = line_status(rules, view, payment.imsi)
    return Settlement(entry, repeated, status, status.shown_due)
