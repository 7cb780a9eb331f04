"""What a change of balance means for the lines, under the policy `immediate`."""

import pytest

from nfemu.bss.dunning import DunningRules, Movement, Rule, movement
from nfemu.model.account import Account, AccountKind
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile

ACCOUNT = Account(AccountId("li"), AccountKind.PERSONAL, "CNY", Money(500))


@pytest.mark.parametrize(
    ("before", "after", "resume", "expected"),
    [
        (100, -501, 0, Movement.TURNED_OVERDUE),
        (-100, -501, 0, Movement.TURNED_OVERDUE),
        (-501, -900, 0, Movement.STILL_OVERDUE),
        (-900, -501, 0, Movement.STILL_OVERDUE),
        (100, -1, 0, Movement.TURNED_OWING),
        (-501, -500, 0, Movement.TURNED_OWING),
        (-1, -2, 0, Movement.STILL_OWING),
        (-501, 0, 0, Movement.CLEARED),
        (5, 6, 0, Movement.CLEARED),
        (5, 6, 1000, Movement.STILL_OWING),
        (-501, 6, 1000, Movement.TURNED_OWING),
        (-501, -300, -300, Movement.CLEARED),
    ],
)
def test_movement(before: int, after: int, resume: int, expected: Movement) -> None:
    rules = DunningRules(OrderedProfile.ARREARS, Money(resume))
    assert movement(rules, ACCOUNT, Money(before), Money(after)) is expected


def test_s27_switched_off_resumes_whoever_is_not_overdue() -> None:
    rules = DunningRules(OrderedProfile.ARREARS, Money(0))
    assert movement(rules, ACCOUNT, Money(-900), Money(-500)) is Movement.TURNED_OWING
    assert movement(rules.without(Rule.S27), ACCOUNT, Money(-900), Money(-500)) is Movement.CLEARED
    assert movement(rules.without(Rule.S27), ACCOUNT, Money(-900), Money(-501)) is Movement.STILL_OVERDUE


def test_a_restriction_restricts() -> None:
    with pytest.raises(InvalidInput, match="`open` restricts nothing"):
        DunningRules(OrderedProfile.OPEN, Money(0))
