"""Orders executed: what they make of HSS record and PGW session, in the commit that brings them.

An order that is carried out at once enters the store as executed, together with the entry, the hold or the answer that
caused it: the phone waits for one sync of the disk, not for two. One for which there is no room (S26) enters it as
created, and is executed by whoever comes on its account when its turn has come.

Reactivations are not executed here: they come after what they follow has been acknowledged (`reactivation`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from nfemu.bss.order_queue import Admission, Stage
from nfemu.bss.orders import OrderInput, advance, billed, refused
from nfemu.carrier.commands import Admit, CarrierNow, Emit, LoadDuties, Now, Step, ask
from nfemu.carrier.following import follow
from nfemu.carrier.orders import Cause
from nfemu.carrier.ports import AccountView, Change, Line, PutDuty, PutOrder, PutSession, PutSubscription
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.view import commit, with_changes
from nfemu.epc import hss
from nfemu.model import events
from nfemu.model.duties import DutyKind
from nfemu.model.identity import CorrelationId, OrderId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder


def execute(
    rules: CarrierRules, view: AccountView, changes: Sequence[Change], correlation: CorrelationId
) -> Step[AccountView]:
    """Commit `changes` together with what the created orders of the locked account whose turn it is make of their
    lines; the view then.

    HSS and PGW hold it; no enforcement point does yet. `correlation` is for what no order asked for. Raises
    Unavailable, Conflict: nothing was written.
    """
    now = yield from ask(CarrierNow())
    changed = with_changes(view, changes)
    known = {order.id for order in view.orders}
    moved = yield from _admitted(rules, known, (yield from _in_turn(view, changed, changes)), now)
    executed: list[Change] = [PutOrder(order) for order in moved]
    for line in changed.lines:
        executed += yield from _execute_line(rules, line, moved, correlation, now)
    return (yield from commit(view, _once([*changes, *executed])))


def _in_turn(before: AccountView, view: AccountView, changes: Sequence[Change]) -> Step[list[WorkOrder]]:
    """The created orders that may be carried out. A stop that dunning has ordered waits where its look at the account
    is late, after an outage or another one's long turn: its notice may be too old by now (S22, S23)."""
    created = [order for order in view.orders if order.state is OrderState.CREATED]
    created = [order for order in created if order.kind is not OrderKind.REACTIVATE]
    waited = {order.id for order in before.orders if order.cause == Cause.DUNNING and order in created}
    if not waited or any(isinstance(change, PutDuty) and change.kind is DutyKind.DUNNING for change in changes):
        return created
    duties, now = (yield from ask(LoadDuties(view.account.id))), (yield from ask(Now()))
    late = any(duty.kind is DutyKind.DUNNING and duty.due_at <= now for duty in duties)
    return [order for order in created if not late or order.id not in waited]


def _admitted(
    rules: CarrierRules, known: Collection[OrderId], orders: Sequence[WorkOrder], now: datetime
) -> Step[list[WorkOrder]]:
    """Those of the created orders that have not to stay as they are, as they will be."""
    moved = []
    for order in orders:
        match (yield from ask(Admit(order))):
            case Admission.EXECUTES:
                moved.append(advance(order, OrderInput.EXECUTE, now))
            case Admission.REFUSED:
                moved.append((yield from _refused(rules, order, now)))
            case Admission.BILLED:
                moved.append(billed(order, now))
                yield from _emit_waits(order, Stage.NETWORK)
            case _ if order.id not in known:
                yield from _emit_waits(order, Stage.BILLING)
    return moved


def _refused(rules: CarrierRules, order: WorkOrder, now: datetime) -> Step[WorkOrder]:
    tried = refused(rules.orders.retry, order, now)
    detail = {"order": order.id, "kind": order.kind.value, "attempt": str(tried.attempts)}
    if tried.next_attempt_at is not None:
        detail["next_attempt_at"] = tried.next_attempt_at.astimezone(rules.detection.zone).isoformat(timespec="seconds")
    name = events.ORDER_DEAD if tried.state is OrderState.DEAD else events.ORDER_REFUSED
    yield from ask(Emit(order.imsi, order.correlation, name, detail))
    return tried


def _emit_waits(order: WorkOrder, stage: Stage) -> Step[None]:
    detail = {"order": order.id, "kind": order.kind.value, "stage": stage.value}
    yield from ask(Emit(order.imsi, order.correlation, events.ORDER_WAITS, detail))


def _execute_line(
    rules: CarrierRules, line: Line, moved: Sequence[WorkOrder], correlation: CorrelationId, now: datetime
) -> Step[list[Change]]:
    own = [order for order in moved if order.imsi == line.subscriber.imsi]
    orders = [order for order in own if order.state is OrderState.EXECUTED]
    changes: list[Change] = []
    correlation = orders[-1].correlation if orders else correlation
    subscription = hss.executed(line.subscription, orders)
    profile = rules.catalogue.granted(subscription)
    if subscription is not line.subscription:
        changes.append(PutSubscription(subscription))
        detail = {"ordered": subscription.ordered.value, "profile": profile.name, "version": str(subscription.version)}
        yield from ask(Emit(subscription.imsi, correlation, events.HSS_PROFILE_CHANGED, detail))
    session = yield from follow(rules, line, profile, correlation, now)
    if session is not None:
        changes.append(PutSession(session))
    return changes


def _once(changes: Sequence[Change]) -> list[Change]:
    """Of each order the last state alone: nobody will ever see the others."""
    last = {change.order.id: change for change in changes if isinstance(change, PutOrder)}
    return [change for change in changes if not isinstance(change, PutOrder) or last[change.order.id] is change]
