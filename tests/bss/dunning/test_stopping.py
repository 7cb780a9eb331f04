"""Stop notice and stop under `graded`, moment by moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nfemu.bss.dunning import Rule
from nfemu.bss.dunning.actions import Action, CancelStop, Spared, Stop, StopNotice
from nfemu.bss.dunning.deciding import decide_dunning
from nfemu.bss.dunning.rules import AtNight, LargeArrears, LevelRules, Outreach
from nfemu.bss.dunning.situation import Service, Situation
from nfemu.bss.dunning.texts import Message
from nfemu.model.account import AccountKind
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from tests.bss.dunning.making import (
    CARD,
    MAIN,
    OVERDUE,
    PAID,
    RULES,
    SECOND,
    SECONDARY,
    account,
    acts,
    at,
    done,
    of_level,
    played,
    told,
)

NOTICED = replace(OVERDUE, told=(told(NoticeKind.STOP_NOTICE, at(17, 10)),), duty=at(17, 10, 30))
TOO_LATE = "no stop within two hours of its notice, or before the night"


def days_of_stops(situation: Situation, begins: datetime) -> list[str]:
    happened = played(RULES, situation, begins, begins + timedelta(days=20))
    zone = RULES.hours.zone
    return [moment.astimezone(zone).strftime("%d") for moment, action in happened if isinstance(action, Stop)]


@pytest.mark.parametrize(
    ("level", "day"),
    [(1, "01"), (2, "01"), (3, "02"), (4, "02"), (5, "03"), (6, "03"), (7, "04"), (8, "05"), (9, "06"), (10, "08")],
)
def test_fees_of_the_month_s_start_stop_low_levels_first(level: int, day: str) -> None:
    """S1, S20."""
    assert days_of_stops(of_level(level, replace(OVERDUE, overdue_since=at(1, 3))), at(1, 3)) == [day]


@pytest.mark.parametrize(
    ("level", "minutes"),
    [(1, 30), (3, 30), (4, 60), (6, 60), (7, 115), (10, 115)],
)
def test_the_stop_follows_its_notice_by_the_level_s_time(level: int, minutes: int) -> None:
    """S23; of the full two hours a little is left for the order's way through the queues."""
    happened = played(RULES, of_level(level), at(17, 9), at(19, 0))
    notice, stop = (moment for moment, action in happened if isinstance(action, StopNotice | Stop))
    assert stop - notice == timedelta(minutes=minutes)


def test_notices_are_spread_over_their_hours_and_the_same_however_often_one_asks() -> None:
    moments = set()
    for number in range(40):
        owner = replace(OVERDUE, account=replace(OVERDUE.account, id=AccountId(f"a{number}")), overdue_since=at(1, 2))
        plan = decide_dunning(RULES.without(Rule.S5), owner, at(1, 2))
        assert plan.wake_at == decide_dunning(RULES.without(Rule.S5), owner, at(1, 7)).wake_at
        assert plan.wake_at is not None
        moments.add(plan.wake_at.hour)
    assert len(moments) > 8, "of twelve hours"


def test_whoever_turned_overdue_behind_the_hours_of_notices_is_told_in_the_morning() -> None:
    """S22."""
    evening = replace(OVERDUE, overdue_since=at(17, 21))
    plan = decide_dunning(RULES, evening, at(17, 21))
    assert [type(action) for action in plan.actions] == [Spared]
    assert plan.actions[0] == Spared(Rule.S22, f"no notices now; told {_local(plan.wake_at)}")
    assert plan.wake_at is not None
    assert at(18, 8) <= plan.wake_at < at(18, 20)


def _local(moment: datetime | None) -> str:
    assert moment is not None
    return moment.astimezone(RULES.hours.zone).strftime("%Y-%m-%d %H:%M")


def test_a_moment_that_was_missed_comes_on_the_next_day_of_notices() -> None:
    """The carrier did not run."""
    missed = replace(OVERDUE, overdue_since=at(10, 9))
    assert [
        type(action) for _, action in played(RULES, missed, at(17, 21), at(19, 0)) if not isinstance(action, Spared)
    ] == [
        StopNotice,
        Stop,
    ]
    morning = decide_dunning(RULES, missed, at(17, 7)).wake_at
    assert morning is not None
    assert at(17, 8) <= morning < at(17, 20)
    assert decide_dunning(RULES, missed, morning + timedelta(minutes=1)).actions


