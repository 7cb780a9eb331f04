"""Money that goes back to a payer: asked of the provider where a debt was paid twice, or learned from it.

A payment that is to go back was booked with that wish in one commit (`payments.settle`). The provider is asked until it
answers, always under the same number, and what goes back is booked once, by the provider's number of the refund,
whether its answer, its notification or its bill says so first.
"""

from dataclasses import dataclass, replace

from nfemu.bss import ledger
from nfemu.bss import payments as rules_of_payments
from nfemu.bss.notices import compose
from nfemu.bss.texts import Template
from nfemu.carrier.billing import book
from nfemu.carrier.commands import Begin, Commit, Emit, LoadPaymentView, Lock, NewId, Now, RefundAtProvider, Step, ask
from nfemu.carrier.lines import line_of
from nfemu.carrier.payments import LearnedBy, known_payment, load_payment
from nfemu.carrier.ports import AccountView, PutNotice, PutPayment
from nfemu.carrier.rules import CarrierRules
from nfemu.model import events
from nfemu.model.identity import CorrelationId, NoticeId, PaymentNo
from nfemu.model.money import Money
from nfemu.model.notices import Notice
from nfemu.model.orders import NotRefunded, Payment, RefundState


@dataclass(frozen=True, slots=True)
class RefundNotification:
    """What a provider says, once it is believed. `number`: its own of the refund."""

    provider: str
    payment_no: PaymentNo
    number: str
    amount: Money
    learned_by: LearnedBy = LearnedBy.NOTIFICATION


def give_back(rules: CarrierRules, no: PaymentNo) -> Step[None]:
    """Ask the provider for a refund that is wanted, and book what it says; nothing where none is.

    A use case that holds no account while the provider thinks. Raises NotFound; Unavailable: to be asked again.
    """
    payment = yield from load_payment(no)
    if payment.refund is not RefundState.WANTED:
        return
    answer = yield from ask(RefundAtProvider(payment))
    if isinstance(answer, NotRefunded):
        yield from _refused(payment, answer.reason)
        return
    told = RefundNotification(payment.provider, no, answer.number, answer.amount, LearnedBy.INQUIRY)
    yield from refunded(rules, told)


def refunded(rules: CarrierRules, told: RefundNotification) -> Step[bool]:
    """Book money of a payment that has gone back, once. True: booked before.

    Raises NotFound for an unknown order, or one that is not booked yet; InvalidInput; Conflict where the refund
    contradicts the payment; Unavailable: not acknowledged, to be told again.
    """
    correlation = yield from ask(Begin())
    payment = yield from load_payment(told.payment_no)
    yield from ask(Lock(payment.account))
    number = ledger.refund_number(told.provider, told.number)
    found = known_payment(payment.no, (yield from ask(LoadPaymentView(payment.no, number))))
    payment, view = found.payment, found.account
    rules_of_payments.check_refund(payment, told.provider, told.amount)
    now = yield from ask(Now())
    entry = ledger.refund(view.account, payment.imsi, told.amount, now, told.provider, told.number)
    entry = replace(entry, note=payment.no)
    if ledger.is_repeat(found.entry, entry):
        yield from book(rules, view, (), (), correlation)
        return True
    notice = yield from _notice(rules, view, payment, told.amount, correlation)
    detail = {"payment": payment.no, "amount": told.amount.decimal(), "learned_by": told.learned_by.value}
    yield from ask(Emit(payment.imsi, correlation, events.PAYMENT_REFUNDED, detail))
    whole = told.amount == payment.amount
    after = PutPayment(replace(payment, refund=RefundState.DONE if whole else payment.refund))
    yield from book(rules, view, [entry], [after, PutNotice(notice)], correlation)
    return False


def _refused(payment: Payment, reason: str) -> Step[None]:
    correlation = yield from ask(Begin())
    yield from ask(Lock(payment.account))
    payment = yield from load_payment(payment.no)
    if payment.refund is not RefundState.WANTED:
        return
    detail = {"payment": payment.no, "reason": reason}
    yield from ask(Emit(payment.imsi, correlation, events.PAYMENT_NOT_REFUNDED, detail))
    yield from ask(Commit((PutPayment(replace(payment, refund=RefundState.REFUSED)),)))


def _notice(
    rules: CarrierRules, view: AccountView, payment: Payment, amount: Money, correlation: CorrelationId
) -> Step[Notice]:
    """The provider's own message to the payer, as for the payment."""
    identifier = NoticeId((yield from ask(NewId("ntc"))))
    subscriber = line_of(view, payment.imsi).subscriber
    now = yield from ask(Now())
    return compose(
        identifier,
        Template.PAYMENT_REFUNDED,
        rules.letterhead,
        subscriber,
        amount,
        correlation,
        now,
        sender=payment.provider,
    )
