"""How far an account may fall changes: by a grant, by its end, by another credit level; and what follows (S1b, S25)."""

from collections.abc import Sequence

from nfemu.bss.standing import standing
from nfemu.carrier.commands import Step
from nfemu.carrier.deductions import Requested, request, with_request
from nfemu.carrier.flip import carry_out
from nfemu.carrier.movements import after_limit
from nfemu.carrier.ports import AccountView, Change
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.view import with_changes
from nfemu.model.account import Standing
from nfemu.model.identity import CorrelationId


def put_limit(
    rules: CarrierRules, view: AccountView, puts: Sequence[Change], correlation: CorrelationId
) -> Step[AccountView]:
    """Commit `puts`, which give the locked account another limit, with all that this means for its lines.

    Where less credit makes it overdue, its agreement is asked before anything is stopped (G19).
    """
    after = with_changes(view, puts)
    asked = Requested()
    if standing(after.balance, rules.dunning.limit(after.account)) is Standing.OVERDUE:
        asked = yield from request(rules, after, after.balance, after.balance, correlation)
    ordered = yield from after_limit(rules, with_request(after, asked), view.account, correlation)
    return (yield from carry_out(rules, view, [*puts, *asked.changes, *ordered], correlation))
