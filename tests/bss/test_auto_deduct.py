"""When an agreement is asked for how much, and the life of a deduction (G19)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from nfemu.bss import auto_deduct
from nfemu.bss.auto_deduct import TRANSITIONS, AutoDeductRules, DeductionInput
from nfemu.model.account import Account, AccountKind
from nfemu.model.agreements import Agreement, AgreementState, Deduction, DeductionState
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.identity import AccountId, AgreementNo, CorrelationId, DeductionNo, Imsi
from nfemu.model.money import Money

NOW = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
IMSI = Imsi("460001380013800")
RULES = AutoDeductRules(Money(20000))
ACCOUNT = Account(AccountId("zhang"), AccountKind.PERSONAL, "CNY", Money(2000))


def deduction(state: DeductionState = DeductionState.REQUESTED) -> Deduction:
    return Deduction(
        DeductionNo("ded-1"),
        AgreementNo("agr-1"),
        ACCOUNT.id,
        IMSI,
        "sandbox",
        Money(2900),
        Money(3000),
        CorrelationId("cor-1"),
        NOW,
        state,
    )


@pytest.mark.parametrize(
    ("balance", "resume", "due"),
    [(0, 0, 0), (500, 1000, 0), (-1, 0, 1), (-1500, 0, 1500), (-1500, 1000, 2500), (-1500, -1500, 0), (-2900, 0, 2900)],
)
def test_what_clears_the_account_is_wanted_once_the_balance_has_run_out(balance: int, resume: int, due: int) -> None:
    """Within the credit limit too: the balance has run out, though nobody would be stopped yet."""
    assert auto_deduct.wanted(ACCOUNT, Money(balance), Money(resume)) == Money(due)


@pytest.mark.parametrize(("state", "event"), list(product(DeductionState, DeductionInput)))
def test_the_table_is_all_there_is(state: DeductionState, event: DeductionInput) -> None:
    expected = TRANSITIONS.get((state, event))
    if expected is None:
        with pytest.raises(Conflict, match=f"is {state.value}"):
            auto_deduct.answered(deduction(state), event)
    else:
        after = auto_deduct.answered(deduction(state), event, "t-1")
        assert (after.state, after.retry_at, after.trade_no) == (expected, None, "t-1")


def test_pauses_double_within_bounds() -> None:
    waiting = deduction()
    pauses = []
    now = NOW
    for _ in range(9):
        waiting = auto_deduct.unanswered(RULES, waiting, now)
        assert waiting.state is DeductionState.UNANSWERED
        assert waiting.retry_at is not None
        pauses.append((waiting.retry_at - now) // timedelta(minutes=1))
        now = waiting.retry_at
    assert pauses == [10, 10, 20, 40, 80, 160, 320, 360, 360]
    with pytest.raises(Conflict):
        auto_deduct.unanswered(RULES, deduction(DeductionState.DECLINED), NOW)


def test_a_day_without_an_answer_is_enough() -> None:
    assert not auto_deduct.is_given_up(RULES, deduction(), NOW + timedelta(hours=23))
    assert auto_deduct.is_given_up(RULES, deduction(), NOW + timedelta(hours=24))


def test_an_agreement_ends_once() -> None:
    signed = Agreement(AgreementNo("agr-1"), ACCOUNT.id, IMSI, "sandbox", "c-1", Money(20000), NOW)
    ended = auto_deduct.revoked(signed, NOW)
    assert (ended.state, ended.revoked_at) == (AgreementState.REVOKED, NOW)
    with pytest.raises(Conflict, match="is revoked already"):
        auto_deduct.revoked(ended, NOW)


def test_a_cap_is_an_amount_of_the_account() -> None:
    for wrong in (Money(0), Money(-1), Money(1, "EUR")):
        with pytest.raises(InvalidInput):
            auto_deduct.check_cap(ACCOUNT, wrong)
    with pytest.raises(InvalidInput, match="more than zero"):
        AutoDeductRules(Money(0))
