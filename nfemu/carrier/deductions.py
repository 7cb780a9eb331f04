"""Deductions by agreement: asked for before anything is stopped, booked once, and never forgotten (G19).

    charge, balance runs out ──commit: entry, REQUESTED──▶ ask the provider ──▶ deducted: commit entry and DEDUCTED
                                                               │               declined: commit DECLINED and orders
                                                               └─ no answer: commit UNANSWERED and orders; ask again

The request is stored with the entry that makes it necessary, so a crash before, during or after the question leads to
the same question again, under the same number, which the provider answers as it did before. While it is REQUESTED
nobody stops a line of the account (`movements.after_entries`): whoever runs next on the account asks first (`settle`).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from nfemu.bss import auto_deduct, ledger
from nfemu.bss.auto_deduct import DeductionInput
from nfemu.bss.notices import compose
from nfemu.bss.texts import Template
from nfemu.carrier.commands import AskAgainLater, CloseDeduction, Deduct, Emit, NewId, Now, Step, ask
from nfemu.carrier.credit import planned
from nfemu.carrier.delivery import fresh
from nfemu.carrier.entries import emit_entry
from nfemu.carrier.execution import execute
from nfemu.carrier.lines import line_of
from nfemu.carrier.movements import after_movement, emit_standing
from nfemu.carrier.ports import AccountView, AppendEntry, Change, PutAgreement, PutDeduction, PutNotice
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.view import with_changes
from nfemu.model import events
from nfemu.model.account import AccountKind
from nfemu.model.agreements import Agreement, Declined, Deducted, Deduction, DeductionAnswer, DeductionState
from nfemu.model.errors import Unavailable
from nfemu.model.identity import CorrelationId, DeductionNo, NoticeId
from nfemu.model.money import Money
from nfemu.model.notices import Notice

_OF_A_UNIT = {
    Template.DEDUCTION_FAILED: Template.DEDUCTION_FAILED_UNIT,
    Template.DEDUCTION_OVER_CAP: Template.DEDUCTION_OVER_CAP_UNIT,
}


@dataclass(frozen=True, slots=True)
class Requested:
    """What an agreement is asked for: a deduction, or, where that would be more than its cap, nothing and a notice."""

    deduction: Deduction | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def changes(self) -> list[Change]:
        """To be committed with the entry that made them necessary."""
        asked = [] if self.deduction is None else [self.deduction]
        return [*map(PutDeduction, asked), *map(PutNotice, self.notices)]


def request(
    rules: CarrierRules, view: AccountView, balance: Money, before: Money, correlation: CorrelationId
) -> Step[Requested]:
    """What a `balance` that was `before` calls for."""
    agreement = view.agreement
    due = auto_deduct.wanted(view.account, balance, rules.dunning.resume_balance)
    if agreement is None or view.deduction is not None or due.minor == 0:
        return Requested()
    now = yield from ask(Now())
    if due.minor > agreement.cap.minor:
        detail = {"agreement": agreement.no, "due": due.decimal(), "cap": agreement.cap.decimal()}
        yield from ask(Emit(agreement.imsi, correlation, events.DEDUCTION_SKIPPED, detail))
        told = yield from _notice(rules, view, agreement, due, Template.DEDUCTION_OVER_CAP, correlation, now)
        return Requested(notices=(told,))
    deduction = Deduction(
        no=DeductionNo((yield from ask(NewId("ded")))),
        agreement=agreement.no,
        account=view.account.id,
        imsi=agreement.imsi,
        provider=agreement.provider,
        amount=due,
        before=before,
        correlation=correlation,
        requested_at=now,
    )
    yield from _emit(deduction, events.DEDUCTION_REQUESTED, {"amount": due.decimal()})
    return Requested(deduction)


def with_request(view: AccountView, asked: Requested) -> AccountView:
    """The view in which the request is already open."""
    return replace(view, deduction=asked.deduction) if asked.deduction is not None else view


def settle(rules: CarrierRules, view: AccountView) -> Step[tuple[AccountView, list[Notice]]]:
    """Ask about what is requested until nothing is; the notices that this brings, stored as pending."""
    notices: list[Notice] = []
    while (deduction := view.deduction) is not None and deduction.state is DeductionState.REQUESTED:
        view, told = yield from resolve(rules, view, deduction)
        notices += told
    return view, notices


def resolve(rules: CarrierRules, view: AccountView, deduction: Deduction) -> Step[tuple[AccountView, list[Notice]]]:
    """Ask the provider once about the open deduction, and store what it says with all that follows."""
    now = yield from ask(Now())
    agreement = _still_wanted(rules, view, deduction, now)
    try:
        answer: DeductionAnswer
        if agreement is not None:
            answer = yield from ask(Deduct(deduction, agreement.contract))
        else:
            answer = yield from ask(CloseDeduction(deduction))
    except Unavailable as failure:
        return (yield from _unanswered(rules, view, deduction, str(failure), now))
    if isinstance(answer, Deducted):
        return (yield from _book(rules, view, deduction, answer.trade_no, now))
    return (yield from _declined(rules, view, deduction, answer, now))


def _still_wanted(rules: CarrierRules, view: AccountView, deduction: Deduction, now: datetime) -> Agreement | None:
    """The agreement, while it is signed, something is due, and the answer is not too long in coming."""
    agreement = view.agreement
    if agreement is None or agreement.no != deduction.agreement:
        return None
    due = auto_deduct.wanted(view.account, view.balance, rules.dunning.resume_balance)
    if due.minor == 0 or auto_deduct.is_given_up(rules.auto_deduct, deduction, now):
        return None
    return agreement


def _unanswered(
    rules: CarrierRules, view: AccountView, deduction: Deduction, reason: str, now: datetime
) -> Step[tuple[AccountView, list[Notice]]]:
    """Dunning goes on as usual; the question stays open."""
    waiting = auto_deduct.unanswered(rules.auto_deduct, deduction, now)
    if deduction.state is DeductionState.REQUESTED:
        yield from _emit(deduction, events.DEDUCTION_UNANSWERED, {"reason": reason})
    put: list[Change] = [PutDeduction(waiting)]
    changes = [*put, *(yield from _dunned(rules, with_changes(view, put), deduction))]
    view = yield from execute(rules, view, changes, deduction.correlation)
    yield from ask(AskAgainLater(waiting))
    return view, fresh(changes)


def _declined(
    rules: CarrierRules, view: AccountView, deduction: Deduction, answer: Declined, now: datetime
) -> Step[tuple[AccountView, list[Notice]]]:
    """Dunning goes on as usual. The payer is told where it was not the carrier who gave it up."""
    changes: list[Change] = [PutDeduction(auto_deduct.answered(deduction, DeductionInput.DECLINED))]
    yield from _emit(deduction, events.DEDUCTION_DECLINED, {"reason": answer.reason})
    if _still_wanted(rules, view, deduction, now) is not None:
        template = Template.DEDUCTION_FAILED
        told = yield from _notice(rules, view, deduction, deduction.amount, template, deduction.correlation, now)
        changes.append(PutNotice(told))
    if answer.revoked and view.agreement is not None and view.agreement.no == deduction.agreement:
        changes.append(PutAgreement(auto_deduct.revoked(view.agreement, now)))
        detail = {"agreement": deduction.agreement, "by": "the payer, at the provider"}
        yield from ask(Emit(deduction.imsi, deduction.correlation, events.AGREEMENT_REVOKED, detail))
    changes += yield from _dunned(rules, with_changes(view, changes), deduction)
    view = yield from execute(rules, view, changes, deduction.correlation)
    return view, fresh(changes)


def _dunned(rules: CarrierRules, view: AccountView, deduction: Deduction) -> Step[list[Change]]:
    """What waited for the answer happens now, in the view with it; nothing waits for one that comes late."""
    if deduction.state is not DeductionState.REQUESTED:
        return []
    return (yield from after_movement(rules, view, deduction.before, (), deduction.correlation))


def _book(
    rules: CarrierRules, view: AccountView, deduction: Deduction, trade_no: str, now: datetime
) -> Step[tuple[AccountView, list[Notice]]]:
    """A payment like any other. What was charged while the answer was awaited is asked for in turn."""
    paid = ledger.payment(view.account, deduction.imsi, deduction.amount, now, deduction.provider, trade_no)
    entry, balance = replace(paid, note=deduction.no), view.balance + paid.amount
    correlation = deduction.correlation
    yield from _emit(deduction, events.DEDUCTION_DONE, {"amount": deduction.amount.decimal(), "trade_no": trade_no})
    yield from emit_entry(view, deduction.imsi, entry, correlation)
    yield from emit_standing(rules, view, balance, correlation)
    before = deduction.before if deduction.state is DeductionState.REQUESTED else view.balance
    asked = yield from request(rules, replace(view, deduction=None), balance, before, correlation)
    changes = asked.changes
    done = PutDeduction(auto_deduct.answered(deduction, DeductionInput.DEDUCTED, trade_no))
    if asked.deduction is None:
        booked = with_changes(view, [AppendEntry(entry), done])
        changes += yield from after_movement(rules, booked, before, [entry], correlation)
    notice = yield from _notice(rules, view, deduction, deduction.amount, Template.DEDUCTED, correlation, now)
    changes = [AppendEntry(entry), planned(rules, entry), done, PutNotice(notice), *changes]
    view = yield from execute(rules, view, changes, correlation)
    return view, fresh(changes)


def _notice(
    rules: CarrierRules,
    view: AccountView,
    by: Agreement | Deduction,
    amount: Money,
    template: Template,
    correlation: CorrelationId,
    now: datetime,
) -> Step[Notice]:
    """To the card that signed: what was taken comes from the provider, what was not from the carrier.

    What a unit owes is no member's business, not even of the one that signed (S11).
    """
    if view.account.kind is AccountKind.UNIT:
        template = _OF_A_UNIT.get(template, template)
    identifier = NoticeId((yield from ask(NewId("ntc"))))
    subscriber = line_of(view, by.imsi).subscriber
    sender = by.provider if template is Template.DEDUCTED else None
    return compose(identifier, template, rules.letterhead, subscriber, amount, correlation, now, sender)


def _emit(deduction: Deduction, name: str, detail: dict[str, str]) -> Step[None]:
    yield from ask(Emit(deduction.imsi, deduction.correlation, name, {"deduction": deduction.no, **detail}))
