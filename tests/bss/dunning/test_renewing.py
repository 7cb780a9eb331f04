"""Messages that wait for their channel, looked at once more at the moment of sending (S6, S8, S22)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nfemu.bss.dunning import Rule
from nfemu.bss.dunning.actions import Remind, Spared, StopNotice
from nfemu.bss.dunning.renewing import said_now
from nfemu.bss.dunning.rules import DunningRules
from nfemu.bss.dunning.situation import Card, Fees, Service, Situation
from nfemu.model.account import AccountKind
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from tests.bss.dunning.making import CARD, OVERDUE, PAID, RULES, account, at, told
from tests.bss.dunning.situations import RULES_AT_NIGHT

NOW = at(18, 9)
LARGE = replace(OVERDUE, balance=Money(-20001))
SHORT = replace(PAID, balance=Money(900), next_fees=Fees(Money(5900), at(1, 0, month=12)))
SPENT = replace(PAID, balance=Money(2000), spend={at(17, 9).date(): Money(7000)})
NIGHT = Spared(Rule.S22, "not told: no messages at night")


def again(
    kind: NoticeKind, situation: Situation, now: datetime = NOW, rules: DunningRules = RULES, waited: int = 5
) -> Remind | StopNotice | Spared:
    message = told(kind, now - timedelta(minutes=waited), Channel.WECHAT, sent=False)
    return said_now(rules, replace(situation, told=(message,)), message, now)


@pytest.mark.parametrize(
    ("kind", "situation", "amount"),
    [
        (NoticeKind.STOP_NOTICE, OVERDUE, 5900),
        (NoticeKind.DUNNING, replace(OVERDUE, balance=Money(-1900)), 1900),
        (NoticeKind.MONTH_END, SHORT, 5000),
        (NoticeKind.FORECAST, SPENT, 4500),
        (NoticeKind.LOW_BALANCE, replace(PAID, balance=Money(900)), 100),
    ],
)
def test_what_is_still_true_is_said_with_the_amount_of_now(kind: NoticeKind, situation: Situation, amount: int) -> None:
    """S8."""
    found = again(kind, situation)
    assert not isinstance(found, Spared)
    assert (found.amount, found.channel) == (Money(amount), Channel.WECHAT)
    assert isinstance(found, StopNotice) == (kind is NoticeKind.STOP_NOTICE)


@pytest.mark.parametrize("kind", [NoticeKind.STOP_NOTICE, NoticeKind.DUNNING, NoticeKind.MONTH_END])
def test_whoever_has_paid_is_told_nothing(kind: NoticeKind) -> None:
    """S6."""
    paid = replace(PAID, last_payment_at=NOW - timedelta(minutes=4))
    assert again(kind, paid) == Spared(Rule.S6, "not dunned: paid 4 min ago")


@pytest.mark.parametrize("kind", [NoticeKind.STOP_NOTICE, NoticeKind.DUNNING])
@pytest.mark.parametrize("card", [replace(CARD, service=Service.STOPPED), replace(CARD, held=True)])
def test_whoever_is_stopped_or_held_is_told_nothing(kind: NoticeKind, card: Card) -> None:
    """S6."""
    reason = "not dunned: stopped already, or held by a person"
    assert again(kind, replace(OVERDUE, cards=(card,))) == Spared(Rule.S6, reason)


def test_a_member_of_a_unit_who_has_paid_the_own_share_is_not_reminded() -> None:
    """S6, S11."""
    unit = replace(OVERDUE, account=account(kind=AccountKind.UNIT), cards=(replace(CARD, share=Money(0)),))
    assert isinstance(again(NoticeKind.DUNNING, unit), Spared)


@pytest.mark.parametrize(
    ("kind", "situation", "rules", "said"),
    [
        (NoticeKind.STOP_NOTICE, OVERDUE, RULES, False),
        (NoticeKind.DUNNING, OVERDUE, RULES, False),
        (NoticeKind.DUNNING, OVERDUE, RULES.without(Rule.S22), True),
        (NoticeKind.STOP_NOTICE, LARGE, RULES, False),
        (NoticeKind.STOP_NOTICE, LARGE, RULES_AT_NIGHT, True),
    ],
)
def test_at_night_nobody_is_told_anything(
    kind: NoticeKind, situation: Situation, rules: DunningRules, said: bool
) -> None:
    """S22, S24."""
    found = again(kind, situation, at(17, 23), rules)
    assert (found != NIGHT) == said


def test_the_notice_of_a_stop_that_is_ordered_is_said_until_it_is_executed() -> None:
    """S22, S24: of large arrears both are made at once, and the order may have to wait (S26)."""
    waits, executed = (
        replace(LARGE, cards=(replace(CARD, service=each),)) for each in (Service.STOPPING, Service.STOPPED)
    )
    assert isinstance(again(NoticeKind.STOP_NOTICE, waits), StopNotice)
    assert isinstance(again(NoticeKind.STOP_NOTICE, executed), Spared)
