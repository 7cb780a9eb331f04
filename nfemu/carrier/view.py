"""The account as it is after a commit, without asking the store again: changes applied to the value in hand."""

from collections.abc import Sequence
from dataclasses import replace

from nfemu.carrier.commands import Commit, Step, ask
from nfemu.carrier.ports import (
    AccountView,
    AppendEntry,
    Change,
    PutAgreement,
    PutDeduction,
    PutGrant,
    PutLevel,
    PutOrder,
    PutSession,
    PutSubscription,
)
from nfemu.model.account import Account, LedgerEntry
from nfemu.model.agreements import OPEN_DEDUCTIONS, AgreementState
from nfemu.model.credits import GrantState
from nfemu.model.money import Money
from nfemu.model.orders import UNFINISHED_ORDERS, WorkOrder
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import Subscription


def commit(view: AccountView, changes: Sequence[Change]) -> Step[AccountView]:
    """Commit, and the view after it. Raises Unavailable or Conflict: nothing was written."""
    yield from ask(Commit(tuple(changes)))
    return with_changes(view, changes)


def with_changes(view: AccountView, changes: Sequence[Change]) -> AccountView:
    """The view once `changes` are made, in their order."""
    for change in changes:
        view = applied(view, change)
    return view


def applied(view: AccountView, change: Change) -> AccountView:
    """The view after `change`, which must be of this account; what no use case decides on leaves it as it is."""
    match change:
        case AppendEntry(entry):
            return _with_entry(view, entry)
        case PutSubscription(subscription):
            return _with_subscription(view, subscription)
        case PutSession(session):
            return _with_session(view, session)
        case PutOrder(order):
            return replace(view, orders=_with_order(view.orders, order))
        case PutAgreement(agreement):
            return replace(view, agreement=agreement if agreement.state is AgreementState.SIGNED else None)
        case PutDeduction(deduction):
            return replace(view, deduction=deduction if deduction.state in OPEN_DEDUCTIONS else None)
        case PutGrant() | PutLevel():
            return replace(view, account=_with_terms(view.account, change))
        case _:
            return view


def _with_terms(account: Account, change: PutGrant | PutLevel) -> Account:
    """A grant is put when it is given, and when it has expired."""
    if isinstance(change, PutLevel):
        return replace(account, level=change.level)
    amount = change.grant.amount.minor
    return replace(account, granted=account.granted + (amount if change.grant.state is GrantState.OPEN else -amount))


def _with_entry(view: AccountView, entry: LedgerEntry) -> AccountView:
    shares = dict(view.shares)
    if entry.imsi is not None:
        shares[entry.imsi] = shares.get(entry.imsi, Money(0, entry.amount.currency)) + entry.amount
    return replace(view, balance=view.balance + entry.amount, shares=shares)


def _with_subscription(view: AccountView, subscription: Subscription) -> AccountView:
    return replace(
        view,
        lines=tuple(
            replace(line, subscription=subscription) if line.subscriber.imsi == subscription.imsi else line
            for line in view.lines
        ),
    )


def _with_session(view: AccountView, session: PdnSession) -> AccountView:
    return replace(
        view,
        lines=tuple(
            replace(line, session=session) if line.subscriber.imsi == session.imsi else line for line in view.lines
        ),
    )


def _with_order(orders: tuple[WorkOrder, ...], order: WorkOrder) -> tuple[WorkOrder, ...]:
    """In its place, or last; a finished one is left out."""
    known = any(each.id == order.id for each in orders)
    after = tuple(order if each.id == order.id else each for each in orders) if known else (*orders, order)
    return tuple(each for each in after if each.state in UNFINISHED_ORDERS)
