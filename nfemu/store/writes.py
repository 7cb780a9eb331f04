"""How each change of `carrier.ports` is written. The caller owns the transaction.

Statements that follow one another (a session and the one that it supersedes, an entry and the sums over it) rely
on there being one writer.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from nfemu.carrier.ports import (
    AddEvent,
    AppendEntry,
    Change,
    PlanDuty,
    PutAccount,
    PutAgreement,
    PutAhead,
    PutConsumption,
    PutDeduction,
    PutDuty,
    PutGrant,
    PutLevel,
    PutNotice,
    PutOrder,
    PutPayment,
    PutPosted,
    PutSession,
    PutSubscriber,
    PutSubscription,
    Relay,
)
from nfemu.model.errors import Conflict, InvalidInput, NfemuError, NotFound
from nfemu.store import billing, credit, duties, rows, schema
from nfemu.store.prepared import Prepared, insert, insert_or_update, written_columns
from nfemu.store.refusal import Broken, broken_rule


def apply(connection: Connection, change: Change) -> None:
    """Write one change. Raises Conflict, NotFound (names what is not in the store) and InvalidInput."""
    try:
        _WRITERS[type(change)](connection, change)
    except exc.IntegrityError as error:
        raise _refusal(change, error) from error


def _refusal(change: Change, error: exc.IntegrityError) -> NfemuError | exc.IntegrityError:
    match broken_rule(error):
        case Broken.UNIQUE:
            return Conflict(_taken(change))
        case Broken.REFERENCE:
            return NotFound(f"{_named(change)} names an account or an IMSI that is not in the store; put that first")
        case Broken.CHECK if isinstance(change, PutSession) and "older_is_released" in str(error.orig):
            return Conflict(f"IMSI `{change.session.imsi}` still has an active session; release it first")
        case Broken.CHECK:
            cause = str(error.orig).splitlines()[0]
            return InvalidInput(f"{_named(change)} cannot be stored: {cause}; correct that value")
        case None:
            return error


def _taken(change: Change) -> str:
    match change:
        case AppendEntry(entry):
            return f"trade number `{entry.trade_no}` is already in the ledger; read that entry instead of booking again"
        case PutSubscriber(subscriber):
            return f"number `{subscriber.msisdn.masked()}` is on another card already; give this one another number"
        case PutSession(session):
            return f"session `{session.id}` has an address or an id that another session uses; release that one first"
        case PutAgreement(agreement):
            return f"account `{agreement.account}` has a signed agreement already; revoke that first"
        case PutDeduction(deduction):
            return f"account `{deduction.account}` has an open deduction already; settle that first"
        case _:
            return f"{_named(change)} is there already and belongs to something else; use a new id"


def _named(change: Change) -> str:
    return _NAMES[type(change)](change)


_NAMES: Mapping[type[Any], Callable[[Any], str]] = {
    PutAccount: lambda change: f"account `{change.account.id}`",
    PutSubscriber: lambda change: f"subscriber with IMSI `{change.subscriber.imsi}`",
    PutSubscription: lambda change: f"subscription of IMSI `{change.subscription.imsi}`",
    PutSession: lambda change: f"session `{change.session.id}`",
    AppendEntry: lambda change: f"ledger entry for account `{change.entry.account}`",
    PutOrder: lambda change: f"work order `{change.order.id}`",
    PutNotice: lambda change: f"notice `{change.notice.id}`",
    Relay: lambda change: f"notice `{change.notice}`",
    PutPayment: lambda change: f"payment `{change.payment.no}`",
    PutAgreement: lambda change: f"agreement `{change.agreement.no}`",
    PutDeduction: lambda change: f"deduction `{change.deduction.no}`",
    PutGrant: lambda change: f"credit grant `{change.grant.id}`",
    PutLevel: lambda change: f"credit level of account `{change.account}`",
    PutConsumption: lambda change: f"what IMSI `{change.consumption.imsi}` has used",
    PutPosted: lambda change: f"use under the key `{change.posted.key}`",
    PutAhead: lambda change: f"clock of account `{change.account}`",
    PlanDuty: lambda change: f"duty of account `{change.account}`",
    PutDuty: lambda change: f"duty of account `{change.account}`",
    AddEvent: lambda change: f"event `{change.event.name}`",
}


_put_account_row = insert_or_update(schema.account, "id", where="account.currency = excluded.currency")
_put_subscriber_row = insert_or_update(schema.subscriber, "imsi")
_put_order_row = insert_or_update(schema.work_order, "id")
_put_notice_row = insert_or_update(schema.notice, "id")
_insert_relay = insert(schema.relay)
_put_payment_row = insert_or_update(schema.payment, "no")
_put_agreement_row = insert_or_update(schema.agreement, "no")
_put_deduction_row = insert_or_update(schema.deduction, "no")
_insert_session = insert(schema.session)
_insert_entry = insert(schema.ledger)
_insert_event = insert(schema.event)
_move_share = insert_or_update(schema.share, "account_id", "imsi", setting={"amount": "share.amount + excluded.amount"})
_move_balance = Prepared(
    sa.update(schema.account)
    .where(schema.account.c.id == sa.bindparam("b_id"), schema.account.c.currency == sa.bindparam("b_currency"))
    .values(balance=schema.account.c.balance + sa.bindparam("b_amount"))
)
_update_subscription = Prepared(
    sa.update(schema.subscriber)
    .where(schema.subscriber.c.imsi == sa.bindparam("b_imsi"), schema.subscriber.c.version == sa.bindparam("b_before"))
    .values({name: sa.bindparam(name) for name in ("ordered", "version", "hold", "profile")})
)
_SESSION_KEYS = {"id", "imsi", "latest"}
_update_session = Prepared(
    sa.update(schema.session)
    .where(schema.session.c.id == sa.bindparam("b_id"), schema.session.c.imsi == sa.bindparam("b_imsi"))
    .values(
        {name: sa.bindparam(name) for name in written_columns(schema.session) if name not in {"id", "imsi", "latest"}}
    )
)
_latest_session = (schema.session.c.imsi == sa.bindparam("b_imsi"), schema.LATEST)
_outdate_session = Prepared(
    sa.update(schema.session)
    .where(*_latest_session, schema.session.c.policy_version < sa.bindparam("b_version"))
    .values(latest=sa.literal_column("0"))
)
_count_latest = Prepared(sa.select(sa.func.count()).select_from(schema.session).where(*_latest_session))


def _put_account(connection: Connection, change: PutAccount) -> None:
    account = change.account
    if _put_account_row.run(connection, rows.account_values(account)).rowcount == 0:
        raise Conflict(f"account `{account.id}` is not kept in {account.currency}; its currency cannot change")


def _put_subscriber(connection: Connection, change: PutSubscriber) -> None:
    _put_subscriber_row.run(connection, rows.subscriber_values(change.subscriber))


def _put_subscription(connection: Connection, change: PutSubscription) -> None:
    subscription = change.subscription
    key = {"b_imsi": subscription.imsi.digits, "b_before": subscription.version - 1}
    if _update_subscription.run(connection, {**key, **rows.subscription_values(subscription)}).rowcount == 0:
        raise Conflict(
            f"subscription of IMSI `{subscription.imsi}` is not at version {subscription.version - 1} any more; "
            "read it again and decide anew"
        )


def _put_session(connection: Connection, change: PutSession) -> None:
    values = rows.session_values(change.session)
    key = {"b_id": values["id"], "b_imsi": values["imsi"], "b_version": values["policy_version"]}
    if _update_session.run(connection, {**values, **key}).rowcount:
        return
    _outdate_session.run(connection, key)
    newer = _count_latest.run(connection, key).scalar_one()
    _insert_session.run(connection, {**values, "latest": 1 - newer})


def _append_entry(connection: Connection, change: AppendEntry) -> None:
    """The entry and both sums that are kept of it: the account's balance, the card's share."""
    entry = change.entry
    values = rows.entry_values(entry)
    _insert_entry.run(connection, values)
    key = {"b_id": entry.account, "b_currency": entry.amount.currency, "b_amount": entry.amount.minor}
    if _move_balance.run(connection, key).rowcount == 0:
        raise InvalidInput(f"account `{entry.account}` is not kept in {entry.amount.currency}; book in its currency")
    if entry.imsi is not None:
        _move_share.run(connection, values)


def _put_order(connection: Connection, change: PutOrder) -> None:
    _put_order_row.run(connection, rows.order_values(change.order))


def _put_notice(connection: Connection, change: PutNotice) -> None:
    _put_notice_row.run(connection, rows.notice_values(change.notice))


def _relay(connection: Connection, change: Relay) -> None:
    _insert_relay.run(connection, {"notice_id": change.notice})


def _put_payment(connection: Connection, change: PutPayment) -> None:
    _put_payment_row.run(connection, rows.payment_values(change.payment))


def _put_agreement(connection: Connection, change: PutAgreement) -> None:
    _put_agreement_row.run(connection, rows.agreement_values(change.agreement))


def _put_deduction(connection: Connection, change: PutDeduction) -> None:
    _put_deduction_row.run(connection, rows.deduction_values(change.deduction))


def _put_grant(connection: Connection, change: PutGrant) -> None:
    billing.put_grant(connection, change.grant)


def _put_level(connection: Connection, change: PutLevel) -> None:
    credit.put_level(connection, change.account, change.level)


def _put_consumption(connection: Connection, change: PutConsumption) -> None:
    billing.put_consumption(connection, change.consumption)


def _put_posted(connection: Connection, change: PutPosted) -> None:
    billing.put_posted(connection, change.posted)


def _put_ahead(connection: Connection, change: PutAhead) -> None:
    duties.put_ahead(connection, change.account, change.ahead)


def _plan_duty(connection: Connection, change: PlanDuty) -> None:
    duties.plan(connection, change.account, change.kind, change.due_at)


def _put_duty(connection: Connection, change: PutDuty) -> None:
    duties.put(connection, change.account, change.kind, change.due_at)


def _add_event(connection: Connection, change: AddEvent) -> None:
    _insert_event.run(connection, rows.event_values(change.event))


_WRITERS: Mapping[type[Any], Callable[[Connection, Any], None]] = {
    PutAccount: _put_account,
    PutSubscriber: _put_subscriber,
    PutSubscription: _put_subscription,
    PutSession: _put_session,
    AppendEntry: _append_entry,
    PutOrder: _put_order,
    PutNotice: _put_notice,
    Relay: _relay,
    PutPayment: _put_payment,
    PutAgreement: _put_agreement,
    PutDeduction: _put_deduction,
    PutGrant: _put_grant,
    PutLevel: _put_level,
    PutConsumption: _put_consumption,
    PutPosted: _put_posted,
    PutAhead: _put_ahead,
    PlanDuty: _plan_duty,
    PutDuty: _put_duty,
    AddEvent: _add_event,
}
