"""The flip: unfinished orders carried out until every enforcement point has acknowledged them.

`carry_out` is the one way from an order to an effective profile, and it is safe to run at any time: it looks at
what is stored and does what is missing. It is therefore also how a crash is survived and a failure retried.

    commit: cause, orders EXECUTED, HSS and PGW ──▶ apply, acknowledged ──▶ commit: DONE and notices ──▶ deliver

A phone that waits for its line waits for the first commit and for the enforcement points, and for nothing else.

A stop or resume changes the session in place, even into a profile that asks for reactivation: that way the flip
is immediate and the page that says so still arrives. The reactivation is an order of its own, created with the
acknowledgement. After a stop it follows at once, after a resume when the page is through (`ReactivateLater`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from nfemu.bss.dunning.announced import stops_at_once
from nfemu.bss.notices import compose
from nfemu.bss.orders import OrderInput, advance
from nfemu.bss.standing import shown_due
from nfemu.bss.texts import Template
from nfemu.carrier.commands import Apply, CarrierNow, Emit, LoadAhead, NewId, Now, ReactivateLater, Step, ask
from nfemu.carrier.deductions import settle
from nfemu.carrier.delivery import deliver_fresh, fresh
from nfemu.carrier.dunning import decided
from nfemu.carrier.execution import execute
from nfemu.carrier.lines import line_state, session_detail
from nfemu.carrier.orders import Cause
from nfemu.carrier.ports import AccountView, Change, Line, PutNotice, PutOrder, PutSession
from nfemu.carrier.reactivation import follow_ups, is_at_once, reactivate_lines
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import account_due
from nfemu.carrier.view import commit
from nfemu.epc import pgw
from nfemu.model import events
from nfemu.model.account import AccountKind
from nfemu.model.identity import CorrelationId, NoticeId
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeKind, NoticeState
from nfemu.model.orders import OrderKind, OrderState, WorkOrder


def carry_out(
    rules: CarrierRules,
    view: AccountView,
    changes: Sequence[Change],
    correlation: CorrelationId,
    notices: Sequence[Notice] = (),
) -> Step[AccountView]:
    """Commit `changes` and finish whatever is unfinished on the locked account, then deliver the messages among them,
    those that this brings, and `notices`, which are stored as pending already.

    An agreement that is being asked is heard before anything is enforced: what it pays need not be stopped (G19).
    `correlation` is for what no order asked for. Raises Conflict where the store refuses `changes`; Unavailable: what
    has been committed stays and is resumed.
    """
    view = yield from execute(rules, view, changes, correlation)
    view, deducted = yield from settle(rules, view)
    view, composed = yield from _acknowledge(rules, view, correlation)
    if any(is_at_once(order) for order in view.orders):
        view = yield from reactivate_lines(rules, view, is_at_once)
        view, _ = yield from _acknowledge(rules, view, correlation)
    if any(order.kind is OrderKind.REACTIVATE for order in view.orders):
        yield from ask(ReactivateLater(view.account.id))
    tried = yield from deliver_fresh(rules, view.account.id, (*composed, *deducted, *notices, *fresh(changes)))
    if not (yield from _is_told_at_once(rules, view, tried)):
        return view
    stops = yield from decided(rules, view, (), correlation)
    return (yield from carry_out(rules, view, stops, correlation))


def _is_told_at_once(rules: CarrierRules, view: AccountView, tried: Sequence[Notice]) -> Step[bool]:
    """Has somebody just been told of a stop that comes with its notice (S24)? It comes when that has gone out."""
    if not any(each.kind is NoticeKind.STOP_NOTICE and each.state is NoticeState.SENT for each in tried):
        return False
    return stops_at_once(rules.dunning, view.account, view.balance, (yield from ask(Now())))


def carry_out_reactivations(rules: CarrierRules, view: AccountView, correlation: CorrelationId) -> Step[None]:
    """Give every session of the locked account that has such an order its new address now."""
    view = yield from reactivate_lines(rules, view, lambda order: order.kind is OrderKind.REACTIVATE)
    view, composed = yield from _acknowledge(rules, view, correlation)
    yield from deliver_fresh(rules, view.account.id, composed)


def _acknowledge(
    rules: CarrierRules, view: AccountView, correlation: CorrelationId
) -> Step[tuple[AccountView, list[Notice]]]:
    """Every enforcement point confirms; then executed orders are done and their notices stored, in one commit."""
    late = [line.session for line in view.lines if line.session is not None and not pgw.is_acknowledged(line.session)]
    executed = [order for order in view.orders if order.state is OrderState.EXECUTED]
    if not late and not executed:
        return view, []
    if late:
        yield from ask(Apply(tuple(line_state(session, rules.catalogue) for session in late)))
    now, ahead = (yield from ask(CarrierNow())), (yield from ask(LoadAhead(view.account.id)))
    acknowledged = [pgw.acknowledge(session) for session in late]
    done = [replace(advance(order, OrderInput.ACKNOWLEDGE, now), ahead=ahead) for order in executed]
    cause = {order.imsi: order.correlation for order in done}
    for session in acknowledged:
        about = cause.get(session.imsi, correlation)
        yield from ask(Emit(session.imsi, about, events.ENFORCEMENT_ACKNOWLEDGED, session_detail(session)))
    for order in done:
        detail = {"order": order.id, "kind": order.kind.value, **_latencies(order, now)}
        yield from ask(Emit(order.imsi, order.correlation, events.ORDER_DONE, detail))
    notices = yield from _compose(rules, view, done, now + ahead)
    following = yield from follow_ups(rules, view, done, now)
    view = yield from commit(
        view,
        [
            *(PutSession(session) for session in acknowledged),
            *(PutOrder(order) for order in (*done, *following)),
            *(PutNotice(notice) for notice in notices),
        ],
    )
    return view, notices


def _latencies(order: WorkOrder, now: datetime) -> dict[str, str]:
    """Seconds of business time from its creation to its execution, and to now (S28)."""
    executed = order.executed_at or now
    waited, took = ((at - order.created_at).total_seconds() for at in (executed, now))
    return {"waited_s": f"{waited:.3f}", "took_s": f"{took:.3f}"}


def _compose(rules: CarrierRules, view: AccountView, done: Sequence[WorkOrder], now: datetime) -> Step[list[Notice]]:
    """One notice for each stop and each resume that is done (G1, S11). Of a profile order its own page tells."""
    lines = {line.subscriber.imsi: line for line in view.lines}
    notices = []
    for order in done:
        if order.kind in (OrderKind.REACTIVATE, OrderKind.PROFILE):
            continue
        line = lines[order.imsi]
        share = view.shares.get(order.imsi, Money(0, view.account.currency))
        amount = shown_due(view.account, account_due(rules, view, line), share)
        identifier = NoticeId((yield from ask(NewId("ntc"))))
        template = _template(rules, view.account.kind, line, order, amount)
        notices.append(compose(identifier, template, rules.letterhead, line.subscriber, amount, order.correlation, now))
    return notices


def _template(rules: CarrierRules, kind: AccountKind, line: Line, order: WorkOrder, amount: Money) -> Template:
    if order.kind is OrderKind.RESUME:
        return Template.RESTORED if pgw.is_active(line.session) else Template.RESTORED_DETACHED
    if order.cause == Cause.BY_HAND:
        return Template.STOPPED_BY_HAND
    gives_ip = rules.catalogue.meaning(order.target).gives_ip
    if kind is AccountKind.PERSONAL:
        return Template.STOPPED_GREEN if gives_ip else Template.STOPPED_BARRED
    if not gives_ip:
        return Template.STOPPED_UNIT_BARRED
    return Template.STOPPED_UNIT if amount.minor > 0 else Template.STOPPED_UNIT_SETTLED
