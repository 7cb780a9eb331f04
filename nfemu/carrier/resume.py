"""What was begun is finished: after a crash, after a failure, when a reactivation's time has come, under new rules.

The state to resume from is the store's alone: orders created or executed, sessions not acknowledged, notices
pending. Nothing that was visible is repeated.
"""

from nfemu.bss.orders import OrderInput, advance
from nfemu.carrier.commands import Begin, CarrierNow, Emit, LoadPendingNotices, Lock, Step, ask
from nfemu.carrier.delivery import deliver
from nfemu.carrier.flip import carry_out, carry_out_reactivations
from nfemu.carrier.lines import load_account
from nfemu.carrier.movements import after_rules
from nfemu.carrier.ports import PutOrder
from nfemu.carrier.recheck import still_due
from nfemu.carrier.rules import CarrierRules
from nfemu.model import events
from nfemu.model.errors import NotFound
from nfemu.model.identity import AccountId, OrderId
from nfemu.model.orders import OrderState


def finish(rules: CarrierRules, account: AccountId) -> Step[None]:
    """Carry out what is unfinished on the account and send its pending notices, but those that their
    channel did not bring: the outbox tries those again at their time. Raises NotFound, Unavailable."""
    correlation = yield from ask(Begin())
    yield from ask(Lock(account))
    view = yield from load_account(account)
    pending = [notice for notice in (yield from ask(LoadPendingNotices(account))) if notice.retry_at is None]
    view = yield from carry_out(rules, view, (), correlation)
    due, _ = yield from still_due(rules, view, pending)
    yield from deliver(rules, account, due)


def proceed(rules: CarrierRules, account: AccountId) -> Step[frozenset[OrderId]]:
    """Carry out the account's orders whose turn has come; those that still wait. Raises NotFound, Unavailable."""
    correlation = yield from ask(Begin())
    yield from ask(Lock(account))
    view = yield from carry_out(rules, (yield from load_account(account)), (), correlation)
    return frozenset(order.id for order in view.orders if order.state is OrderState.CREATED)


def resubmit(rules: CarrierRules, account: AccountId, number: OrderId) -> Step[None]:
    """A dead order of the account is tried again. Raises NotFound where none of that number is dead; Unavailable."""
    yield from ask(Lock(account))
    view = yield from load_account(account)
    for order in view.orders:
        if order.id == number and order.state is OrderState.DEAD:
            revived = advance(order, OrderInput.RESUBMIT, (yield from ask(CarrierNow())))
            detail = {"order": order.id, "kind": order.kind.value}
            yield from ask(Emit(order.imsi, order.correlation, events.ORDER_RESUBMITTED, detail))
            yield from carry_out(rules, view, [PutOrder(revived)], order.correlation)
            return
    raise NotFound(f"no dead order has the number `{number}`; `nfemu orders list --dead` shows them")


def realign(rules: CarrierRules, account: AccountId) -> Step[None]:
    """Bring the account's lines to where its standing puts them under the rules of the moment.

    Raises NotFound, Unavailable.
    """
    correlation = yield from ask(Begin())
    yield from ask(Lock(account))
    view = yield from load_account(account)
    yield from carry_out(rules, view, (yield from after_rules(rules, view, correlation)), correlation)


def reactivate(rules: CarrierRules, account: AccountId) -> Step[None]:
    """New addresses for the account's sessions that wait for one. Raises NotFound, Unavailable."""
    correlation = yield from ask(Begin())
    yield from ask(Lock(account))
    yield from carry_out_reactivations(rules, (yield from load_account(account)), correlation)
