"""What is planned over everybody, at a start and after a reload: fees, and looks at accounts by dunning.

Of fees nobody who pays none is looked at, and nothing is done twice: what is planned stays so.
"""

from itertools import groupby

from nfemu.bss.dunning import DunningRules, Policy
from nfemu.bss.fees import FeeRules, next_moment
from nfemu.carrier.ports import Clock, Store
from nfemu.model.duties import DutyKind
from nfemu.runtime.account_clocks import AccountClocks

_AT_ONCE = 2000
"""Accounts of one commit."""


async def plan_fees(store: Store, clocks: AccountClocks, rules: FeeRules) -> None:
    """For each account with a plan or services, its next fee behind the present; a month that has begun is free.

    Raises Unavailable: what was planned stays.
    """
    after = None
    while cards := await store.cards_without_fees_planned(after=after, limit=_AT_ONCE):
        moments = {
            account: next_moment(rules, account, list(its), clocks.now(account))
            for account, its in groupby(cards, key=lambda card: card.account)
        }
        due = [(account, moment) for account, moment in moments.items() if moment is not None]
        await store.put_duties(DutyKind.FEES, due)
        after = cards[-1].account


async def plan_dunning(store: Store, clock: Clock, rules: DunningRules, before: DunningRules | None) -> None:
    """Every account is looked at soon where rules are others than `before`; None: before is not known, and those that
    have nothing planned are. Under `immediate` nobody is. Raises Unavailable."""
    if rules == before:
        return
    if before is not None or rules.policy is Policy.IMMEDIATE:
        await store.forget_duties(DutyKind.DUNNING)
    if rules.policy is not Policy.IMMEDIATE:
        await store.plan_duties(DutyKind.DUNNING, clock.now())
