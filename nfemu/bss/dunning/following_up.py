"""What follows a message to WeChat: an SMS after a day without a click, where it is still true (S4, S6)."""

from datetime import timedelta

from nfemu.bss.dunning.actions import Spared
from nfemu.bss.dunning.case import Case, Part
from nfemu.bss.dunning.renewing import renewed
from nfemu.bss.dunning.rules import Outreach, Rule
from nfemu.bss.dunning.saying import REMINDERS, why_not
from nfemu.bss.dunning.situation import Card, Told
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
    again = renewed(case, card, told, Channel.SMS, Rule.S4, "not clicked in WeChat for a day")
    if again is None:
        return Part((Spared(Rule.S6, why_not(case)),)) if case.is_woken_for(at) else Part()
    return Part((again,) if case.rules.hours.is_open(case.now) else ())
