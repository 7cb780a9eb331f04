"""The questions that the carrier asks, each on one snapshot; no query but a listing grows with the store."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from nfemu.carrier.ports import AccountView, Line, PaymentView
from nfemu.model.account import LedgerEntry
from nfemu.model.agreements import Deduction
from nfemu.model.identity import AccountId, Imsi, Msisdn, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment, WorkOrder
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import Subscriber
from nfemu.model.timeline import TimelineEvent
from nfemu.store import rows, schema
from nfemu.store.prepared import Prepared
from nfemu.store.times import to_micros

_ANY = ""
"""Sorts before every number."""

_subscriber = Prepared(sa.select(schema.subscriber).where(schema.subscriber.c.msisdn == sa.bindparam("msisdn")))
_subscriber_by_imsi = Prepared(sa.select(schema.subscriber).where(schema.subscriber.c.imsi == sa.bindparam("imsi")))
_subscribers = Prepared(
    sa.select(schema.subscriber)
    .where(schema.subscriber.c.msisdn > sa.bindparam("after"))
    .order_by(schema.subscriber.c.msisdn)
    .limit(sa.bindparam("limit"))
)
_count = Prepared(sa.select(sa.func.count()).select_from(schema.subscriber))
_account = Prepared(sa.select(schema.account).where(schema.account.c.id == sa.bindparam("account")))
_cards = Prepared(
    sa.select(schema.subscriber)
    .where(schema.subscriber.c.account_id == sa.bindparam("account"))
    .order_by(schema.subscriber.c.imsi)
)
_sessions = Prepared(sa.select(schema.session).where(schema.LATEST))
_released = Prepared(
    sa.select(schema.session)
    .where(schema.RELEASED, schema.session.c.released_at >= sa.bindparam("since"))
    .order_by(schema.session.c.released_at, schema.session.c.policy_version)
)
_account_sessions = Prepared(
    sa.select(schema.session)
    .join(schema.subscriber, schema.subscriber.c.imsi == schema.session.c.imsi)
    .where(schema.subscriber.c.account_id == sa.bindparam("account"), schema.LATEST)
)
_shares = Prepared(sa.select(schema.share).where(schema.share.c.account_id == sa.bindparam("account")))
_unfinished = (
    sa.select(schema.work_order)
    .where(schema.UNFINISHED)
    .order_by(schema.work_order.c.created_at, schema.work_order.c.serial)
)
_unfinished_orders = Prepared(_unfinished)
_account_orders = Prepared(
    _unfinished.join(schema.subscriber, schema.subscriber.c.imsi == schema.work_order.c.imsi).where(
        schema.subscriber.c.account_id == sa.bindparam("account")
    )
)
_moved_orders = Prepared(
    sa.select(schema.work_order)
    .where(schema.work_order.c.moved_at >= sa.bindparam("since"))
    .order_by(schema.work_order.c.moved_at, schema.work_order.c.serial)
)
_ledger = Prepared(
    sa.select(schema.ledger)
    .where(schema.ledger.c.account_id == sa.bindparam("account"))
    .order_by(schema.ledger.c.serial.desc())
    .limit(sa.bindparam("limit"))
)
_ledger_since = Prepared(
    sa.select(schema.ledger)
    .where(schema.ledger.c.account_id == sa.bindparam("account"), schema.ledger.c.at >= sa.bindparam("since"))
    .order_by(schema.ledger.c.serial)
)
_entry = Prepared(sa.select(schema.ledger).where(schema.ledger.c.trade_no == sa.bindparam("trade_no")))
_payment = Prepared(sa.select(schema.payment).where(schema.payment.c.no == sa.bindparam("no")))
_open = sa.select(schema.payment).where(schema.OPEN).order_by(schema.payment.c.created_at, schema.payment.c.serial)
_open_payments = Prepared(_open)
_unpaid = Prepared(_open.where(schema.payment.c.imsi == sa.bindparam("imsi")))
_refunds_wanted = Prepared(
    sa.select(schema.payment).where(schema.REFUND_WANTED).order_by(schema.payment.c.created_at, schema.payment.c.serial)
)
_ordered = Prepared(
    sa.select(schema.payment)
    .where(schema.payment.c.created_at >= sa.bindparam("since"), schema.payment.c.created_at < sa.bindparam("until"))
    .order_by(schema.payment.c.created_at, schema.payment.c.serial)
)
_refund_entries = Prepared(
    sa.select(schema.ledger)
    .where(schema.REFUND, schema.ledger.c.at >= sa.bindparam("since"), schema.ledger.c.at < sa.bindparam("until"))
    .order_by(schema.ledger.c.serial)
)
_posted = Prepared(
    sa.select(schema.payment)
    .where(schema.POSTED, schema.payment.c.posted_at >= sa.bindparam("since"))
    .order_by(schema.payment.c.posted_at, schema.payment.c.serial)
)
_agreement = Prepared(
    sa.select(schema.agreement).where(schema.agreement.c.account_id == sa.bindparam("account"), schema.SIGNED)
)
_deduction = Prepared(
    sa.select(schema.deduction).where(schema.deduction.c.account_id == sa.bindparam("account"), schema.UNSETTLED)
)
_open_deductions = Prepared(
    sa.select(schema.deduction)
    .where(schema.UNSETTLED)
    .order_by(schema.deduction.c.requested_at, schema.deduction.c.serial)
)
_events = Prepared(
    sa.select(schema.event)
    .where(schema.event.c.imsi == sa.bindparam("imsi"))
    .order_by(schema.event.c.serial.desc())
    .limit(sa.bindparam("limit"))
)


def subscriber(connection: Connection, msisdn: Msisdn) -> Subscriber | None:
    row = _subscriber.run(connection, {"msisdn": msisdn.e164}).one_or_none()
    return None if row is None else rows.subscriber_from(row)


def subscriber_by_imsi(connection: Connection, imsi: Imsi) -> Subscriber | None:
    row = _subscriber_by_imsi.run(connection, {"imsi": imsi.digits}).one_or_none()
    return None if row is None else rows.subscriber_from(row)


def subscribers(connection: Connection, after: Msisdn | None, limit: int) -> list[Subscriber]:
    parameters = {"after": _ANY if after is None else after.e164, "limit": limit}
    return [rows.subscriber_from(row) for row in _subscribers.run(connection, parameters)]


def count_subscribers(connection: Connection) -> int:
    return int(_count.run(connection).scalar_one())


def account(connection: Connection, identity: AccountId) -> AccountView | None:
    key = {"account": identity}
    row = _account.run(connection, key).one_or_none()
    if row is None:
        return None
    sessions = {found.imsi: rows.session_from(found) for found in _account_sessions.run(connection, key)}
    agreed = _agreement.run(connection, key).one_or_none()
    asked = _deduction.run(connection, key).one_or_none()
    return AccountView(
        account=rows.account_from(row),
        balance=Money(row.balance, row.currency),
        shares={Imsi(found.imsi): Money(found.amount, row.currency) for found in _shares.run(connection, key)},
        lines=tuple(_line(card, sessions.get(card.imsi)) for card in _cards.run(connection, key)),
        orders=tuple(rows.order_from(found) for found in _account_orders.run(connection, key)),
        agreement=None if agreed is None else rows.agreement_from(agreed),
        deduction=None if asked is None else rows.deduction_from(asked),
    )


def _line(card: Row[Any], session: PdnSession | None) -> Line:
    return Line(rows.subscriber_from(card), rows.subscription_from(card), session)


def ledger(connection: Connection, identity: AccountId, limit: int) -> list[LedgerEntry]:
    return [rows.entry_from(row) for row in _ledger.run(connection, {"account": identity, "limit": limit})]


def ledger_since(connection: Connection, identity: AccountId, since: datetime) -> list[LedgerEntry]:
    """Oldest first."""
    found = _ledger_since.run(connection, {"account": identity, "since": to_micros(since)})
    return [rows.entry_from(row) for row in found]


def entry(connection: Connection, trade_no: str) -> LedgerEntry | None:
    row = _entry.run(connection, {"trade_no": trade_no}).one_or_none()
    return None if row is None else rows.entry_from(row)


def payment(connection: Connection, no: PaymentNo) -> Payment | None:
    row = _payment.run(connection, {"no": no}).one_or_none()
    return None if row is None else rows.payment_from(row)


def payment_view(connection: Connection, no: PaymentNo, trade_no: str) -> PaymentView | None:
    found = payment(connection, no)
    owner = account(connection, found.account) if found is not None else None
    if found is None or owner is None:
        return None
    return PaymentView(found, owner, entry(connection, trade_no))


def open_payments(connection: Connection) -> list[Payment]:
    return [rows.payment_from(row) for row in _open_payments.run(connection)]


def unpaid(connection: Connection, imsi: Imsi) -> list[Payment]:
    return [rows.payment_from(row) for row in _unpaid.run(connection, {"imsi": imsi.digits})]


def open_deductions(connection: Connection) -> list[Deduction]:
    return [rows.deduction_from(row) for row in _open_deductions.run(connection)]


def sessions(connection: Connection) -> list[PdnSession]:
    return [rows.session_from(row) for row in _sessions.run(connection)]


def sessions_released_since(connection: Connection, since: datetime) -> list[PdnSession]:
    return [rows.session_from(row) for row in _released.run(connection, {"since": to_micros(since)})]


def unfinished_orders(connection: Connection) -> list[WorkOrder]:
    return [rows.order_from(row) for row in _unfinished_orders.run(connection)]


def orders_moved_since(connection: Connection, since: datetime) -> list[WorkOrder]:
    return [rows.order_from(row) for row in _moved_orders.run(connection, {"since": to_micros(since)})]


def refunds_wanted(connection: Connection) -> list[Payment]:
    return [rows.payment_from(row) for row in _refunds_wanted.run(connection)]


def payments_ordered(connection: Connection, since: datetime, until: datetime) -> list[Payment]:
    found = _ordered.run(connection, {"since": to_micros(since), "until": to_micros(until)})
    return [rows.payment_from(row) for row in found]


def refund_entries(connection: Connection, since: datetime, until: datetime) -> list[LedgerEntry]:
    found = _refund_entries.run(connection, {"since": to_micros(since), "until": to_micros(until)})
    return [rows.entry_from(row) for row in found]


def payments_posted_since(connection: Connection, since: datetime) -> list[Payment]:
    return [rows.payment_from(row) for row in _posted.run(connection, {"since": to_micros(since)})]


def events(connection: Connection, imsi: Imsi, limit: int) -> list[TimelineEvent]:
    newest_first = _events.run(connection, {"imsi": imsi.digits, "limit": limit})
    return [rows.event_from(row) for row in newest_first][::-1]
