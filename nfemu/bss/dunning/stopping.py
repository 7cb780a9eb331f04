"""Stop notice and stop of the policy `graded` (S11, S20 to S25), and its end before it comes.

    overdue ──level's delay──▶ notice at the account's own moment of the day ──level's time──▶ stop
                                      │ paid, or in grace again                  │ not told in time, not executed
                                      ▼                                          ▼
                                    cancelled                                  cancelled, and noticed anew

Each card goes its own way (`announced`): no card is stopped whose own notice has not gone out, however often the others
were told, and where it went out to nobody it is made anew for that card.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from nfemu.bss.dunning.actions import Action, CancelStop, Spared, Stop, StopNotice
from nfemu.bss.dunning.announced import SOON, Announced, announced, due, is_large, was_expected
from nfemu.bss.dunning.case import Case, Part
from nfemu.bss.dunning.rules import AtNight, Rule
from nfemu.bss.dunning.situation import Card, Service, Told
from nfemu.bss.dunning.texts import Message
from nfemu.model.account import Standing
from nfemu.model.identity import Imsi
from nfemu.model.notices import Channel
from nfemu.model.subscriber import CardRole

_DAY = timedelta(days=1)
_TOO_LATE = "no stop within two hours of its notice, or before the night"


def stopping(case: Case) -> Part:
    """What happens to the account's lines, and when to look again."""
    cards = [card for card in case.unheld_cards() if card.service is not Service.STOPPED]
    if case.standing is not Standing.OVERDUE:
        return _no_reason(case, cards)
    return _joined(_of_card(case, card) for card in cards)


def is_announced(case: Case) -> bool:
    """Has a stop been told that may still come?"""
    if case.standing is not Standing.OVERDUE:
        return False
    told = (announced(case, card) for card in case.unheld_cards() if card.service is not Service.STOPPED)
    return any(last is not None and case.now < last.deadline for last in told)


def renewed_notice(case: Case, told: Told) -> StopNotice | None:
    """A stop notice that waits for its channel, as it is to be said now; None where nothing is to be stopped any more
    (S6). A stop that is ordered and not executed is still to come: what was told by one channel is told by the other,
    too."""
    cards = (card for card in case.unheld_cards() if card.service is not Service.STOPPED)
    card = next((card for card in cards if card.imsi == told.imsi), None)
    if card is None or case.standing is not Standing.OVERDUE:
        return None
    return _notice(case, card, told.channel, due(case, case.now))


def is_night(case: Case) -> bool:
    """Is nothing to be said now (S22)? Of large arrears it may be (S24)."""
    at_once = is_large(case) and case.rules.large.at_night is AtNight.AT_ONCE
    return case.on(Rule.S22) and case.rules.hours.is_quiet(case.now) and not at_once


def _of_card(case: Case, card: Card) -> Part:
    last = announced(case, card)
    if card.service is Service.STOPPING:
        return _ordered(case, card, last)
    if last is not None and case.now < last.deadline:
        return _wait_or_stop(case, card, last)
    return _to_be_announced(case, card, last)


def _joined(parts: Iterable[Part]) -> Part:
    """One word for all cards that it is about."""
    actions: dict[Action, Action] = {}
    wakes: list[datetime] = []
    for part in parts:
        wakes += part.wakes
        for action in part.actions:
            if isinstance(action, Stop | CancelStop):
                same = replace(action, cards=())
                known = actions.get(same, same)
                actions[same] = replace(action, cards=(*_cards(known), *action.cards))
            else:
                actions[action] = action
    return Part(tuple(actions.values()), tuple(wakes))


def _cards(action: Action) -> tuple[Imsi, ...]:
    return action.cards if isinstance(action, Stop | CancelStop) else ()


def _no_reason(case: Case, cards: Sequence[Card]) -> Part:
    """Not overdue: what was told or ordered does not come."""
    open_ones = filter(None, (announced(case, card) for card in cards if card.service is Service.OPEN))
    if any(card.service is Service.STOPPING for card in cards) or any(was_expected(case, last) for last in open_ones):
        imsis = tuple(card.imsi for card in cards)
        if case.standing is Standing.IN_CREDIT:
            return Part((CancelStop(imsis, Rule.S6, "paid"),))
        return Part((CancelStop(imsis, Rule.S25, "within the credit limit again"),))
    if case.arrears.minor > case.situation.account.limit.minor:
        return Part((Spared(Rule.S25, f"small arrears: level {case.situation.account.level} may owe {case.limit}"),))
    return Part()


def _ordered(case: Case, card: Card, last: Announced | None) -> Part:
    """An order waits in the queue: it must be executed before the deadline (S22, S23). Where its notice has reached
    nobody, it must not be at all."""
    if not case.on(Rule.S22):
        return Part()
    if last is None:
        return Part((CancelStop((card.imsi,), Rule.S22, "nobody has received its notice"),))
    if case.now < last.deadline:
        return Part(wakes=(last.deadline,))
    return Part((CancelStop((card.imsi,), Rule.S22, _TOO_LATE),))


def _wait_or_stop(case: Case, card: Card, last: Announced) -> Part:
    """No stop before its notice has gone out; where it should come at once, that is looked for soon."""
    if case.now < last.due:
        return Part(wakes=(last.due,))
    if last.sent is None:
        return Part(wakes=(last.made + SOON, last.deadline))
    if is_large(case):
        return Part((Stop((card.imsi,), Rule.S24, f"{case.arrears} in arrears, at once"),))
    return Part((Stop((card.imsi,), Rule.S23, "the time after the notice is over"),))


def _to_be_announced(case: Case, card: Card, last: Announced | None) -> Part:
    """The next notice; behind one whose stop did not come in time."""
    ended: tuple[Action, ...] = ()
    if last is not None and was_expected(case, last):
        ended = (CancelStop((card.imsi,), Rule.S22, _TOO_LATE),)
    spared = _unstoppable(case)
    if spared is not None:
        return Part((*ended, spared))
    if not case.on(Rule.S22):
        return _without_notice(case, card)
    moment, why = _moment(case, last)
    if case.now < moment:
        return Part((*ended, why), (moment,))
    return Part((*ended, *_notices(case, card)))


def _unstoppable(case: Case) -> Spared | None:
    """Debts that stop nobody, where S1 or S1b is switched off."""
    rule = Rule.S1 if _is_month_start(case) else Rule.S1B
    return None if case.on(rule) else Spared(rule, f"rule {rule.value} is switched off")


def _without_notice(case: Case, card: Card) -> Part:
    """S22 is switched off: the stop comes unannounced, at any hour."""
    eligible = _eligible(case)
    if case.now < eligible:
        return Part(wakes=(eligible,))
    return Part((Stop((card.imsi,), Rule.S1 if _is_month_start(case) else Rule.S1B, "overdue"),))


def _moment(case: Case, last: Announced | None) -> tuple[datetime, Spared]:
    """When the notice goes out, and what it waits for until then."""
    if is_large(case):
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


def _notices(case: Case, card: Card) -> list[StopNotice]:
    """To secondary cards, too (S11); by SMS in any case, and by WeChat where that is bound (S4)."""
    if card.role is CardRole.SECONDARY and not case.on(Rule.S11):
        return []
    channels = [Channel.SMS, Channel.WECHAT] if card.wechat and case.on(Rule.S4) else [Channel.SMS]
    return [_notice(case, card, channel, due(case, case.now)) for channel in channels]


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
