"""What holds in any situation, and along any life of an account."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from nfemu.bss.dunning import DunningRules
from nfemu.bss.dunning.actions import CancelStop, Remind, Stop, StopNotice
from nfemu.bss.dunning.case import Case
from nfemu.bss.dunning.deciding import decide_dunning
from nfemu.bss.dunning.hours import MOST_BETWEEN
from nfemu.bss.dunning.situation import Card, Service, Situation
from nfemu.model.account import Standing
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from tests.bss.dunning.making import OVERDUE, RULES, acts, at, done
from tests.bss.dunning.situations import MOMENTS, POLICIES, cards, situations

_HOURS = RULES.hours


@st.composite
def moments(draw: st.DrawFn) -> tuple[Situation, datetime]:
    now = draw(MOMENTS)
    return draw(situations(now)), now


def _is_large(situation: Situation) -> bool:
    return situation.balance.minor < -20000


@given(moments(), st.sampled_from(POLICIES))
def test_the_next_look_is_in_the_future(given_: tuple[Situation, datetime], rules: DunningRules) -> None:
    wake_at = decide_dunning(rules, *given_).wake_at
    assert wake_at is None or wake_at > given_[1]


@given(moments(), st.sampled_from(POLICIES))
def test_what_is_done_is_not_done_again(given_: tuple[Situation, datetime], rules: DunningRules) -> None:
    situation, now = given_
    plan = decide_dunning(rules, situation, now)
    after = done(situation, plan, now)
    again = decide_dunning(rules, after, now)
    if any(isinstance(action, CancelStop | StopNotice) for action in plan.actions):  # of large arrears: the stop
        after = done(after, again, now)
        again = decide_dunning(rules, after, now)
    assert acts(again) == []


@given(moments(), st.sampled_from(POLICIES), st.floats(0, 1, exclude_max=True))
def test_nothing_is_to_be_done_before_the_next_look(
    given_: tuple[Situation, datetime], rules: DunningRules, fraction: float
) -> None:
    situation, now = given_
    plan = decide_dunning(rules, situation, now)
    assume(not acts(plan))
    until = plan.wake_at or now + timedelta(days=40)
    between = min(now + (until - now) * fraction, until - timedelta.resolution)  # so near, it is rounded up
    assert acts(decide_dunning(rules, replace(situation, duty=plan.wake_at), between)) == []


@given(moments())
def test_notices_go_out_by_day(given_: tuple[Situation, datetime]) -> None:
    """S22. Those of large arrears, which come with the stop, until quiet hours begin (S24)."""
    situation, now = given_
    for action in decide_dunning(RULES, situation, now).actions:
        if isinstance(action, Remind) or (isinstance(action, StopNotice) and not _is_large(situation)):
            assert _HOURS.is_open(now)
        elif isinstance(action, StopNotice | Stop):
            assert not _HOURS.is_quiet(now)


@given(moments())
def test_no_stop_without_a_notice_of_at_most_two_hours_ago(given_: tuple[Situation, datetime]) -> None:
    """S11, S22, S23, S24: each card of its own, which has gone out."""
    situation, now = given_
    stops = [action for action in decide_dunning(RULES, situation, now).actions if isinstance(action, Stop)]
    for imsi in (imsi for stop in stops for imsi in stop.cards):
        told = [each for each in situation.told if each.kind is NoticeKind.STOP_NOTICE and each.imsi == imsi]
        assert any(each.sent_at and now - MOST_BETWEEN < each.sent_at <= now for each in told)


@given(moments())
def test_nobody_is_dunned_who_has_paid_or_is_stopped(given_: tuple[Situation, datetime]) -> None:
    """S6. What is foretold may concern those who owe nothing yet."""
    situation, now = given_
    owing = Case(RULES, situation, now).standing is Standing.OVERDUE
    open_cards = {card.imsi for card in situation.cards if card.service is Service.OPEN and not card.held}
    for action in decide_dunning(RULES, situation, now).actions:
        if isinstance(action, StopNotice | Stop):
            assert owing
        if isinstance(action, StopNotice | Remind):
            assert action.imsi in open_cards
        if isinstance(action, Stop):
            assert set(action.cards) <= open_cards
        if isinstance(action, Remind) and action.kind is NoticeKind.DUNNING:
            assert owing


@given(st.integers(1, 10), cards(), st.lists(st.tuples(st.integers(1, 4000), st.integers(-25000, 25000)), max_size=6))
def test_a_life_of_charges_and_payments(level: int, lines: tuple[Card, ...], entries: list[tuple[int, int]]) -> None:
    """Every stop comes after a notice of this debt, by day and within two hours, whatever is charged and paid."""
    now = at(1, 0)
    life = replace(OVERDUE, account=replace(OVERDUE.account, level=level), cards=lines, balance=Money(0))
    life, noticed = replace(life, overdue_since=None), None
    for minutes, amount in [*entries, (20000, 0)]:
        until = now + timedelta(minutes=minutes)
        while True:
            plan = decide_dunning(RULES, life, now)
            for action in plan.actions:
                if isinstance(action, StopNotice):
                    noticed = now
                if isinstance(action, Stop):
                    assert noticed is not None
                    assert now - noticed < MOST_BETWEEN
                    assert not _HOURS.is_quiet(now)
            life = done(life, plan, now)
            if plan.wake_at is None or plan.wake_at > until:
                break
            now = plan.wake_at
        now = until
        life = _with_entry(life, Money(amount), now)


def _with_entry(life: Situation, amount: Money, now: datetime) -> Situation:
    after = replace(life, balance=life.balance + amount)
    if amount.minor > 0:
        after = replace(after, last_payment_at=now)
    overdue = Case(RULES, after, now).standing is Standing.OVERDUE
    return replace(after, overdue_since=(life.overdue_since or now) if overdue else None)
