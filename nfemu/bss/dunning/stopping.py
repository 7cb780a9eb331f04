"""Stop notice and stop of the policy `graded` (S11, S20 to S25), and its end before it comes.

    overdue ──level's delay──▶ notice at the account's own moment of the day ──level's time──▶ stop
                                      │ paid, or in grace again                  │ not told in time, not executed
                                      ▼                                          ▼
                                    cancelled                                  cancelled, and noticed anew

A stop that was told is not remembered: it follows from the notice. `due` is when it may come, `deadline` from when on
it may not: two hours after the notice (S23), and never in quiet hours (S22).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nfemu.bss.dunning.actions import Action, CancelStop, Spared, Stop, StopNotice
from nfemu.bss.dunning.case import Case, Part
from nfemu.bss.dunning.hours import MOST_BETWEEN
from nfemu.bss.dunning.rules import AtNight, Rule
from nfemu.bss.dunning.situation import Card, Service, Told
from nfemu.bss.dunning.texts import Message
from nfemu.model.account import Standing
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.subscriber import CardRole

_NO_TIME = timedelta(0)
_DAY = timedelta(days=1)
_TOO_LATE = "no stop within two hours of its notice, or before the night"


@dataclass(frozen=True, slots=True)
class Announced:
    """A stop that was told. `sent`: whether the notice has gone out. `expected`: whether it was still to come when
    dunning last looked."""

    sent: bool
    due: datetime
    deadline: datetime
    expected: bool


def stopping(case: Case) -> Part:
    """What happens to the account's lines, and when to look again."""
    last = _announced(case)
    if case.standing is not Standing.OVERDUE:
        return _no_reason(case, last)
    if any(card.service is Service.STOPPING and not card.held for card in case.situation.cards):
        return _ordered(case, last)
    if not case.open_cards():
        return Part()
    if last is not None and case.now < last.deadline:
        return _wait_or_stop(case, last)
    return _to_be_announced(case, last)


def is_announced(case: Case) -> bool:
    """Has a stop been told that may still come?"""
    last = _announced(case) if case.standing is Standing.OVERDUE else None
    return last is not None and case.now < last.deadline


def renewed_notice(case: Case, told: Told) -> StopNotice | None:
    """A stop notice that waits for its channel, as it is to be said now; None where nothing is to be stopped any more
    (S6). A stop that is ordered and not executed is still to come: one of large arrears is ordered with its notice
    (S24)."""
    cards = (card for card in case.unheld_cards() if card.service is not Service.STOPPED)
    card = next((card for card in cards if card.imsi == told.imsi), None)
    if card is None or case.standing is not Standing.OVERDUE:
        return None
    return _notice(case, card, told.channel, _due(case, case.now))


def is_night(case: Case) -> bool:
    """Is nothing to be said now (S22)? Of large arrears it may be (S24)."""
    at_once = _is_large(case) and case.rules.large.at_night is AtNight.AT_ONCE
    return case.on(Rule.S22) and case.rules.hours.is_quiet(case.now) and not at_once


def _announced(case: Case) -> Announced | None:
    """By the last notice of this debt. What is said on several channels is said at once."""
    notices = case.told(NoticeKind.STOP_NOTICE, since=case.situation.overdue_since)
    if not notices:
        return None
    made = max(each.created_at for each in notices)
    sent = min((each.sent_at for each in notices if each.created_at == made and each.sent_at is not None), default=None)
    begins = sent or made
    looked_for = {moment for begin in (made, begins) for moment in (_due(case, begin), _deadline(case, begin))}
    return Announced(sent is not None, _due(case, begins), _deadline(case, begins), case.situation.duty in looked_for)


def _due(case: Case, begins: datetime) -> datetime:
    """After the level's time, and so long before the deadline that the order finds its way through the queues."""
    return max(begins, min(begins + _time_to_stop(case), _deadline(case, begins) - case.rules.room))


