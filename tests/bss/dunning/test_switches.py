"""Every rule that dunning decides by has a test that passes with it, and fails with it switched off."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nfemu.bss.dunning import DunningRules, Movement, Rule, movement
from nfemu.bss.dunning.actions import Remind, Stop, StopNotice
from nfemu.bss.dunning.situation import Fees, Service, Situation
from nfemu.bss.dunning.texts import text_of
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.subscriber import Segment
from tests.bss.dunning.making import (
    CARD,
    OVERDUE,
    PAID,
    RULES,
    SECOND,
    SECONDARY,
    account,
    at,
    of_level,
    played,
)

FIRST = replace(OVERDUE, overdue_since=at(1, 1))
"""By the fees of the month's start."""


def stop_times(rules: DunningRules, situation: Situation = OVERDUE) -> list[datetime]:
    begins = situation.overdue_since
    assert begins is not None
    happened = played(rules, situation, begins, begins + timedelta(days=20))
    return [moment for moment, action in happened if isinstance(action, Stop)]


def said(rules: DunningRules, situation: Situation, begins: datetime, days: float = 1) -> list[Remind]:
    happened = played(rules, situation, begins, begins + timedelta(days=days))
    return [action for _, action in happened if isinstance(action, Remind)]


def s1(rules: DunningRules) -> None:
    assert stop_times(rules, FIRST), "fees of the first stop"


def s1b(rules: DunningRules) -> None:
    assert stop_times(rules, OVERDUE), "other debts stop, too"


def s2(rules: DunningRules) -> None:
    short = replace(PAID, next_fees=Fees(Money(5900), at(1, 0, month=12)))
    found = said(rules, short, at(20, 0), days=10)
    assert [(each.kind, each.amount) for each in found] == [(NoticeKind.MONTH_END, Money(5900))]


def s3(rules: DunningRules) -> None:
    student = replace(FIRST, cards=(replace(CARD, segment=Segment.STUDENT),))
    wave = said(rules, student, at(1, 7))[0]
    text = text_of(wave.message, wave.segment, "zh", carrier="C", number="N", amount=wave.amount, link="L")
    assert "同学" in text


def s4(rules: DunningRules) -> None:
    bound = of_level(4, replace(FIRST, cards=(replace(CARD, wechat=True),)))
    assert [each.channel for each in said(rules, bound, at(1, 7), days=0.5)] == [Channel.WECHAT]


def s5(rules: DunningRules) -> None:
    waves = [each.reason for each in said(rules, of_level(10, FIRST), at(1, 2), days=6)]
    assert waves == ["wave 1", "wave 2", "wave 3"]


def s6(rules: DunningRules) -> None:
    stopped = replace(FIRST, cards=(replace(CARD, service=Service.STOPPED),))
    assert said(rules, stopped, at(1, 2), days=20) == []


def s8(rules: DunningRules) -> None:
    amounts = {each.amount for each in said(rules, FIRST, at(1, 7))}
    assert amounts == {Money(5900)}


def s9(rules: DunningRules) -> None:
    late = replace(OVERDUE, overdue_since=at(4, 21))
    channels = {each.channel for each in said(rules, late, at(4, 21))}
    assert channels == {Channel.SMS, Channel.VOICE}, "the third wave"


def s10(rules: DunningRules) -> None:
    low = replace(PAID, balance=Money(900), last_use_at=at(17, 10))
    assert [each.kind for each in said(rules, low, at(17, 10))] == [NoticeKind.LOW_BALANCE]


def s11(rules: DunningRules) -> None:
    family = replace(OVERDUE, cards=(CARD, SECONDARY))
    happened = played(rules, family, at(17, 9), at(18, 9))
    assert SECOND in {action.imsi for _, action in happened if isinstance(action, StopNotice)}


def s12(rules: DunningRules) -> None:
    spending = replace(PAID, balance=Money(3000), spend={at(day, 12).date(): Money(500) for day in range(1, 11)})
    found = said(rules, spending, at(10, 0))
    assert [(each.kind, each.amount) for each in found] == [(NoticeKind.FORECAST, Money(4500))]


def s20(rules: DunningRules) -> None:
    low, high = (stop_times(rules, of_level(level, FIRST))[0] for level in (2, 10))
    assert low < at(2, 0)
    assert high >= at(8, 8)


def s21(rules: DunningRules) -> None:
    assert stop_times(rules, of_level(10))[0] < at(18, 0), "by the day, not by the month's start"


def s22(rules: DunningRules) -> None:
    night = replace(OVERDUE, overdue_since=at(17, 23))
    happened = played(rules, night, at(17, 23), at(19, 0))
    assert [type(action) for _, action in happened if isinstance(action, Stop | StopNotice)] == [StopNotice, Stop]
    assert stop_times(rules, night)[0] >= at(18, 8)


def s23(rules: DunningRules) -> None:
    happened = played(rules, OVERDUE, at(17, 9), at(18, 0))
    notice, stop = (moment for moment, action in happened if isinstance(action, Stop | StopNotice))
    assert stop - notice == timedelta(minutes=30)


def s24(rules: DunningRules) -> None:
    large = of_level(10, replace(FIRST, balance=Money(-20001), overdue_since=at(1, 9)))
    assert stop_times(rules, large) == [at(1, 9) + timedelta(seconds=1)]


def s25(rules: DunningRules) -> None:
    small = of_level(10, replace(OVERDUE, balance=Money(-3000)))
    rested = replace(small, overdue_since=at(17, 9))
    assert stop_times(rules, rested) == []


def s27(rules: DunningRules) -> None:
    lenient = account(limit=1000)
    assert movement(rules, lenient, Money(-2000), Money(-500)) is not Movement.CLEARED


TESTS: dict[Rule, Callable[[DunningRules], None]] = {
    Rule.S1: s1,
    Rule.S1B: s1b,
    Rule.S2: s2,
    Rule.S3: s3,
    Rule.S4: s4,
    Rule.S5: s5,
    Rule.S6: s6,
    Rule.S8: s8,
    Rule.S9: s9,
    Rule.S10: s10,
    Rule.S11: s11,
    Rule.S12: s12,
    Rule.S20: s20,
    Rule.S21: s21,
    Rule.S22: s22,
    Rule.S23: s23,
    Rule.S24: s24,
    Rule.S25: s25,
    Rule.S27: s27,
}


@pytest.mark.parametrize("rule", list(Rule), ids=lambda rule: rule.value)
def test_the_rule_is_what_makes_it_so(rule: Rule) -> None:
    TESTS[rule](RULES)
    with pytest.raises(AssertionError):
        TESTS[rule](RULES.without(rule))
