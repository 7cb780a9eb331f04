"""A message once more: still true, and then with the amount of now, or not said any more (S6, S8).

That is asked of what follows a message to WeChat (S4), and of everything at the moment of sending: a reason can go
while a message waits for its channel.
"""

from datetime import UTC, datetime

from nfemu.bss.dunning.actions import Remind, Spared, StopNotice
from nfemu.bss.dunning.case import Case
from nfemu.bss.dunning.reminding import is_low, low_message, missing, month_end_due, up_to_threshold
from nfemu.bss.dunning.rules import DunningRules, Rule
from nfemu.bss.dunning.saying import REMINDERS, addressed, remind, why_not
from nfemu.bss.dunning.situation import Card, Situation, Told
from nfemu.bss.dunning.stopping import is_night, renewed_notice
from nfemu.bss.dunning.texts import Message
from nfemu.model.account import Standing
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind

_MESSAGES = {
    NoticeKind.MONTH_END: Message.MONTH_END,
    NoticeKind.DUNNING: Message.WAVE,
    NoticeKind.FORECAST: Message.FORECAST,
}


def said_now(rules: DunningRules, situation: Situation, told: Told, now: datetime) -> Remind | StopNotice | Spared:
    """A message that waits to be sent to one of the account's cards: as it is to be said now, or why it is not."""
    case = Case(rules, situation, now.astimezone(UTC))
    if is_night(case):
        return Spared(Rule.S22, "not told: no messages at night")
    again: Remind | StopNotice | None = None
    if told.kind is NoticeKind.STOP_NOTICE:
        again = renewed_notice(case, told)
    elif card := next((card for card in addressed(case) if card.imsi == told.imsi), None):
        again = renewed(case, card, told, told.channel, REMINDERS[told.kind], told.kind.value)
    return again or Spared(Rule.S6, why_not(case))


def renewed(case: Case, card: Card, told: Told, channel: Channel, rule: Rule, reason: str) -> Remind | None:
    """The same reminder by that channel; None where it is not true any more."""
    due = _still(case, told)
    if due is None:
        return None
    message = low_message(case) if told.kind is NoticeKind.LOW_BALANCE else _MESSAGES[told.kind]
    return remind(case, told.kind, channel, card, message, due, rule, reason)


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
