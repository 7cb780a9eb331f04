"""Dunning: what a movement of the ledger means for the lines of an account.

`immediate` is the policy of this file: an account that is overdue stops its lines at once, at any hour, and one
that is cleared resumes them at once (G14, S27). Between the two (below the resume balance, but not overdue)
nothing changes: an open line stays open (S25), a stopped one stays stopped (a part payment does not resume).
"""

from dataclasses import dataclass
from enum import Enum

from nfemu.bss.standing import is_cleared, standing
from nfemu.model.account import Account, Standing
from nfemu.model.errors import InvalidInput
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile


@dataclass(frozen=True, slots=True)
class DunningRules:
    """`restricted`: what a stop orders. `resume_balance`: from which balance on a stopped line resumes (S27)."""

    restricted: OrderedProfile
    resume_balance: Money

    def __post_init__(self) -> None:
        if self.restricted is OrderedProfile.OPEN:
            raise InvalidInput("restricted profile `open` restricts nothing; write `arrears` or `barred`")


class Movement(Enum):
    """A ledger entry, as the lines of its account feel it. `TURNED`: the standing is another one than before."""

    TURNED_OVERDUE = "turned overdue"
    STILL_OVERDUE = "still overdue"
    TURNED_OWING = "turned owing"
    """Neither overdue nor cleared any more or yet, and the standing changed."""
    STILL_OWING = "still owing"
    CLEARED = "cleared"


def movement(rules: DunningRules, account: Account, before: Money, after: Money) -> Movement:
    """What the change of balance from `before` to `after` means."""
    return moved(rules, account, standing(before, account.limit), after)


def moved(rules: DunningRules, account: Account, was: Standing, after: Money) -> Movement:
    """The same for an account that had the standing `was`, also where its limit is what changed."""
    now = standing(after, account.limit)
    turned = now is not was
    if now is Standing.OVERDUE:
        return Movement.TURNED_OVERDUE if turned else Movement.STILL_OVERDUE
    if is_cleared(after, account.limit, rules.resume_balance):
        return Movement.CLEARED
    return Movement.TURNED_OWING if turned else Movement.STILL_OWING
