"""Reactivation: a session gets a new address and generation, and all its flows end (architecture, section 5)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from nfemu.bss.orders import OrderInput, advance
from nfemu.carrier.commands import CarrierNow, Emit, NewId, Reserve, Step, ask
from nfemu.carrier.lines import line_of
from nfemu.carrier.orders import Cause
from nfemu.carrier.ports import AccountView, Change, Line, PutOrder, PutSession
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.view import commit
from nfemu.epc import pgw
from nfemu.model import events
from nfemu.model.errors import Conflict
from nfemu.model.identity import OrderId, SessionId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import OrderedProfile


def is_at_once(order: WorkOrder) -> bool:
    """After a stop, or a profile order, no page has to be delivered first."""
    follows_page = order.target is OrderedProfile.OPEN and order.cause != Cause.PROFILE
    return order.kind is OrderKind.REACTIVATE and not follows_page


def follow_ups(
    rules: CarrierRules, view: AccountView, done: Sequence[WorkOrder], now: datetime
) -> Step[list[WorkOrder]]:
    """The reactivations that the orders just done bring with them, one for each line; a session that is new has its
    new address."""
    orders = []
    latest = {order.imsi: order for order in done if order.kind is not OrderKind.REACTIVATE}
    for order in latest.values():
        line = line_of(view, order.imsi)
        session = line.session
        outranked = order.kind is OrderKind.PROFILE and line.subscription.ordered is not OrderedProfile.OPEN
        wanted = rules.catalogue.granted(line.subscription).reactivate and not outranked
        if wanted and session is not None and pgw.is_active(session) and not pgw.is_new(session):
            identifier = OrderId((yield from ask(NewId("ord"))))
            following = WorkOrder(
                identifier, order.imsi, OrderKind.REACTIVATE, order.target, order.cause, order.correlation, now
            )
            detail = {"order": identifier, "kind": following.kind.value, "target": order.target.value}
            yield from ask(Emit(order.imsi, order.correlation, events.ORDER_CREATED, detail))
            orders.append(following)
    return orders


def reactivate_lines(rules: CarrierRules, view: AccountView, chosen: Callable[[WorkOrder], bool]) -> Step[AccountView]:
    """Execute the chosen orders in one commit; acknowledging is the flip's part."""
    changes: list[Change] = []
    now = yield from ask(CarrierNow())
    for order in view.orders:
        if order.state is OrderState.CREATED and chosen(order):
            sessions = yield from _reactivate(rules, line_of(view, order.imsi), order, now)
            event = OrderInput.EXECUTE if sessions else OrderInput.SUPERSEDE
            changes += [*(PutSession(session) for session in sessions), PutOrder(advance(order, event, now))]
    return (yield from commit(view, changes))


def _reactivate(rules: CarrierRules, line: Line, order: WorkOrder, now: datetime) -> Step[tuple[PdnSession, ...]]:
    """The old session released and the new one; nothing where there is no session or no address any more.

    A line without a new address keeps the old one: it has its profile already, and paid means restored (G14).
    """
    session = line.session
    if session is None or not pgw.is_active(session):
        return ()
    profile = rules.catalogue.granted(line.subscription)
    try:
        addresses = yield from ask(Reserve(line.subscriber, profile))
    except Conflict as refusal:
        detail = {"reason": str(refusal)}
        yield from ask(Emit(order.imsi, order.correlation, events.PGW_REACTIVATION_REFUSED, detail))
        return ()
    old = pgw.release(session, now)
    identifier = SessionId((yield from ask(NewId("ses"))))
    new = pgw.create(identifier, line.subscriber, profile, addresses, old, now)
    detail = {"ipv4": str(new.ue_ipv4 or ""), "ipv6": str(new.ue_ipv6 or ""), "generation": str(new.generation)}
    yield from ask(Emit(order.imsi, order.correlation, events.PGW_SESSION_REACTIVATED, detail))
    return old, new
