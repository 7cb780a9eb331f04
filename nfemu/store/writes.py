"""How each change of `carrier.ports` is written. The caller owns the transaction.

Rows are changed by UPDATE, and inserted where there was none: one statement for the common case, the same on every
database, and safe because the store has one writer.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from nfemu.carrier.ports import (
    AddEvent,
    AppendEntry,
    Change,
    PutAccount,
    PutNotice,
    PutOrder,
    PutPayment,
    PutSession,
    PutSubscriber,
    PutSubscription,
)
from nfemu.model.errors import Conflict, InvalidInput, NfemuError, NotFound
from nfemu.store import rows, schema
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
    PutPayment: lambda change: f"payment `{change.payment.no}`",
    AddEvent: lambda change: f"event `{change.event.name}`",
}


def _replacing(table: sa.Table, key: str) -> Callable[[Connection, rows.Values], None]:
    """A function that updates the row with this key, or inserts it."""
    update = sa.update(table).where(table.c[key] == sa.bindparam("b_key"))
    insert = sa.insert(table)

    def put(connection: Connection, values: rows.Values) -> None:
        changed = {name: value for name, value in values.items() if name != key}
        if connection.execute(update, {"b_key": values[key], **changed}).rowcount == 0:
            connection.execute(insert, values)

    return put


_put_subscriber_row = _replacing(schema.subscriber, "imsi")
_put_order_row = _replacing(schema.work_order, "id")
_put_notice_row = _replacing(schema.notice, "id")
_put_payment_row = _replacing(schema.payment, "no")
_insert_account = sa.insert(schema.account)
_update_account = sa.update(schema.account).where(
    schema.account.c.id == sa.bindparam("b_id"), schema.account.c.currency == sa.bindparam("b_currency")
)
_account_currency = sa.select(schema.account.c.currency).where(schema.account.c.id == sa.bindparam("b_id"))
_update_subscription = sa.update(schema.subscriber).where(
    schema.subscriber.c.imsi == sa.bindparam("b_imsi"), schema.subscriber.c.version == sa.bindparam("b_version")
)
_update_session = sa.update(schema.session).where(
    schema.session.c.id == sa.bindparam("b_id"), schema.session.c.imsi == sa.bindparam("b_imsi")
)
_latest_session = (schema.session.c.imsi == sa.bindparam("b_imsi"), schema.LATEST)
_outdate_session = (
    sa.update(schema.session)
    .where(*_latest_session, schema.session.c.policy_version < sa.bindparam("b_version"))
    .values(latest=0)
)
_count_latest = sa.select(sa.func.count()).select_from(schema.session).where(*_latest_session)
_insert_session = sa.insert(schema.session)
_insert_entry = sa.insert(schema.ledger)
_move_balance = _update_account.values(balance=schema.account.c.balance + sa.bindparam("b_amount"))
_move_share = (
    sa.update(schema.share)
    .where(schema.share.c.account_id == sa.bindparam("b_account"), schema.share.c.imsi == sa.bindparam("b_imsi"))
    .values(amount=schema.share.c.amount + sa.bindparam("b_amount"))
)
_insert_share = sa.insert(schema.share)
_insert_event = sa.insert(schema.event)


def _put_account(connection: Connection, change: PutAccount) -> None:
    values = rows.account_values(change.account)
    key = {"b_id": values["id"], "b_currency": values["currency"]}
    if connection.execute(_update_account, {**key, **values}).rowcount:
        return
    currency = connection.execute(_account_currency, key).scalar_one_or_none()
    if currency is not None:
        raise Conflict(f"account `{change.account.id}` is kept in {currency}; its currency cannot change")
    connection.execute(_insert_account, values)


def _put_subscriber(connection: Connection, change: PutSubscriber) -> None:
    _put_subscriber_row(connection, rows.subscriber_values(change.subscriber))


def _put_subscription(connection: Connection, change: PutSubscription) -> None:
    subscription = change.subscription
    key = {"b_imsi": subscription.imsi.digits, "b_version": subscription.version - 1}
    if connection.execute(_update_subscription, {**key, **rows.subscription_values(subscription)}).rowcount == 0:
        raise Conflict(
            f"subscription of IMSI `{subscription.imsi}` is not at version {subscription.version - 1} any more; "
            "read it again and decide anew"
        )


def _put_session(connection: Connection, change: PutSession) -> None:
    values = rows.session_values(change.session)
    key = {"b_id": values["id"], "b_imsi": values["imsi"], "b_version": values["policy_version"]}
    if connection.execute(_update_session, {**values, **key}).rowcount:
        return
    connection.execute(_outdate_session, key)
    newer = connection.execute(_count_latest, key).scalar_one()
    connection.execute(_insert_session, {**values, "latest": 1 - newer})


def _append_entry(connection: Connection, change: AppendEntry) -> None:
    """The entry and both sums that are kept of it: the account's balance, the card's share."""
    entry = change.entry
    connection.execute(_insert_entry, rows.entry_values(entry))
    key = {"b_id": entry.account, "b_currency": entry.amount.currency, "b_amount": entry.amount.minor}
    if connection.execute(_move_balance, key).rowcount == 0:
        raise InvalidInput(f"account `{entry.account}` is not kept in {entry.amount.currency}; book in its currency")
    if entry.imsi is not None:
        _move(connection, entry.account, entry.imsi.digits, entry.amount.minor)


def _move(connection: Connection, account: str, imsi: str, amount: int) -> None:
    key = {"b_account": account, "b_imsi": imsi, "b_amount": amount}
    if connection.execute(_move_share, key).rowcount == 0:
        connection.execute(_insert_share, {"account_id": account, "imsi": imsi, "amount": amount})


def _put_order(connection: Connection, change: PutOrder) -> None:
    _put_order_row(connection, rows.order_values(change.order))


def _put_notice(connection: Connection, change: PutNotice) -> None:
    _put_notice_row(connection, rows.notice_values(change.notice))


def _put_payment(connection: Connection, change: PutPayment) -> None:
    _put_payment_row(connection, rows.payment_values(change.payment))


def _add_event(connection: Connection, change: AddEvent) -> None:
    connection.execute(_insert_event, rows.event_values(change.event))


_WRITERS: Mapping[type[Any], Callable[[Connection, Any], None]] = {
    PutAccount: _put_account,
    PutSubscriber: _put_subscriber,
    PutSubscription: _put_subscription,
    PutSession: _put_session,
    AppendEntry: _append_entry,
    PutOrder: _put_order,
    PutNotice: _put_notice,
    PutPayment: _put_payment,
    AddEvent: _add_event,
}