def test_the_stop_comes_at_its_time_and_not_before() -> None:
    assert decide_dunning(RULES, NOTICED, at(17, 10, 29)).wake_at == at(17, 10, 30)
    assert acts(decide_dunning(RULES, NOTICED, at(17, 10, 30))) == [
        Stop((MAIN,), Rule.S23, "the time after the notice is over")
    ]


def test_a_notice_that_has_not_gone_out_stops_nobody_and_is_made_anew() -> None:
    """S22: the channel was down."""
    unsent = replace(NOTICED, told=(told(NoticeKind.STOP_NOTICE, at(17, 10), sent=False),))
    waiting = decide_dunning(RULES, unsent, at(17, 10, 30))
    assert acts(waiting) == []
    assert waiting.wake_at == at(17, 12)
    late = decide_dunning(RULES, replace(unsent, duty=at(17, 12)), at(17, 12))
    assert acts(late)[0] == CancelStop((MAIN,), Rule.S22, TOO_LATE)
    assert late.wake_at is not None
    again = decide_dunning(RULES, replace(unsent, duty=late.wake_at), late.wake_at)
    assert [type(action) for action in acts(again)] == [StopNotice]


def test_a_late_notice_moves_the_stop_and_the_night_ends_it() -> None:
    """Made at 19:50, sent at 20:40: two hours later would be at night."""
    late = replace(told(NoticeKind.STOP_NOTICE, at(17, 19, 50)), sent_at=at(17, 20, 40))
    noticed = of_level(7, replace(OVERDUE, told=(late,), duty=at(17, 21, 45)))
    assert decide_dunning(RULES, noticed, at(17, 21, 45)).wake_at == at(17, 21, 55)
    gone = decide_dunning(RULES, replace(noticed, duty=at(17, 22)), at(17, 22))
    assert gone.actions[0] == CancelStop((MAIN,), Rule.S22, TOO_LATE)


def test_an_order_that_is_not_executed_in_time_is_withdrawn() -> None:
    stopping = replace(NOTICED, cards=(replace(CARD, service=Service.STOPPING),))
    assert decide_dunning(RULES, stopping, at(17, 11)).wake_at == at(17, 12)
    withdrawn = decide_dunning(RULES, stopping, at(17, 12))
    assert withdrawn.actions == (CancelStop((MAIN,), Rule.S22, TOO_LATE),)
    after = done(stopping, withdrawn, at(17, 12))
    assert [card.service for card in after.cards] == [Service.OPEN]
    assert decide_dunning(RULES.without(Rule.S22), stopping, at(17, 12)).actions == ()


def test_an_order_whose_notice_nobody_has_received_is_withdrawn() -> None:
    """S22: a channel has given it up, or it came too late for the day."""
    stopping = replace(OVERDUE, cards=(replace(CARD, service=Service.STOPPING),))
    withdrawn = decide_dunning(RULES, stopping, at(17, 10))
    assert withdrawn.actions == (CancelStop((MAIN,), Rule.S22, "nobody has received its notice"),)
    assert withdrawn.wake_at is not None