def _deadline(case: Case, begins: datetime) -> datetime:
    """Until when the stop of a notice of then must have come: before quiet hours, but of large arrears where that is
    wanted (S24)."""
    latest, hours = begins + MOST_BETWEEN, case.rules.hours
    if _is_large(case) and case.rules.large.at_night is AtNight.AT_ONCE:
        return latest
    return begins if hours.is_quiet(begins) else min(latest, hours.night_begins(begins))


def _time_to_stop(case: Case) -> timedelta:
    """From notice to stop (S23, S24)."""
    if not case.on(Rule.S23) or _is_large(case):
        return _NO_TIME
    return case.rules.levels[case.situation.account.level].notice


def _is_large(case: Case) -> bool:
    return case.on(Rule.S24) and case.arrears.minor > case.rules.large.above.minor


def _no_reason(case: Case, last: Announced | None) -> Part:
    """Not overdue: what was told or ordered does not come."""
    ordered = any(card.service is Service.STOPPING and not card.held for card in case.situation.cards)
    if ordered or (last is not None and last.expected and case.open_cards()):
        if case.standing is Standing.IN_CREDIT:
            return Part((CancelStop(Rule.S6, "paid"),))
        return Part((CancelStop(Rule.S25, "within the credit limit again"),))
    if case.arrears.minor > case.situation.account.limit.minor:
        return Part((Spared(Rule.S25, f"small arrears: level {case.situation.account.level} may owe {case.limit}"),))
    return Part()


def _ordered(case: Case, last: Announced | None) -> Part:
    """An order waits in the queue: it must be executed before the deadline (S22, S23). Where its notice has reached
    nobody, it must not be at all."""
    if not case.on(Rule.S22):
        return Part()
    if last is None:
        return Part((CancelStop(Rule.S22, "nobody has received its notice"),))
    if case.now < last.deadline:
        return Part(wakes=(last.deadline,))
    return Part((CancelStop(Rule.S22, _TOO_LATE),))


def _wait_or_stop(case: Case, last: Announced) -> Part:
    if case.now < last.due:
        return Part(wakes=(last.due,))
    if not last.sent:
        return Part(wakes=(last.deadline,))
    cards = tuple(card.imsi for card in case.open_cards())
    return Part((Stop(cards, Rule.S23, "the time after the notice is over"),))


def _to_be_announced(case: Case, last: Announced | None) -> Part:
    """The next notice; behind one whose stop did not come in time."""
    ended: tuple[Action, ...] = ()
    if last is not None and last.expected:
        ended = (CancelStop(Rule.S22, _TOO_LATE),)
    spared = _unstoppable(case)
    if spared is not None:
        return Part((*ended, spared))
    if not case.on(Rule.S22):
        return _without_notice(case)
    moment, why = _moment(case, last)
    if case.now < moment:
        return Part((*ended, why), (moment,))
    return _announce(case, ended)


def _unstoppable(case: Case) -> Spared | None:
    """Debts that stop nobody, where S1 or S1b is switched off."""
    rule = Rule.S1 if _is_month_start(case) else Rule.S1B
    return None if case.on(rule) else Spared(rule, f"rule {rule.value} is switched off")


def _without_notice(case: Case) -> Part:
    """S22 is switched off: the stop comes unannounced, at any hour."""
    eligible = _eligible(case)
    if case.now < eligible:
        return Part(wakes=(eligible,))
    cards = tuple(card.imsi for card in case.open_cards())
    return Part((Stop(cards, Rule.S1 if _is_month_start(case) else Rule.S1B, "overdue"),))


