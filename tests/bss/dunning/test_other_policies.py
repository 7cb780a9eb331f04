"""The policies to compare with: `immediate` and `classic`."""

from dataclasses import replace
from datetime import datetime, time

import pytest

from nfemu.bss.dunning import Policy, Rule
from nfemu.bss.dunning.actions import Plan, Stop
from nfemu.bss.dunning.deciding import decide_dunning
from nfemu.bss.dunning.rules import Night
from nfemu.bss.dunning.situation import Service, Situation
from tests.bss.dunning.making import CARD, MAIN, OVERDUE, PAID, RULES, SECONDARY, at

CLASSIC = replace(RULES, policy=Policy.CLASSIC)


def test_immediate_leaves_all_to_movements_of_the_ledger() -> None:
    assert decide_dunning(replace(RULES, policy=Policy.IMMEDIATE), OVERDUE, at(17, 9)) == Plan()


@pytest.mark.parametrize(
    ("since", "now", "wake_at"),
    [
        (at(17, 9), at(17, 9), at(18, 0)),
        (at(17, 9), at(18, 0), None),
        (at(17, 2), at(17, 2), None),
        (at(17, 2), at(17, 7), at(18, 0)),
        (None, at(17, 6), at(18, 0)),
    ],
)
def test_classic_stops_in_the_next_night(since: datetime | None, now: datetime, wake_at: datetime | None) -> None:
    """S1b; whatever was missed in one night is done in the next."""
    plan = decide_dunning(CLASSIC, replace(OVERDUE, overdue_since=since, cards=(CARD, SECONDARY)), now)
    stop = Stop((MAIN,), Rule.S1B, "overdue, and it is night")
    assert plan == (Plan((), wake_at) if wake_at is not None else Plan((stop,)))


def test_a_night_may_begin_in_the_evening() -> None:
    rules = replace(CLASSIC, night=Night(time(21), time(23)))
    assert decide_dunning(rules, OVERDUE, at(17, 9)).wake_at == at(17, 21)


@pytest.mark.parametrize("situation", [PAID, replace(OVERDUE, cards=(replace(CARD, service=Service.STOPPED),))])
def test_classic_has_nothing_to_do(situation: Situation) -> None:
    assert decide_dunning(CLASSIC, situation, at(17, 2)) == Plan()