def test_large_arrears_whose_stop_did_not_come_in_time_are_noticed_anew_at_once() -> None:
    """S22, S24."""
    large = replace(NOTICED, balance=Money(-20001), cards=(replace(CARD, service=Service.STOPPING),))
    withdrawn = decide_dunning(RULES, large, at(17, 12))
    assert withdrawn.actions == (CancelStop((MAIN,), Rule.S22, TOO_LATE),)
    assert withdrawn.wake_at == at(17, 12) + timedelta(seconds=1)
    again = decide_dunning(RULES, done(large, withdrawn, at(17, 12)), withdrawn.wake_at)
    assert [type(action) for action in again.actions] == [StopNotice]
    assert again.wake_at == withdrawn.wake_at + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("situation", "action"),
    [
        (replace(NOTICED, balance=Money(100)), CancelStop((MAIN,), Rule.S6, "paid")),
        (
            of_level(8, replace(NOTICED, balance=Money(-500), duty=at(17, 11, 55))),
            CancelStop((MAIN,), Rule.S25, "within the credit limit again"),
        ),
    ],
)
def test_a_payment_ends_it(situation: Situation, action: Action) -> None:
    paid = replace(situation, overdue_since=None)
    plan = decide_dunning(RULES, paid, at(17, 10, 20))
    assert plan.actions[0] == action
    assert acts(decide_dunning(RULES, done(paid, plan, at(17, 10, 20)), at(17, 10, 21))) == []
    ordered = replace(paid, cards=(replace(CARD, service=Service.STOPPING),), duty=None)
    assert decide_dunning(RULES, ordered, at(17, 10, 20)).actions[0] == action


def test_small_arrears_of_a_high_level_are_spared() -> None:
    """S25."""
    small = of_level(9, replace(PAID, balance=Money(-2000)))
    assert decide_dunning(RULES, small, at(17, 12)).actions == (
        Spared(Rule.S25, "small arrears: level 9 may owe ¥20.00"),
    )
    assert decide_dunning(RULES, replace(small, balance=Money(0)), at(17, 12)).actions == ()


@pytest.mark.parametrize(
    ("now", "at_night", "expected"),
    [
        (at(17, 9), AtNight.MORNING, at(17, 9)),
        (at(17, 21), AtNight.MORNING, at(17, 21)),
        (at(17, 23), AtNight.MORNING, at(18, 8)),
        (at(18, 3), AtNight.MORNING, at(18, 8)),
        (at(17, 23), AtNight.AT_ONCE, at(17, 23)),
    ],
)
def test_large_arrears(now: datetime, at_night: AtNight, expected: datetime) -> None:
    """S24: notice and stop together, at once or first thing in the morning; the stop as soon as the notice is out."""
    rules = replace(RULES, large=LargeArrears(Money(20000), at_night))
    owing = replace(of_level(10), balance=Money(-20001), overdue_since=now)
    happened = [(moment, type(action)) for moment, action in played(rules, owing, now, now + timedelta(days=1))]
    soon = expected + timedelta(seconds=1)
    assert [each for each in happened if each[1] is not Spared] == [(expected, StopNotice), (soon, Stop)]


def test_large_arrears_whose_notice_has_not_gone_out_stop_nobody() -> None:
    """S22, S24: its channel has no room, or was down; once it has gone out the stop comes at once."""
    owing = replace(OVERDUE, balance=Money(-20001))
    unsent = replace(owing, told=(told(NoticeKind.STOP_NOTICE, at(17, 10), sent=False),))
    assert decide_dunning(RULES, unsent, at(17, 10)).wake_at == at(17, 10) + timedelta(seconds=1)
    waits = decide_dunning(RULES, unsent, at(17, 10, 1))
    assert (acts(waits), waits.wake_at) == ([], at(17, 12))
    sent = replace(unsent, told=(replace(unsent.told[0], sent_at=at(17, 10, 1)),))
    assert acts(decide_dunning(RULES, sent, at(17, 10, 1))) == [Stop((MAIN,), Rule.S24, "¥200.01 in arrears, at once")]


def test_a_card_whose_own_notice_has_not_gone_out_is_not_stopped_with_the_others() -> None:
    """S11, S22: it is told anew, and stopped by that."""
    family = replace(NOTICED, cards=(CARD, SECONDARY))
    unsent = told(NoticeKind.STOP_NOTICE, at(17, 10), imsi=SECOND, sent=False)
    waits = replace(family, told=(*family.told, unsent))
    plan = decide_dunning(RULES, waits, at(17, 10, 30))
    assert acts(plan) == [Stop((MAIN,), Rule.S23, "the time after the notice is over")]
    assert plan.wake_at == at(17, 12)
    stopped = replace(waits, cards=(replace(CARD, service=Service.STOPPED), SECONDARY), duty=at(17, 12))
    late = decide_dunning(RULES, stopped, at(17, 12))
    assert acts(late) == [CancelStop((SECOND,), Rule.S22, TOO_LATE)]
    failed = replace(stopped, told=family.told)
    (again,) = acts(decide_dunning(RULES, failed, at(17, 12)))
    assert isinstance(again, StopNotice)
    assert again.imsi == SECOND


