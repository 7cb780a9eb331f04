"""Orders executed: what they make of HSS record and PGW session, in the commit that brings them.

An order that is carried out at once enters the store as executed, together with the entry, the hold or the answer that
caused it: the phone waits for one sync of the disk, not for two. One that the store has as created is executed by
whoever comes next on its account.

Reactivations are not executed here: they come after what they follow has been acknowledged (`reactivation`).
"""

from collections.abc import Sequence
from datetime import datetime

from nfemu.bss.orders import OrderInput, advance
from nfemu.carrier.commands import Emit, Now, Step, ask
from nfemu.carrier.following import follow
from nfemu.carrier.lines import orders_of
from nfemu.carrier.ports import AccountView, Change, Line, PutOrder, PutSession, PutSubscription
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.view import commit, with_changes
from nfemu.epc import hss
from nfemu.model import events
from nfemu.model.identity import CorrelationId
from nfemu.model.orders import OrderKind, OrderState


def execute(
    rules: CarrierRules, view: AccountView, changes: Sequence[Change], correlation: CorrelationId
) -> Step[AccountView]:
    """Commit `changes` together with what every created order of the locked account makes of its line; the view then.

    HSS and PGW hold it; no enforcement point does yet. `correlation` is for what no order asked for. Raises
    Unavailable, Conflict: nothing was written.
    """
    now = yield from ask(Now())
    changed = with_changes(view, changes)
    executed: list[Change] = []
    for line in changed.lines:
        executed += yield from _execute_line(rules, changed, line, correlation, now)
    return (yield from commit(view, _once([*changes, *executed])))


def _execute_line(
    rules: CarrierRules, view: AccountView, line: Line, correlation: CorrelationId, now: datetime
) -> Step[list[Change]]:
    created = [order for order in orders_of(view, line.subscriber.imsi) if order.state is OrderState.CREATED]
    orders = [order for order in created if order.kind is not OrderKind.REACTIVATE]
    changes: list[Change] = [PutOrder(advance(order, OrderInput.EXECUTE, now)) for order in orders]
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
