"""Auto-deduct: when an agreement is asked for how much, and a deduction's life as a table (G19).

    REQUESTED ──deducted──▶ DEDUCTED          UNANSWERED ──deducted──▶ DEDUCTED
       ├─────declined─────▶ DECLINED             ├──────declined─────▶ DECLINED
       └────unanswered────▶ UNANSWERED           └─────unanswered────▶ UNANSWERED

The amount is exactly what clears the account. Where that is more than the agreement's cap nothing is deducted: a part
would take money and restore nothing (S27). A deduction that was declined is not repeated; the next charge makes a new
one. One without an answer keeps its number, so that it can be asked about again and never takes money twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from nfemu.bss.ledger import check_amount
from nfemu.bss.standing import amount_due, standing
from nfemu.model.account import Account, Standing
from nfemu.model.agreements import Agreement, AgreementState, Deduction, DeductionState
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.money import Money

_LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class AutoDeductRules:
    """`cap`: of an agreement that names none. `retry`: the first pause before an unanswered deduction is asked about
    again, later ones double. `give_up`: from then on it is closed at the provider instead. Raises InvalidInput."""

    cap: Money
    retry: timedelta = timedelta(minutes=10)
    give_up: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        if self.cap.minor <= 0:
            raise InvalidInput("an agreement's cap is more than zero; write for example `200.00`")


class DeductionInput(Enum):
    DEDUCTED = "deducted"
    DECLINED = "declined"
    UNANSWERED = "unanswered"


TRANSITIONS: dict[tuple[DeductionState, DeductionInput], DeductionState] = {
    (DeductionState.REQUESTED, DeductionInput.DEDUCTED): DeductionState.DEDUCTED,
    (DeductionState.REQUESTED, DeductionInput.DECLINED): DeductionState.DECLINED,
    (DeductionState.REQUESTED, DeductionInput.UNANSWERED): DeductionState.UNANSWERED,
    (DeductionState.UNANSWERED, DeductionInput.DEDUCTED): DeductionState.DEDUCTED,
    (DeductionState.UNANSWERED, DeductionInput.DECLINED): DeductionState.DECLINED,
    (DeductionState.UNANSWERED, DeductionInput.UNANSWERED): DeductionState.UNANSWERED,
}


def wanted(account: Account, balance: Money, resume_balance: Money) -> Money:
    """What an agreement is asked for: all that clears an account whose balance has run out, else zero."""
    if standing(balance, account.limit) is Standing.IN_CREDIT:
        return Money(0, balance.currency)
    return amount_due(balance, account.limit, resume_balance)


def check_cap(account: Account, cap: Money) -> None:
    """Raises InvalidInput unless `cap` is an amount that a deduction of this account may have."""
    check_amount(account, cap)


def answered(deduction: Deduction, event: DeductionInput, trade_no: str | None = None) -> Deduction:
    """The deduction after a provider's final word. Raises Conflict for what the table does not list."""
    return replace(deduction, state=_next(deduction, event), retry_at=None, trade_no=trade_no)


def unanswered(rules: AutoDeductRules, deduction: Deduction, now: datetime) -> Deduction:
    """The deduction after silence: asked about again after as long a pause as it has lasted, within bounds."""
    pause = min(max(rules.retry, now - deduction.requested_at), max(rules.retry, _LONGEST_PAUSE))
    return replace(deduction, state=_next(deduction, DeductionInput.UNANSWERED), retry_at=now + pause)


def is_given_up(rules: AutoDeductRules, deduction: Deduction, now: datetime) -> bool:
    """Has it been without an answer for so long that the money is not wanted any more?"""
    return now >= deduction.requested_at + rules.give_up


def revoked(agreement: Agreement, now: datetime) -> Agreement:
    """The agreement once ended. Raises Conflict if it already is."""
    if agreement.state is AgreementState.REVOKED:
        raise Conflict(f"agreement `{agreement.no}` is revoked already; sign a new one")
    return replace(agreement, state=AgreementState.REVOKED, revoked_at=now)


def _next(deduction: Deduction, event: DeductionInput) -> DeductionState:
    state = TRANSITIONS.get((deduction.state, event))
    if state is None:
        raise Conflict(f"deduction `{deduction.no}` is {deduction.state.value}: `{event.value}` does not apply to it")
    return state
