"""From a trigger to the work orders of each line: the transition table applied, earlier orders superseded."""

from enum import StrEnum

from nfemu.bss import order_queue
from nfemu.bss.dunning import Movement
from nfemu.bss.orders import OrderInput, advance
from nfemu.carrier.commands import CarrierNow, Emit, NewId, Step, ask
from nfemu.carrier.lines import aimed_profile, orders_of
from nfemu.carrier.ports import AccountView, Change, Line, PutOrder, PutSubscription
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.transitions import Aim, ByHand, Demand, Dunned, Trigger, respond
from nfemu.epc import hss
from nfemu.model import events
from nfemu.model.identity import CorrelationId, OrderId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.model.subscriber import OrderedProfile


class Cause(StrEnum):
    """Why an order was created; the stop notice depends on it."""

    LEDGER = "ledger"
    BY_HAND = order_queue.BY_HAND
    PROFILE = "profile"
    """Another APN profile was wanted for the line."""
    DUNNING = "dunning"
    """The policy's time has come (`carrier.dunning`)."""
    RULES = "rules"
    """The ledger is as it was; credit limits or what a stop means have changed."""


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
    if response.demand is Demand.WITHDRAW:
        changes += yield from _superseded(view, line, correlation)
    elif response.demand is not Demand.NOTHING:
        changes += yield from order(rules, view, line, response.demand, cause, correlation)
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
    Dunned.STOP: Aim.RESTRICTED,
    Movement.CLEARED: Aim.OPEN,
    ByHand.RESTRICT: Aim.RESTRICTED,
    ByHand.RESTORE_OWING: Aim.OPEN,
    ByHand.RESTORE_CLEARED: Aim.OPEN,
}


def order(
    rules: CarrierRules, view: AccountView, line: Line, demand: Demand, cause: Cause, correlation: CorrelationId
) -> Step[list[Change]]:
    """A stop or resume order for the line, which takes the place of its unfinished ones."""
    imsi = line.subscriber.imsi
    changes = yield from _superseded(view, line, correlation)
    now = yield from ask(CarrierNow())
    # An order is created even where the HSS already has its target: an overtaken one has not been announced.
    target = rules.dunning.restricted if demand is Demand.STOP else OrderedProfile.OPEN
    created = WorkOrder(
        id=OrderId((yield from ask(NewId("ord")))),
        imsi=imsi,
        kind=OrderKind.STOP if demand is Demand.STOP else OrderKind.RESUME,
        target=target,
        cause=cause.value,
        correlation=correlation,
        created_at=now,
    )
    detail = {"order": created.id, "kind": created.kind.value, "target": target.value, "cause": cause.value}
    yield from ask(Emit(imsi, correlation, events.ORDER_CREATED, detail))
    return [*changes, PutOrder(created)]


def _superseded(view: AccountView, line: Line, correlation: CorrelationId) -> Step[list[Change]]:
    """The line's unfinished orders, but for those of another APN profile, overtaken."""
    now = yield from ask(CarrierNow())
    imsi = line.subscriber.imsi
    changes: list[Change] = []
    for overtaken in (each for each in orders_of(view, imsi) if each.kind is not OrderKind.PROFILE):
        changes.append(PutOrder(advance(overtaken, OrderInput.SUPERSEDE, now)))
        yield from ask(Emit(imsi, correlation, events.ORDER_SUPERSEDED, {"order": overtaken.id}))
    return changes
