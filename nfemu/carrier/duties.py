"""What is done when an account's duty falls due: one use case for each kind.

A use case locks the account, decides as of the duty's own moment (`due_at`, which after an outage is past), and moves
the duty on, or away, in the commit of what it decides. What it says is one line for whoever moves the clock, with
numbers masked; None: nothing that anybody would ask about.
"""

from collections.abc import Callable, Mapping

from nfemu.carrier import credit_duty, dunning_duty, fees, grants
from nfemu.carrier.commands import Step
from nfemu.carrier.rules import CarrierRules
from nfemu.model.duties import AccountDuty, DutyKind

UseCase = Callable[[CarrierRules, AccountDuty], Step[str | None]]

USE_CASES: Mapping[DutyKind, UseCase] = {
    DutyKind.FEES: fees.fall_due,
    DutyKind.GRANTS: grants.expire,
    DutyKind.CREDIT: credit_duty.recompute,
    DutyKind.DUNNING: dunning_duty.dun,
}


def do(rules: CarrierRules, duty: AccountDuty) -> Step[str | None]:
    """Raises what the use case raises."""
    return (yield from USE_CASES[duty.kind](rules, duty))
