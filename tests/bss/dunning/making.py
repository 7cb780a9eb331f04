"""Situations and rules for the tests of dunning: November 2026 in Shanghai, an account of one card that owes ¥59."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nfemu.bss.dunning.actions import Action, Plan, Spared
from nfemu.bss.dunning.deciding import decide_dunning
from nfemu.bss.dunning.hours import Hours
from nfemu.bss.dunning.outcome import carried_out
from nfemu.bss.dunning.rules import DunningRules, Policy
from nfemu.bss.dunning.situation import Card, Service, Situation, Told
from nfemu.model.account import Account, AccountKind
from nfemu.model.identity import AccountId, Imsi
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.subscriber import CardRole, OrderedProfile

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = DunningRules(OrderedProfile.ARREARS, Money(0), Policy.GRADED, hours=Hours(zone=SHANGHAI))
MAIN, SECOND = Imsi("460001380013800"), Imsi("460001380013801")
CARD = Card(MAIN, CardRole.MAIN, Service.OPEN, Money(-5900))
SECONDARY = Card(SECOND, CardRole.SECONDARY, Service.OPEN, Money(0))


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """A moment of 2026 in Shanghai."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def account(level: int = 1, *, limit: int = 0, kind: AccountKind = AccountKind.PERSONAL) -> Account:
    return Account(AccountId("zhang"), kind, "CNY", Money(limit), level)


OVERDUE = Situation(account(), Money(-5900), (CARD,), overdue_since=at(17, 9))
"""Since the forenoon of the 17th, so by something else than the fees of the month's start."""
PAID = replace(OVERDUE, balance=Money(0), overdue_since=None)


def of_level(level: int, situation: Situation = OVERDUE) -> Situation:
    return replace(situation, account=replace(situation.account, level=level))


def told(
    kind: NoticeKind, moment: datetime, channel: Channel = Channel.SMS, *, imsi: Imsi = MAIN, sent: bool = True
) -> Told:
    return Told(kind, channel, imsi, moment, moment if sent else None)


def done(situation: Situation, plan: Plan, now: datetime) -> Situation:
    """The situation once a plan's actions have been carried out, and its messages have gone out at once."""
    after = carried_out(situation, plan.actions, now)
    sent = tuple(replace(each, sent_at=now) for each in after.told[len(situation.told) :])
    return replace(after, told=(*situation.told, *sent), duty=plan.wake_at)


def acts(plan: Plan) -> list[Action]:
    """What a plan does, without what it says of what it does not do."""
    return [action for action in plan.actions if not isinstance(action, Spared)]


def played(
    rules: DunningRules, situation: Situation, begins: datetime, ends: datetime
) -> list[tuple[datetime, Action]]:
    """Everything that happens from then until then, every wish to be woken granted. Orders are executed at once."""
    now, happened = begins, []
    while now < ends:
        plan = decide_dunning(rules, situation, now)
        happened += [(now, action) for action in plan.actions]
        situation = done(situation, plan, now)
        executed = tuple(
            replace(card, service=Service.STOPPED) if card.service is Service.STOPPING else card
            for card in situation.cards
        )
        situation = replace(situation, cards=executed)
        if plan.wake_at is None:
            break
        now = plan.wake_at
    return happened
