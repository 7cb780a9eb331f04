"""A reminder as an action: to whom, by which channel, with which amount."""

from datetime import UTC, datetime

from nfemu.bss.dunning.actions import Remind, ago
from nfemu.bss.dunning.case import Case, Part
from nfemu.bss.dunning.rules import Outreach, Rule
from nfemu.bss.dunning.situation import Card
from nfemu.bss.dunning.texts import Message
from nfemu.model.account import Standing
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind

REMINDERS = {
    NoticeKind.MONTH_END: Rule.S2,
    NoticeKind.DUNNING: Rule.S5,
    NoticeKind.FORECAST: Rule.S12,
    NoticeKind.LOW_BALANCE: Rule.S10,
}
"""Kinds of reminders, and the rule of each."""


def said(case: Case, kind: NoticeKind, moment: datetime, message: Message, due: Money) -> Part:
    """From `moment` on, as soon as notices go out."""
    at = _when_open(case, max(moment.astimezone(UTC), case.now), kind.value) if case.on(Rule.S22) else moment
    if case.now < at:
        return Part(wakes=(at,))
    return Part(tuple(reminders(case, kind, message, due, kind.value)))


def _when_open(case: Case, moment: datetime, event: str) -> datetime:
    """What the night has kept back goes out in the morning like a wave: not all of it as the day begins."""
    hours = case.rules.hours
    if hours.is_open(moment):
        return moment
    opens = hours.next_open(moment)
    closes = min(opens + case.rules.reminding.wave_spread, hours.closing(hours.day(opens)))
    return case.slot(opens, closes, f"{event}/{opens.isoformat()}")


def reminders(case: Case, kind: NoticeKind, message: Message, due: Money, reason: str) -> list[Remind]:
    """To WeChat where it is bound, else by SMS (S4)."""
    found = []
    for card in addressed(case):
        channel = Channel.WECHAT if card.wechat and case.on(Rule.S4) else Channel.SMS
        found.append(remind(case, kind, channel, card, message, due, REMINDERS[kind], reason))
    return found


def addressed(case: Case) -> list[Card]:
    """Of a unit account those who have a share to pay."""
    cards = case.main_cards()
    return [card for card in cards if card.share.minor < 0] if case.of_a_unit else cards


def remind(
    case: Case, kind: NoticeKind, channel: Channel, card: Card, message: Message, due: Money, rule: Rule, reason: str
) -> Remind:
    return Remind(kind, channel, card.imsi, case.named(card, due), message, case.segment(card), rule, reason)


def calls(case: Case, number: int, due: Money) -> list[Remind]:
    level = case.rules.levels[case.situation.account.level]
    voiced = level.outreach is Outreach.SMS_AND_VOICE and number == case.rules.reminding.voice_wave
    if not voiced or not case.on(Rule.S9):
        return []
    return [
        remind(case, NoticeKind.DUNNING, Channel.VOICE, card, Message.WAVE, due, Rule.S9, f"wave {number}, by voice")
        for card in addressed(case)
    ]


def why_not(case: Case) -> str:
    paid = case.situation.last_payment_at
    if case.standing is Standing.OVERDUE:
        return "not dunned: stopped already, or held by a person"
    why = f"paid {ago(case.now - paid)}" if paid is not None else f"it is {case.standing.value}"
    return f"not dunned: {why}"
