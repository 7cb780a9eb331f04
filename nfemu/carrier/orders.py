"""From a trigger to the work orders of each line: the transition table applied, earlier orders superseded."""

from enum import StrEnum

from nfemu.bss import order_queue
from nfemu.bss.dunning import Movement, moved, movement
from nfemu.bss.orders import OrderInput, advance
from nfemu.bss.standing import standing
from nfemu.carrier.commands import Emit, NewId, Now, Step, ask
from nfemu.carrier.lines import aimed_profile, orders_of
from nfemu.carrier.ports import AccountView, Change, Line, PutOrder, PutSubscription
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.transitions import Aim, ByHand, Demand, Trigger, respond
from nfemu.epc import hss
from nfemu.model import events
from nfemu.model.account import Account, Standing
from nfemu.model.agreements import DeductionState
from nfemu.model.identity import CorrelationId, OrderId
from nfemu.model.money import Money
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.model.subscriber import Hold, OrderedProfile


class Cause(StrEnum):
    """Why an order was created; the stop notice depends on it."""

    LEDGER = "ledger"
    BY_HAND = order_queue.BY_HAND
    PROFILE = "profile"
    """Another APN profile was wanted for the line."""
    RULES = "rules"
    """The ledger is as it was; credit limits or what a stop means have changed."""


def after_entry(
    rules: CarrierRules, view: AccountView, amount: Money, correlation: CorrelationId
) -> Step[list[Change]]:
    """What an entry of `amount` (signed) means for every line of the account; `view` is from before it.

    While an agreement is being asked, what would stop a line waits for its answer (G19).
    """
    balance = view.balance + amount
    yield from emit_standing(view, balance, correlation)
    if _waits(view, movement(rules.dunning, view.account, view.balance, balance)):
        return []
    return (yield from after_movement(rules, view, view.balance, balance, correlation))


def after_movement(
    rules: CarrierRules, view: AccountView, before: Money, now: Money, correlation: CorrelationId
) -> Step[list[Change]]:
    """What a balance that was `before` and is `now` means for every line of the account."""
    trigger = movement(rules.dunning, view.account, before, now)
    changes: list[Change] = []
    for line in view.lines:
        changes += yield from line_changes(rules, view, line, trigger, Cause.LEDGER, correlation)
    return changes


def after_limit(
    rules: CarrierRules, view: AccountView, before: Account, correlation: CorrelationId
) -> Step[list[Change]]:
    """What another limit than that of `before` means for every line of the account, its ledger being as it was."""
    was = standing(view.balance, before.limit)
    if was is standing(view.balance, view.account.limit):
        return []
    yield from _emit_turn(view, was, view.balance, correlation)
    trigger = moved(rules.dunning, view.account, was, view.balance)
    if _waits(view, trigger):
        return []
    changes: list[Change] = []
    for line in view.lines:
        changes += yield from line_changes(rules, view, line, trigger, Cause.RULES, correlation)
    return changes


def after_rules(rules: CarrierRules, view: AccountView, correlation: CorrelationId) -> Step[list[Change]]:
    """What rules that may be others than before mean for every line of the account, its ledger being as it was."""
    trigger = movement(rules.dunning, view.account, view.balance, view.balance)
    if _waits(view, trigger):
        return []
    changes: list[Change] = []
    for line in view.lines:
        found = yield from line_changes(rules, view, line, trigger, Cause.RULES, correlation)
        if not found and aimed_profile(view, line) not in {OrderedProfile.OPEN, rules.dunning.restricted}:
            cause = Cause.BY_HAND if line.subscription.hold is Hold.RESTRICT else Cause.RULES
            found = yield from _order(rules, view, line, Demand.STOP, cause, correlation)
        changes += found
    return changes


def _waits(view: AccountView, trigger: Movement) -> bool:
    """Is an agreement being asked that may clear the account yet?"""
    asked = view.deduction is not None and view.deduction.state is DeductionState.REQUESTED
    return asked and trigger is not Movement.CLEARED


