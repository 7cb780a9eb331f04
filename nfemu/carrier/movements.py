"""What moves an account, and what that means for its lines: an entry, another limit, other rules.

Under `immediate` a movement that makes the account overdue stops its lines; under the policies that take their time it
is decided anew what dunning does with it (`dunning`), in the same commit. Whatever clears it resumes them under each.
"""

from collections.abc import Sequence

from nfemu.bss.dunning import DunningRules, Movement, Policy, moved, movement
from nfemu.bss.standing import standing
from nfemu.carrier.commands import Emit, Step, ask
from nfemu.carrier.dunning import decided, is_asked
from nfemu.carrier.lines import aimed_profile
from nfemu.carrier.orders import Cause, line_changes, order
from nfemu.carrier.ports import AccountView, AppendEntry, Change
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.transitions import Demand, Dunned, Trigger
from nfemu.carrier.view import with_changes
from nfemu.model import events
from nfemu.model.account import Account, LedgerEntry, Standing
from nfemu.model.identity import CorrelationId
from nfemu.model.money import Money
from nfemu.model.subscriber import Hold, OrderedProfile

_LEFT_TO_DUNNING = {
    Movement.TURNED_OVERDUE: Dunned.TURNED_OVERDUE,
    Movement.STILL_OVERDUE: Dunned.STILL_OVERDUE,
}


def after_entries(
    rules: CarrierRules, view: AccountView, entries: Sequence[LedgerEntry], correlation: CorrelationId
) -> Step[list[Change]]:
    """What entries mean for every line of the account; `view` is from before them.

    While an agreement is being asked, what would stop a line waits for its answer (G19).
    """
    after = with_changes(view, [*map(AppendEntry, entries)])
    yield from emit_standing(rules, view, after.balance, correlation)
    if _waits(view, movement(rules.dunning, view.account, view.balance, after.balance)):
        return []
    return (yield from after_movement(rules, after, view.balance, entries, correlation))


def after_movement(
    rules: CarrierRules,
    view: AccountView,
    before: Money,
    fresh: Sequence[LedgerEntry],
    correlation: CorrelationId,
) -> Step[list[Change]]:
    """What the balance of `view`, which was `before`, means for every line of the account. `fresh`: entries that are
    part of it and not stored yet."""
    trigger = movement(rules.dunning, view.account, before, view.balance)
    return (yield from _felt(rules, view, trigger, Cause.LEDGER, fresh, correlation))


def after_limit(
    rules: CarrierRules, view: AccountView, before: Account, correlation: CorrelationId
) -> Step[list[Change]]:
    """What another limit than that of `before` means for every line of the account, its ledger being as it was."""
    was = standing(view.balance, rules.dunning.limit(before))
    if was is standing(view.balance, rules.dunning.limit(view.account)):
        return (yield from decided(rules, view, (), correlation))
    yield from _emit_turn(rules, view, was, view.balance, correlation)
    trigger = moved(rules.dunning, view.account, was, view.balance)
    if _waits(view, trigger):
        return []
    return (yield from _felt(rules, view, trigger, Cause.RULES, (), correlation))


def after_rules(rules: CarrierRules, view: AccountView, correlation: CorrelationId) -> Step[list[Change]]:
    """What rules that may be others than before mean for every line of the account, its ledger being as it was."""
    trigger = movement(rules.dunning, view.account, view.balance, view.balance)
    if _waits(view, trigger):
        return []
    changes: list[Change] = []
    for line in view.lines:
        found = yield from line_changes(rules, view, line, _left(rules.dunning, trigger), Cause.RULES, correlation)
        if not found and aimed_profile(view, line) not in {OrderedProfile.OPEN, rules.dunning.restricted}:
            cause = Cause.BY_HAND if line.subscription.hold is Hold.RESTRICT else Cause.RULES
            found = yield from order(rules, view, line, Demand.STOP, cause, correlation)
        changes += found
    return changes + (yield from decided(rules, with_changes(view, changes), (), correlation))


def emit_standing(rules: CarrierRules, view: AccountView, balance: Money, correlation: CorrelationId) -> Step[None]:
    """The timeline of every line, where `balance` gives the account another standing than it has in `view`."""
    was = standing(view.balance, rules.dunning.limit(view.account))
    yield from _emit_turn(rules, view, was, balance, correlation)


def _felt(
    rules: CarrierRules,
    view: AccountView,
    trigger: Movement,
    cause: Cause,
    fresh: Sequence[LedgerEntry],
    correlation: CorrelationId,
) -> Step[list[Change]]:
    changes: list[Change] = []
    for line in view.lines:
        changes += yield from line_changes(rules, view, line, _left(rules.dunning, trigger), cause, correlation)
    return changes + (yield from decided(rules, with_changes(view, changes), fresh, correlation))


def _left(rules: DunningRules, trigger: Movement) -> Trigger:
    """What a movement is where the policy takes its time."""
    return trigger if rules.policy is Policy.IMMEDIATE else _LEFT_TO_DUNNING.get(trigger, trigger)


def _waits(view: AccountView, trigger: Movement) -> bool:
    """Is an agreement being asked that may clear the account yet?"""
    return is_asked(view) and trigger is not Movement.CLEARED


def _emit_turn(
    rules: CarrierRules, view: AccountView, was: Standing, balance: Money, correlation: CorrelationId
) -> Step[None]:
    now = standing(balance, rules.dunning.limit(view.account))
    if was is now:
        return
    detail = {"from": was.value, "to": now.value, "balance": balance.decimal()}
    for line in view.lines:
        yield from ask(Emit(line.subscriber.imsi, correlation, events.STANDING_CHANGED, detail))
