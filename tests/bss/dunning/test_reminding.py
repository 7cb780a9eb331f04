"""Reminders under `graded`."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nfemu.bss.dunning import Rule
from nfemu.bss.dunning.actions import Remind, Spared
from nfemu.bss.dunning.deciding import decide_dunning
from nfemu.bss.dunning.situation import Fees, Service, Situation
from nfemu.bss.dunning.texts import Message
from nfemu.model.account import AccountKind
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from tests.bss.dunning.making import CARD, MAIN, OVERDUE, PAID, RULES, account, acts, at, of_level, played, told

FEE = Fees(Money(5900), at(1, 0, month=12))
SHORT = replace(PAID, balance=Money(900), next_fees=FEE)
BOUND = (replace(CARD, wechat=True),)
FIRST = of_level(10, replace(OVERDUE, overdue_since=at(1, 3)))


def said(situation: Situation, begins: datetime, ends: datetime) -> list[tuple[str, NoticeKind, Channel]]:
    zone = RULES.hours.zone
    return [
        (moment.astimezone(zone).strftime("%d"), action.kind, action.channel)
        for moment, action in played(RULES, situation, begins, ends)
        if isinstance(action, Remind)
    ]


def test_month_end_names_what_covers_the_next_fee() -> None:
    """S2, S8."""
    [reminder] = [
        action for _, action in played(RULES, SHORT, at(20, 9), at(1, 0, month=12)) if isinstance(action, Remind)
    ]
    assert (reminder.kind, reminder.amount, reminder.rule) == (NoticeKind.MONTH_END, Money(5000), Rule.S2)
    assert said(SHORT, at(20, 9), at(30, 0)) == [("28", NoticeKind.MONTH_END, Channel.SMS)]


@pytest.mark.parametrize(
    "situation",
    [
        replace(SHORT, balance=Money(5900)),
        replace(SHORT, next_fees=None),
        replace(SHORT, cards=(replace(CARD, service=Service.STOPPED),)),
        of_level(10, replace(SHORT, balance=Money(2900))),
    ],
    ids=["covered", "no fee", "stopped", "within the credit of its level"],
)
def test_nobody_else_is_reminded_at_month_end(situation: Situation) -> None:
    assert said(situation, at(20, 9), at(1, 0, month=12)) == []


def test_nobody_is_reminded_of_what_an_agreement_pays() -> None:
    """G19. More than it pays at a time is not deducted, so that is said."""
    agreed = replace(SHORT, deductible=Money(5000))
    assert said(agreed, at(20, 9), at(1, 0, month=12)) == []
    assert said(replace(SHORT, deductible=Money(4999)), at(20, 9), at(1, 0, month=12)) == [
        ("28", NoticeKind.MONTH_END, Channel.SMS)
    ]


def test_once_the_fee_is_charged_nothing_of_the_month_before_is_said() -> None:
    assert decide_dunning(RULES, SHORT, at(1, 9, month=12)).wake_at is None


def test_waves_reach_those_who_are_due_to_stop_until_they_are_told_of_it() -> None:
    """S5: of the waves' days those before the level's own."""
    waves = [day for day, kind, _ in said(FIRST, at(1, 3), at(20, 0)) if kind is NoticeKind.DUNNING]
    assert waves in (["01", "03", "05"], ["01", "03", "05", "08"]), "on the day of the stop notice, whichever is first"


def test_a_wave_is_not_for_those_who_turned_overdue_behind_it() -> None:
    assert said(replace(FIRST, overdue_since=at(3, 12)), at(3, 12), at(4, 0)) == []


def test_a_wave_says_why_it_leaves_somebody_out() -> None:
    """S6: it was meant for them when it was planned."""
    moment = decide_dunning(RULES, replace(FIRST, told=(told(NoticeKind.DUNNING, at(1, 9)),)), at(2, 9)).wake_at
    assert moment is not None
    paid = replace(
        FIRST, balance=Money(0), overdue_since=None, last_payment_at=moment - timedelta(minutes=4), duty=moment
    )
    assert decide_dunning(RULES, paid, moment - timedelta(minutes=4)).wake_at == moment
    assert decide_dunning(RULES, paid, moment).actions == (Spared(Rule.S6, "not dunned: paid 4 min ago"),)
    free = replace(paid, last_payment_at=None)
    assert decide_dunning(RULES, free, moment).actions == (Spared(Rule.S6, "not dunned: it is in credit"),)
    stopped = replace(FIRST, cards=(replace(CARD, service=Service.STOPPED),), duty=moment)
    assert decide_dunning(RULES, stopped, moment).actions == (
        Spared(Rule.S6, "not dunned: stopped already, or held by a person"),
    )


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (2, [("01", Channel.WECHAT)]),
        (5, [("01", Channel.WECHAT), ("02", Channel.SMS)]),
        (10, [("01", Channel.WECHAT), ("03", Channel.WECHAT)]),
    ],
)
def test_wechat_first_and_sms_a_day_later(level: int, expected: list[tuple[str, Channel]]) -> None:
    """S4. A stop notice comes before it at low levels, and high ones get no SMS but that."""
    bound = of_level(level, replace(FIRST, cards=BOUND))
    assert [
        (day, channel) for day, _, channel in said(bound, at(1, 3), at(3, 9)) if day < "03" or level > 8
    ] == expected


@pytest.mark.parametrize("clicked", [True, False])
def test_a_click_makes_the_sms_needless(clicked: bool) -> None:
    wave = replace(told(NoticeKind.DUNNING, at(1, 9), Channel.WECHAT), clicked_at=at(1, 10) if clicked else None)
    waiting = of_level(5, replace(FIRST, cards=BOUND, told=(wave,)))
    assert [type(action) for action in acts(decide_dunning(RULES, waiting, at(2, 9)))] == ([] if clicked else [Remind])


def test_the_sms_is_not_sent_to_those_who_have_paid_meanwhile() -> None:
    """S6."""
    wave = told(NoticeKind.DUNNING, at(1, 9), Channel.WECHAT)
    paid = of_level(5, replace(PAID, cards=BOUND, told=(wave,), last_payment_at=at(2, 6), duty=at(2, 9)))
    assert decide_dunning(RULES, paid, at(2, 9)).actions == (Spared(Rule.S6, "not dunned: paid 3 h ago"),)
    assert decide_dunning(RULES, paid, at(2, 9, 1)).actions == (Spared(Rule.S6, "not dunned: paid 3 h ago"),)
    assert decide_dunning(RULES, replace(paid, duty=None), at(2, 9)).actions == ()
    [sent] = acts(decide_dunning(RULES.without(Rule.S6), paid, at(2, 9)))
    assert isinstance(sent, Remind)


@pytest.mark.parametrize(
    ("kind", "situation", "message"),
    [
        (NoticeKind.MONTH_END, SHORT, Message.MONTH_END),
        (NoticeKind.FORECAST, replace(PAID, spend={at(17, 9).date(): Money(7000)}), Message.FORECAST),
        (NoticeKind.LOW_BALANCE, replace(PAID, balance=Money(100)), Message.LOW_BALANCE),
    ],
)
def test_every_kind_of_reminder_is_followed_up(kind: NoticeKind, situation: Situation, message: Message) -> None:
    ignored = of_level(4, replace(situation, cards=BOUND, told=(told(kind, at(28, 18), Channel.WECHAT),)))
    [reminder] = acts(decide_dunning(RULES, ignored, at(29, 18)))
    assert isinstance(reminder, Remind)
    assert (reminder.kind, reminder.channel, reminder.message) == (kind, Channel.SMS, message)


def test_the_night_puts_off_what_follows_and_a_day_later_it_is_old() -> None:
    ignored = of_level(4, replace(FIRST, cards=BOUND, told=(told(NoticeKind.DUNNING, at(9, 20), Channel.WECHAT),)))
    ignored = replace(ignored, overdue_since=at(9, 1))
    assert acts(decide_dunning(RULES.without(Rule.S1B), ignored, at(11, 20, 30))) == []
    old = replace(ignored, told=(told(NoticeKind.DUNNING, at(7, 9), Channel.WECHAT),), overdue_since=at(6, 21))
    assert not [action for action in acts(decide_dunning(RULES, old, at(10, 20, 30))) if isinstance(action, Remind)]


def test_the_call_comes_with_the_wave_it_is_for() -> None:
    """S9: the third wave, of levels one to three."""
    late = replace(OVERDUE, overdue_since=at(4, 21))
    assert said(of_level(3, late), at(4, 21), at(6, 0)) == [
        ("05", NoticeKind.DUNNING, Channel.SMS),
        ("05", NoticeKind.DUNNING, Channel.VOICE),
    ]
    assert said(of_level(4, late), at(4, 21), at(6, 0)) == [("05", NoticeKind.DUNNING, Channel.SMS)]


SPENDING = replace(PAID, balance=Money(3000), spend={at(day, 12).date(): Money(500) for day in range(1, 11)})


def test_the_forecast_names_what_will_be_missing() -> None:
    """S12: 5,000 fen in 14 days, 21 days to go, 3,000 left."""
    [reminder] = [action for _, action in played(RULES, SPENDING, at(10, 7), at(11, 0)) if isinstance(action, Remind)]
    assert (reminder.kind, reminder.amount) == (NoticeKind.FORECAST, Money(4500))


def test_what_suffices_is_no_matter_for_a_forecast() -> None:
    assert said(replace(SPENDING, balance=Money(7500)), at(10, 7), at(11, 0)) == []
    assert said(replace(SPENDING, deductible=Money(4500)), at(10, 7), at(11, 0)) == [], "an agreement pays it (G19)"
    assert said(SPENDING, at(10, 7), at(12, 0)) == [("10", NoticeKind.FORECAST, Channel.SMS)]


@pytest.mark.parametrize(
    ("change", "message", "amount"),
    [
        (replace(PAID, balance=Money(999)), Message.LOW_BALANCE, 1),
        (replace(PAID, balance=Money(1179), next_fees=FEE), Message.LOW_BALANCE, 1),
        (replace(PAID, account=account(limit=2000), balance=Money(-1500)), Message.LOW_CREDIT, 500),
    ],
)
def test_low_balance_has_two_texts(change: Situation, message: Message, amount: int) -> None:
    """S10: below ¥10, or a fifth of the fee where that is more."""
    [alert] = acts(decide_dunning(RULES, replace(change, last_use_at=at(17, 11)), at(17, 11)))
    assert isinstance(alert, Remind)
    assert (alert.message, alert.amount) == (message, Money(amount))


LOW = replace(PAID, balance=Money(500), last_use_at=at(17, 11))


@pytest.mark.parametrize(
    "situation",
    [
        replace(LOW, balance=Money(1000)),
        replace(LOW, last_use_at=None),
        replace(LOW, last_use_at=at(16, 11)),
        replace(LOW, told=(told(NoticeKind.LOW_BALANCE, at(12, 9)),)),
        replace(LOW, account=account(level=10)),
        replace(LOW, last_payment_at=at(17, 11)),
        replace(LOW, deductible=Money(500)),
    ],
    ids=[
        "enough",
        "never used",
        "used yesterday",
        "told already",
        "of the level",
        "not used since paid",
        "agreed (G19)",
    ],
)
def test_nothing_is_low(situation: Situation) -> None:
    assert acts(decide_dunning(RULES, situation, at(17, 11))) == []


def test_it_is_told_again_after_a_payment() -> None:
    again = replace(LOW, told=(told(NoticeKind.LOW_BALANCE, at(12, 9)),), last_payment_at=at(13, 9))
    assert len(acts(decide_dunning(RULES, again, at(17, 11)))) == 1


def test_what_the_night_keeps_back_is_spread_over_the_morning() -> None:
    """S7: never on the hour, however many there are."""
    crowd = [replace(LOW, account=replace(LOW.account, id=AccountId(f"a{number}"))) for number in range(50)]
    wakes = [decide_dunning(RULES, replace(each, last_use_at=at(17, 23)), at(17, 23)).wake_at for each in crowd]
    assert all(wake is not None and at(18, 8) <= wake < at(18, 9) for wake in wakes)
    assert len(set(wakes)) > 40
    assert len(acts(decide_dunning(RULES, LOW, at(18, 9)))) == 1


def test_a_unit_s_members_are_reminded_of_their_share_if_they_have_one() -> None:
    unit = replace(FIRST, account=account(10, kind=AccountKind.UNIT), balance=Money(-9000))
    [wave] = [action for _, action in played(RULES, unit, at(1, 3), at(2, 0)) if isinstance(action, Remind)]
    assert (wave.imsi, wave.amount) == (MAIN, Money(5900))
    assert said(replace(unit, cards=(replace(CARD, share=Money(0)),)), at(1, 3), at(2, 0)) == []
