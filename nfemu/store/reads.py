"""The questions that the carrier asks, each on one snapshot; no query but a listing grows with the store."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from nfemu.carrier.ports import AccountView, Line
from nfemu.model.account import LedgerEntry
from nfemu.model.identity import AccountId, Imsi, Msisdn, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Notice, NoticeState, Payment, WorkOrder
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import Subscriber
from nfemu.model.timeline import TimelineEvent
from nfemu.store import rows, schema
from nfemu.store.columns import UtcDateTime

_ANY = ""
"""Sorts before every number."""

_subscriber = sa.select(schema.subscriber).where(schema.subscriber.c.msisdn == sa.bindparam("msisdn"))
_subscriber_by_imsi = sa.select(schema.subscriber).where(schema.subscriber.c.imsi == sa.bindparam("imsi"))
_subscribers = (
    sa.select(schema.subscriber)
    .where(schema.subscriber.c.msisdn > sa.bindparam("after"))
    .order_by(schema.subscriber.c.msisdn)
    .limit(sa.bindparam("limit"))
)
_count = sa.select(sa.func.count()).select_from(schema.subscriber)
_account = sa.select(schema.account).where(schema.account.c.id == sa.bindparam("account"))
_cards = (
    sa.select(schema.subscriber)
    .where(schema.subscriber.c.account_id == sa.bindparam("account"))
    .order_by(schema.subscriber.c.imsi)
)
_sessions = sa.select(schema.session).where(schema.LATEST)
_released = (
    sa.select(schema.session)
    .where(schema.RELEASED, schema.session.c.released_at >= sa.bindparam("since", type_=UtcDateTime))
    .order_by(schema.session.c.released_at, schema.session.c.policy_version)
)
_account_sessions = (
    sa.select(schema.session)
    .join(schema.subscriber, schema.subscriber.c.imsi == schema.session.c.imsi)
    .where(schema.subscriber.c.account_id == sa.bindparam("account"), schema.LATEST)
)
_shares = sa.select(schema.share).where(schema.share.c.account_id == sa.bindparam("account"))
_unfinished = (
    sa.select(schema.work_order)
    .where(schema.UNFINISHED)
    .order_by(schema.work_order.c.created_at, schema.work_order.c.serial)
)
_account_orders = _unfinished.join(schema.subscriber, schema.subscriber.c.imsi == schema.work_order.c.imsi).where(
    schema.subscriber.c.account_id == sa.bindparam("account")
)
_ledger = (
    sa.select(schema.ledger)
    .where(schema.ledger.c.account_id == sa.bindparam("account"))
    .order_by(schema.ledger.c.serial.desc())
    .limit(sa.bindparam("limit"))
)
_entry = sa.select(schema.ledger).where(schema.ledger.c.trade_no == sa.bindparam("trade_no"))
_payment = sa.select(schema.payment).where(schema.payment.c.no == sa.bindparam("no"))
_open_payments = (
    sa.select(schema.payment).where(schema.OPEN).order_by(schema.payment.c.created_at, schema.payment.c.serial)
)
_pending = sa.select(schema.notice).where(schema.PENDING).order_by(schema.notice.c.created_at, schema.notice.c.serial)
_inbox = (
    sa.select(schema.notice)
    .where(schema.notice.c.imsi == sa.bindparam("imsi"), schema.notice.c.state == NoticeState.SENT.value)
    .order_by(schema.notice.c.sent_at.desc(), schema.notice.c.serial.desc())
    .limit(sa.bindparam("limit"))
)
_events = (
    sa.select(schema.event)
    .where(schema.event.c.imsi == sa.bindparam("imsi"))
    .order_by(schema.event.c.serial.desc())
    .limit(sa.bindparam("limit"))
)


def subscriber(connection: Connection, msisdn: Msisdn) -> Subscriber | None:
    row = connection.execute(_subscriber, {"msisdn": msisdn.e164}).one_or_none()
    return None if row is None else rows.subscriber_from(row)


def subscriber_by_imsi(connection: Connection, imsi: Imsi) -> Subscriber | None:
    row = connection.execute(_subscriber_by_imsi, {"imsi": imsi.digits}).one_or_none()
    return None if row is None else rows.subscriber_from(row)


def subscribers(connection: Connection, after: Msisdn | None, limit: int) -> list[Subscriber]:
    parameters = {"after": _ANY if after is None else after.e164, "limit": limit}
    return [rows.subscriber_from(row) for row in connection.execute(_subscribers, parameters)]


def count_subscribers(connection: Connection) -> int:
    return int(connection.execute(_count).scalar_one())


def account(connection: Connection, identity: AccountId) -> AccountView | None:
    key = {"account": identity}
    row = connection.execute(_account, key).one_or_none()
    if row is None:
        return None
    sessions = {found.imsi: rows.session_from(found) for found in connection.execute(_account_sessions, key)}
    return AccountView(
        account=rows.account_from(row),
        balance=Money(row.balance, row.currency),
        shares={Imsi(found.imsi): Money(found.amount, row.currency) for found in connection.execute(_shares, key)},
        lines=tuple(_line(card, sessions.get(card.imsi)) for card in connection.execute(_cards, key)),
        orders=tuple(rows.order_from(found) for found in connection.execute(_account_orders, key)),
    )


def _line(card: Row[Any], session: PdnSession | None) -> Line:
    return Line(rows.subscriber_from(card), rows.subscription_from(card), session)


def ledger(connection: Connection, identity: AccountId, limit: int) -> list[LedgerEntry]:
    return [rows.entry_from(row) for row in connection.execute(_ledger, {"account": identity, "limit": limit})]


def entry(connection: Connection, trade_no: str) -> LedgerEntry | None:
    row = connection.execute(_entry, {"trade_no": trade_no}).one_or_none()
    return None if row is None else rows.entry_from(row)


def payment(connection: Connection, no: PaymentNo) -> Payment | None:
    row = connection.execute(_payment, {"no": no}).one_or_none()
    return None if row is None else rows.payment_from(row)


def open_payments(connection: Connection) -> list[Payment]:
    return [rows.payment_from(row) for row in connection.execute(_open_payments)]


def sessions(connection: Connection) -> list[PdnSession]:
    return [rows.session_from(row) for row in connection.execute(_sessions)]


def sessions_released_since(connection: Connection, since: datetime) -> list[PdnSession]:
    return [rows.session_from(row) for row in connection.execute(_released, {"since": since})]


def unfinished_orders(connection: Connection) -> list[WorkOrder]:
    return [rows.order_from(row) for row in connection.execute(_unfinished)]


def pending_notices(connection: Connection) -> list[Notice]:
    return [rows.notice_from(row) for row in connection.execute(_pending)]


def notices(connection: Connection, imsi: Imsi, limit: int) -> list[Notice]:
    parameters = {"imsi": imsi.digits, "limit": limit}
    return [rows.notice_from(row) for row in connection.execute(_inbox, parameters)]


def events(connection: Connection, imsi: Imsi, limit: int) -> list[TimelineEvent]:
    newest_first = connection.execute(_events, {"imsi": imsi.digits, "limit": limit})
    return [rows.event_from(row) for row in newest_first][::-1]
