"""The policy `classic`, to compare with: an account that turned overdue is stopped in the next night, without a word
before, and only its main card; nobody is reminded of anything."""

from datetime import datetime, timedelta

from nfemu.bss.dunning.actions import Stop
from nfemu.bss.dunning.case import Case, Part
from nfemu.bss.dunning.rules import Rule
from nfemu.model.account import Standing
from nfemu.model.subscriber import CardRole


def stopping_by_night(case: Case) -> Part:
    """What happens to the account's lines, and when to look again."""
    cards = tuple(card.imsi for card in case.open_cards() if card.role is CardRole.MAIN)
    if case.standing is not Standing.OVERDUE or not cards:
        return Part()
    night = _next_night(case, case.situation.overdue_since or case.now)
    if case.now < night:
        return Part(wakes=(night,))
    if not _is_night(case, case.now):
        return Part(wakes=(_next_night(case, case.now),))
    return Part((Stop(cards, Rule.S1B, "overdue, and it is night"),))


def _is_night(case: Case, moment: datetime) -> bool:
    hours, night = case.rules.hours, case.rules.night
    day = hours.day(moment)
    return hours.at(day, night.begins) <= moment < hours.at(day, night.ends)


def _next_night(case: Case, moment: datetime) -> datetime:
    """The first moment from then on that is in the night."""
    if _is_night(case, moment):
        return moment
    hours, begins = case.rules.hours, case.rules.night.begins
    tonight = hours.at(hours.day(moment), begins)
    return tonight if moment < tonight else hours.at(hours.day(moment) + timedelta(days=1), begins)