def emit_standing(view: AccountView, balance: Money, correlation: CorrelationId) -> Step[None]:
    """The timeline of every line, where `balance` gives the account another standing than it has in `view`."""
    yield from _emit_turn(view, standing(view.balance, view.account.limit), balance, correlation)


def _emit_turn(view: AccountView, was: Standing, balance: Money, correlation: CorrelationId) -> Step[None]:
    now = standing(balance, view.account.limit)
    if was is now:
        return
    detail = {"from": was.value, "to": now.value, "balance": balance.decimal()}
    for line in view.lines:
        yield from ask(Emit(line.subscriber.imsi, correlation, events.STANDING_CHANGED, detail))


def line_changes(
    rules: CarrierRules, view: AccountView, line: Line, trigger: Trigger, cause: Cause, correlation: CorrelationId
) -> Step[list[Change]]:
    """The hold and the order that `trigger` brings to one line. Raises Conflict where it changes nothing."""
    response = respond(line.subscription.hold, _aim(view, line, trigger), trigger)
    changes: list[Change] = []
    subscription = hss.set_hold(line.subscription, response.hold)
    if subscription is not line.subscription:
        changes.append(PutSubscription(subscription))
        detail = {"hold": response.hold.value}
        yield from ask(Emit(line.subscriber.imsi, correlation, events.HOLD_CHANGED, detail))
    if response.demand is not Demand.NOTHING:
        changes += yield from _order(rules, view, line, response.demand, cause, correlation)
    return changes


def _aim(view: AccountView, line: Line, trigger: Trigger) -> Aim:
    """What the line is about to be. A dead order for the very thing that is wanted again is about to be nothing: it
    is ordered anew."""
    aimed, ordered = (_as_aim(each) for each in (aimed_profile(view, line), line.subscription.ordered))
    dead = any(each.state is OrderState.DEAD for each in orders_of(view, line.subscriber.imsi))
    return ordered if dead and _WANTED.get(trigger) is aimed else aimed


def _as_aim(profile: OrderedProfile) -> Aim:
    return Aim.OPEN if profile is OrderedProfile.OPEN else Aim.RESTRICTED


_WANTED: dict[Trigger, Aim] = {
    Movement.TURNED_OVERDUE: Aim.RESTRICTED,
    Movement.STILL_OVERDUE: Aim.RESTRICTED,
    Movement.CLEARED: Aim.OPEN,
    ByHand.RESTRICT: Aim.RESTRICTED,
    ByHand.RESTORE_OWING: Aim.OPEN,
    ByHand.RESTORE_CLEARED: Aim.OPEN,
}


def _order(
    rules: CarrierRules, view: AccountView, line: Line, demand: Demand, cause: Cause, correlation: CorrelationId
) -> Step[list[Change]]:
    now = yield from ask(Now())
    imsi = line.subscriber.imsi
    changes: list[Change] = []
    for overtaken in (order for order in orders_of(view, imsi) if order.kind is not OrderKind.PROFILE):
        changes.append(PutOrder(advance(overtaken, OrderInput.SUPERSEDE, now)))
        yield from ask(Emit(imsi, correlation, events.ORDER_SUPERSEDED, {"order": overtaken.id}))
    # An order is created even where the HSS already has its target: an overtaken one has not been announced.
    target = rules.dunning.restricted if demand is Demand.STOP else OrderedProfile.OPEN
    order = WorkOrder(
        id=OrderId((yield from ask(NewId("ord")))),
        imsi=imsi,
        kind=OrderKind.STOP if demand is Demand.STOP else OrderKind.RESUME,
        target=target,
        cause=cause.value,
        correlation=correlation,
        created_at=now,
    )
    detail = {"order": order.id, "kind": order.kind.value, "target": target.value, "cause": cause.value}
    yield from ask(Emit(imsi, correlation, events.ORDER_CREATED, detail))
    changes.append(PutOrder(order))
    return changes
