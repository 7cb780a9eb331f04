"""What a movement of the ledger means for the lines of an account.

Under the policy `immediate` this is all there is: an account that is overdue stops its lines at once, at any hour. The
other policies leave the stop to `decide_dunning`. One that is cleared resumes its lines at once under every policy
(G14, S27). Between the two (below the resume balance, but not overdue) nothing changes: an open line stays open (S25),
a stopped one stays stopped (a part payment does not resume).
"""

from enum import Enum

from nfemu.bss.dunning.rules import DunningRules
from nfemu.bss.standing import is_cleared, standing
from nfemu.model.account import Account, Standing
from nfemu.model.money import Money


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
    return moved(rules, account, standing(before, rules.limit(account)), after)


def moved(rules: DunningRules, account: Account, was: Standing, after: Money) -> Movement:
    """The same for an account that had the standing `was`, also where its limit is what changed."""
    limit = rules.limit(account)
    now = standing(after, limit)
    turned = now is not was
    if now is Standing.OVERDUE:
        return Movement.TURNED_OVERDUE if turned else Movement.STILL_OVERDUE
    if is_cleared(after, limit, rules.resume_balance):
        return Movement.CLEARED
    return Movement.TURNED_OWING if turned else Movement.STILL_OWING