def test_without_s11_a_secondary_card_goes_with_the_main_one() -> None:
    """Nobody tells it."""
    rules = RULES.without(Rule.S11)
    family = replace(NOTICED, cards=(CARD, SECONDARY))
    assert acts(decide_dunning(rules, family, at(17, 10, 30)))[0] == Stop(
        (MAIN, SECOND), Rule.S23, "the time after the notice is over"
    )
    alone = replace(family, told=(), cards=(replace(CARD, held=True), SECONDARY))
    assert acts(decide_dunning(rules, alone, at(17, 19, 59))) == []


def test_exactly_200_is_not_large() -> None:
    owing = of_level(10, replace(OVERDUE, balance=Money(-20000)))
    assert acts(decide_dunning(RULES, owing, at(17, 9))) == []


def test_who_is_told_what() -> None:
    """S4: by SMS in any case; S11: secondary cards, too."""
    family = replace(OVERDUE, cards=(replace(CARD, wechat=True), SECONDARY))
    [moment] = {
        moment for moment, action in played(RULES, family, at(17, 9), at(18, 0)) if isinstance(action, StopNotice)
    }
    notices = [action for action in decide_dunning(RULES, family, moment).actions if isinstance(action, StopNotice)]
    assert [(each.imsi, each.channel, each.amount, each.rule) for each in notices] == [
        (MAIN, Channel.SMS, Money(5900), Rule.S22),
        (MAIN, Channel.WECHAT, Money(5900), Rule.S22),
        (SECOND, Channel.SMS, Money(5900), Rule.S11),
    ]
    stopped = [action for _, action in played(RULES, family, at(17, 9), at(18, 0)) if isinstance(action, Stop)]
    assert stopped[0].cards == (MAIN, SECOND)


def test_members_of_a_unit_see_their_own_share_alone() -> None:
    """S11."""
    settled = replace(SECONDARY, role=CARD.role)
    unit = replace(OVERDUE, account=account(kind=AccountKind.UNIT), balance=Money(-50000), cards=(CARD, settled))
    notices = [action for action in decide_dunning(RULES, unit, at(17, 9)).actions if isinstance(action, StopNotice)]
    assert [(each.message, each.amount) for each in notices] == [
        (Message.STOP_SOON_UNIT, Money(5900)),
        (Message.STOP_SOON_UNIT_SETTLED, Money(0)),
    ]
    vague = decide_dunning(RULES.without(Rule.S8), unit, at(17, 9)).actions[1]
    assert isinstance(vague, StopNotice)
    assert (vague.message, vague.amount) == (Message.STOP_SOON_UNIT, None)


def test_what_a_person_holds_is_left_alone() -> None:
    held = replace(OVERDUE, cards=(replace(CARD, held=True),))
    assert played(RULES, held, at(17, 9), at(30, 0)) == []


def test_without_s22_a_high_level_still_waits_for_its_day() -> None:
    rules = RULES.without(Rule.S22, Rule.S5)
    first = of_level(10, replace(OVERDUE, overdue_since=at(1, 2)))
    assert decide_dunning(rules, first, at(1, 2)).wake_at == at(8, 8)
    assert acts(decide_dunning(rules, first, at(8, 8))) == [Stop((MAIN,), Rule.S1, "overdue")]


def test_a_stop_follows_within_two_hours_whatever_is_configured() -> None:
    with pytest.raises(InvalidInput, match="within two hours"):
        LevelRules(0, timedelta(minutes=121), Money(0), Outreach.WECHAT)


def test_moments_are_utc() -> None:
    wake_at = decide_dunning(RULES, OVERDUE, at(17, 9).astimezone(RULES.hours.zone)).wake_at
    assert wake_at is not None
    assert wake_at.tzinfo is UTC
