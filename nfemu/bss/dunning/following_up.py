"""What follows a message to WeChat: an SMS after a day without a click, where it is still true (S4, S6)."""

from datetime import timedelta

from nfemu.bss.dunning.actions import Spared
from nfemu.bss.dunning.case import Case, Part
from nfemu.bss.dunning.reminding import is_low, low_message, missing, month_end_due, up_to_threshold
from nfemu.bss.dunning.rules import Outreach, Rule
from nfemu.bss.dunning.saying import REMINDERS, remind, why_not
from nfemu.bss.dunning.situation import Card, Told
from nfemu.bss.dunning.texts import Message
from nfemu.model.account import Standing
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind

_DAY = timedelta(days=1)


def fallbacks(case: Case) -> list[Part]:
    """By SMS what was sent to WeChat and not clicked for a day, where it is still true."""
    if case.rules.levels[case.situation.account.level].outreach is Outreach.WECHAT or not case.on(Rule.S4):
        return []
    parts = []
    for card in case.main_cards():
        for kind in REMINDERS:
            last = [each for each in case.told(kind) if each.imsi == card.imsi and each.channel is Channel.WECHAT]
            if last:
                parts.append(_fallback(case, card, last[-1]))
    return parts


def _fallback(case: Case, card: Card, told: Told) -> Part:
    followed = [
        each
        for each in case.told(told.kind, NoticeKind.STOP_NOTICE, since=told.created_at)
        if each.imsi == card.imsi and each.channel is Channel.SMS
    ]
    at = case.rules.hours.next_open(told.at + case.rules.reminding.fallback)
    if told.clicked_at is not None or followed or case.now >= at + _DAY:
        return Part()
    if case.now < at:
        return Part(wakes=(at,))
    due = _still(case, told)
    if due is None:
        return Part((Spared(Rule.S6, why_not(case)),)) if case.is_woken_for(at) else Part()
    if not case.rules.hours.is_open(case.now):
        return Part()
    message = low_message(case) if told.kind is NoticeKind.LOW_BALANCE else _MESSAGES[told.kind]
    return Part((remind(case, told.kind, Channel.SMS, card, message, due, Rule.S4, "not clicked in WeChat for a day"),))


_MESSAGES = {
    NoticeKind.MONTH_END: Message.MONTH_END,
    NoticeKind.DUNNING: Message.WAVE,
    NoticeKind.FORECAST: Message.FORECAST,
}


def _still(case: Case, told: Told) -> Money | None:
    """What is to be paid, if that message is still true (S6)."""
    if not case.on(Rule.S6):
        return told.amount or case.due(case.situation.balance)
    since = case.situation.overdue_since
    match told.kind:
        case NoticeKind.MONTH_END:
            return month_end_due(case)
        case NoticeKind.DUNNING:
            return case.due(case.situation.balance) if since is not None and since <= told.created_at else None
        case NoticeKind.FORECAST:
            return missing(case) if case.standing is not Standing.OVERDUE else None
        case _:
            return up_to_threshold(case) if is_low(case) else None
