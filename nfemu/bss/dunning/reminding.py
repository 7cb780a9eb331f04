"""Reminders of the policy `graded`: month's end (S2), waves (S5), forecast (S12) and low balance (S10).

Nobody is reminded of what an agreement will pay (G19). Waves are for what is overdue, where it has not.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nfemu.bss.dunning.actions import Spared
from nfemu.bss.dunning.case import Case, Part, days_of, last_day, next_month
from nfemu.bss.dunning.rules import Rule
from nfemu.bss.dunning.saying import calls, reminders, said, why_not
from nfemu.bss.dunning.texts import Message
from nfemu.bss.standing import standing
from nfemu.model.account import Standing
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind

_DAY = timedelta(days=1)


# ---- month's end (S2)


def month_end(case: Case) -> Part:
    """Once in the last days of the month before the next fee, to those whom it would leave overdue. Whom an agreement
    would save is looked at then, since it can have ended."""
    due = _left_by_the_fee(case)
    fees = case.situation.next_fees
    if due is None or fees is None or not case.on(Rule.S2):
        return Part()
    hours = case.rules.hours
    opens = hours.opening(hours.day(fees.at).replace(day=1) - case.rules.reminding.month_end_days * _DAY)
    if case.told(NoticeKind.MONTH_END, since=opens):
        return Part()
    moment = case.slot(opens, hours.closing(hours.day(opens)), f"month end/{opens.isoformat()}")
    if case.is_deducted(due):
        return Part(wakes=(moment,))
    return said(case, NoticeKind.MONTH_END, moment, Message.MONTH_END, due)


def month_end_due(case: Case) -> Money | None:
    """What covers the next fee; None: it is covered, also by an agreement, there is none, or it has been charged."""
    due = _left_by_the_fee(case)
    return None if due is None or case.is_deducted(due) else due


def _left_by_the_fee(case: Case) -> Money | None:
    fees = case.situation.next_fees
    if fees is None or fees.at <= case.now:
        return None
    after = case.situation.balance - fees.amount
    return case.due(after) if standing(after, case.limit) is Standing.OVERDUE else None


# ---- waves (S5)


def wave(case: Case) -> Part:
    """On their days everybody who is due to stop is told; on one of them by a call, too (S9)."""
    if not case.on(Rule.S5):
        return Part()
    moments = _waves(case)
    if case.standing is not Standing.OVERDUE or not case.main_cards():
        return _not_dunned(case, moments)
    begun = [moment for moment in moments if moment <= case.now and case.rules.hours.day(moment) == case.today]
    later = tuple(moment for moment in moments if moment > case.now)
    since = case.situation.overdue_since
    if not begun or not case.rules.hours.is_open(case.now) or since is None or since > begun[0]:
        return Part(wakes=later[:1])
    if case.told(NoticeKind.DUNNING, since=begun[0]):
        return Part(wakes=later[:1])
    due = case.due(case.situation.balance)
    number = 1 + case.rules.reminding.waves.index(case.today.day)
    written = reminders(case, NoticeKind.DUNNING, Message.WAVE, due, f"wave {number}")
    return Part((*written, *calls(case, number, due)), later[:1])


def _waves(case: Case) -> list[datetime]:
    """The account's moments of this month's waves and the next's, in order."""
    hours, reminding = case.rules.hours, case.rules.reminding
    days = [*days_of(case.today, reminding.waves), *days_of(next_month(case.today), reminding.waves)]
    opens = [hours.at(day, max(reminding.wave_at, hours.opens)) for day in days]
    closes = [min(begin + reminding.wave_spread, hours.closing(hours.day(begin))) for begin in opens]
    return [case.slot(begin, end, f"wave/{begin.isoformat()}") for begin, end in zip(opens, closes, strict=True)]


def _not_dunned(case: Case, moments: Sequence[datetime]) -> Part:
    """The wave that was meant for the account says why it leaves it out (S6)."""
    duty = case.situation.duty
    if duty is None or duty not in moments:
        return Part()
    if duty > case.now:
        return Part(wakes=(duty,))
    return Part((Spared(Rule.S6, why_not(case)),))


# ---- forecast (S12)


def forecast(case: Case) -> Part:
    """On their days those are told whose balance, at the spend of the last days, ends before the month."""
    if not case.on(Rule.S12) or not case.situation.spend or case.standing is Standing.OVERDUE:
        return Part()
    hours, days = case.rules.hours, case.rules.reminding.forecasts
    opening = [hours.opening(day) for month in (case.today, next_month(case.today)) for day in days_of(month, days)]
    slots = [case.slot(opens, hours.closing(hours.day(opens)), f"forecast/{opens.isoformat()}") for opens in opening]
    begun = [slot for slot in slots if slot <= case.now and hours.day(slot) == case.today]
    wakes = tuple(slot for slot in slots if slot > case.now)[:1]
    due = missing(case)
    if not begun or due is None or not hours.is_open(case.now):
        return Part(wakes=wakes)
    if case.told(NoticeKind.FORECAST, since=begun[0]):
        return Part(wakes=wakes)
    return Part(tuple(reminders(case, NoticeKind.FORECAST, Message.FORECAST, due, "runs out before month end")), wakes)


def missing(case: Case) -> Money | None:
    """What will be missing at the month's end; None: nothing, or an agreement pays it."""
    over = case.rules.reminding.forecast_over
    first = case.today - (over - 1) * _DAY
    spent = sum(amount.minor for day, amount in case.situation.spend.items() if first <= day <= case.today)
    left = (last_day(case.today) - case.today).days + 1
    foretold = case.situation.balance - Money(spent * left // over, case.situation.balance.currency)
    due = case.due(foretold)
    return due if standing(foretold, case.limit) is Standing.OVERDUE and not case.is_deducted(due) else None


# ---- low balance (S10)


def low_balance(case: Case) -> Part:
    """After use within the last day and since the last payment; once until something is paid, never once a stop is
    triggered."""
    if not case.on(Rule.S10) or not is_low(case) or _alerted(case):
        return Part()
    used, paid = case.situation.last_use_at, case.situation.last_payment_at
    if used is None or case.now >= used + _DAY or (paid is not None and used <= paid):
        return Part()
    return said(case, NoticeKind.LOW_BALANCE, used, low_message(case), up_to_threshold(case))


def low_message(case: Case) -> Message:
    return Message.LOW_CREDIT if case.limit.minor else Message.LOW_BALANCE


def _alerted(case: Case) -> bool:
    paid = case.situation.last_payment_at
    return bool(case.told(NoticeKind.LOW_BALANCE, since=paid))


def _threshold(case: Case) -> Money:
    fees = case.situation.next_fees
    of_the_fee = fees.amount.minor * case.rules.low_balance.percent // 100 if fees is not None else 0
    return Money(max(case.rules.low_balance.amount.minor, of_the_fee), case.limit.currency)


def is_low(case: Case) -> bool:
    left = case.situation.balance + case.limit
    low = case.standing is not Standing.OVERDUE and left.minor < _threshold(case).minor
    return low and not case.is_deducted(up_to_threshold(case))


def up_to_threshold(case: Case) -> Money:
    """The least that makes the balance sufficient again."""
    return _threshold(case) - (case.situation.balance + case.limit)