def _moment(case: Case, last: Announced | None) -> tuple[datetime, Spared]:
    """When the notice goes out, and what it waits for until then."""
    if _is_large(case):
        return _large_moment(case)
    eligible = _eligible(case)
    earliest = eligible if last is None else max(eligible, last.deadline)
    hours = case.rules.hours
    moment = _own_moment(case, hours.next_open(earliest))
    if moment < case.now and not (hours.is_open(case.now) and hours.day(moment) == case.today):
        moment = _own_moment(case, _next_day_of_notices(case))
    if case.now < eligible:
        level = case.situation.account.level
        return moment, Spared(Rule.S20, f"level {level}: not before {_local(case, eligible)}")
    if not hours.is_open(case.now):
        return moment, Spared(Rule.S22, f"no notices now; told {_local(case, moment)}")
    return moment, Spared(Rule.S11, f"stop notice at {_local(case, moment)}")


def _large_moment(case: Case) -> tuple[datetime, Spared]:
    hours, now = case.rules.hours, case.now
    if not hours.is_quiet(now) or case.rules.large.at_night is AtNight.AT_ONCE:
        return now, Spared(Rule.S24, "large arrears")
    morning = hours.night_ends(now)
    return morning, Spared(Rule.S22, f"large arrears, but it is night: {_local(case, morning)}")


def _next_day_of_notices(case: Case) -> datetime:
    """Its beginning, which may be over, where notices still go out today."""
    hours = case.rules.hours
    return hours.opening(case.today if case.now < hours.closing(case.today) else case.today + _DAY)


def _own_moment(case: Case, opens: datetime) -> datetime:
    """Between then and the end of the notices' hours, never bunched."""
    hours = case.rules.hours
    return case.slot(opens, hours.closing(hours.day(opens)), f"stop notice/{opens.isoformat()}")


def _eligible(case: Case) -> datetime:
    """From when on the account may be noticed: at once, but for fees of the month's start after the level's delay."""
    since = (case.situation.overdue_since or case.now).astimezone(UTC)
    delay = case.rules.levels[case.situation.account.level].delay
    waits = _is_month_start(case) or not case.on(Rule.S21)
    if not delay or not waits or not case.on(Rule.S20):
        return since
    hours = case.rules.hours
    return hours.opening(hours.day(since) + timedelta(days=delay))


def _is_month_start(case: Case) -> bool:
    since = case.situation.overdue_since
    return since is not None and case.rules.hours.day(since).day == case.rules.month_start


def _announce(case: Case, ended: tuple[Action, ...]) -> Part:
    """Tell all of them (S11); where nothing is to be waited for, stop them with it (S24)."""
    stop_at = _due(case, case.now)
    cards = [card for card in case.open_cards() if case.on(Rule.S11) or card.role is CardRole.MAIN]
    notices = tuple(notice for card in cards for notice in _notices(case, card, stop_at))
    if stop_at > case.now:
        return Part((*ended, *notices))
    stopped = tuple(card.imsi for card in case.open_cards())
    rule = Rule.S24 if _is_large(case) else Rule.S23
    stop = Stop(stopped, rule, f"{case.arrears} in arrears, at once")
    return Part((*ended, *notices, stop))


def _notices(case: Case, card: Card, stop_at: datetime) -> list[StopNotice]:
    """By SMS in any case, and by WeChat where that is bound (S4)."""
    channels = [Channel.SMS, Channel.WECHAT] if card.wechat and case.on(Rule.S4) else [Channel.SMS]
    return [_notice(case, card, channel, stop_at) for channel in channels]


def _notice(case: Case, card: Card, channel: Channel, stop_at: datetime) -> StopNotice:
    amount = case.named(card, case.due(case.situation.balance))
    message = Message.STOP_SOON
    if case.of_a_unit:
        settled = amount is not None and amount.minor == 0
        message = Message.STOP_SOON_UNIT_SETTLED if settled else Message.STOP_SOON_UNIT
    rule = Rule.S11 if card.role is CardRole.SECONDARY else Rule.S22
    reason = f"stop at {_local(case, stop_at)}"
    return StopNotice(channel, card.imsi, amount, message, case.segment(card), stop_at, rule, reason)


def _local(case: Case, moment: datetime) -> str:
    return moment.astimezone(case.rules.hours.zone).strftime("%Y-%m-%d %H:%M")
