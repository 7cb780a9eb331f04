"""Stops that were told: what follows from the notices that a card has, and nothing else is remembered.

A notice counts from when it has gone out; until then its stop does not come. `due` is when the stop may come,
`deadline` from when on it may not: two hours after the notice (S23), and never in quiet hours (S22).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nfemu.bss.dunning.case import Case
from nfemu.bss.dunning.hours import MOST_BETWEEN
from nfemu.bss.dunning.rules import AtNight, DunningRules, Policy, Rule
from nfemu.bss.dunning.situation import Card, Situation
from nfemu.model.account import Account
from nfemu.model.identity import Imsi
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.subscriber import CardRole

SOON = timedelta(seconds=1)
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Announced:
    """The last notice of this debt to a card, made then. `sent`: None, it has not gone out yet."""

    made: datetime
    sent: datetime | None
    due: datetime
    deadline: datetime


def announced(case: Case, card: Card) -> Announced | None:
    """What is said on several channels is said at once. The stop of each card needs a notice of its own (S11, S22)."""
    told = case.told(NoticeKind.STOP_NOTICE, since=case.situation.overdue_since)
    its = [each for each in told if each.imsi in _whose(case, card)]
    if not its:
        return None
    made = max(each.created_at for each in its)
    sent = min((each.sent_at for each in its if each.created_at == made and each.sent_at is not None), default=None)
    begins = sent or made
    return Announced(made, sent, due(case, begins), deadline(case, begins))


def was_expected(case: Case, last: Announced) -> bool:
    """Was that stop still to come when dunning last looked?"""
    duty = case.situation.duty
    return duty is not None and duty <= last.deadline and duty in _looked_for(case)


def due(case: Case, begins: datetime) -> datetime:
    """After the level's time, and so long before the deadline that the order finds its way through the queues."""
    return max(begins, min(begins + _time_to_stop(case), deadline(case, begins) - case.rules.room))


def deadline(case: Case, begins: datetime) -> datetime:
    """Until when the stop of a notice of then must have come: before quiet hours, but of large arrears where that is
    wanted (S24)."""
    latest, hours = begins + MOST_BETWEEN, case.rules.hours
    if is_large(case) and case.rules.large.at_night is AtNight.AT_ONCE:
        return latest
    return begins if hours.is_quiet(begins) else min(latest, hours.night_begins(begins))


def is_large(case: Case) -> bool:
    return case.on(Rule.S24) and case.arrears.minor > case.rules.large.above.minor


def stops_at_once(rules: DunningRules, account: Account, balance: Money, now: datetime) -> bool:
    """Does the stop follow a notice of `now` without any time between (S24)?"""
    return rules.policy is Policy.GRADED and due(Case(rules, Situation(account, balance, ()), now), now) <= now


def _time_to_stop(case: Case) -> timedelta:
    """From notice to stop (S23, S24)."""
    if not case.on(Rule.S23) or is_large(case):
        return _NO_TIME
    return case.rules.levels[case.situation.account.level].notice


def _whose(case: Case, card: Card) -> set[Imsi]:
    """The cards whose notice is this one's: with S11 switched off, a secondary card goes with the main ones."""
    if case.on(Rule.S11) or card.role is CardRole.MAIN:
        return {card.imsi}
    return {each.imsi for each in case.situation.cards if each.role is CardRole.MAIN}


def _looked_for(case: Case) -> set[datetime]:
    """The moments for which some card's notice has dunning look."""
    found: set[datetime] = set()
    for last in filter(None, (announced(case, card) for card in case.situation.cards)):
        for begins in (last.made, last.sent or last.made):
            found |= {begins + SOON, due(case, begins), deadline(case, begins)}
    return found
