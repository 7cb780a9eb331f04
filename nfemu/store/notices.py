"""Messages: those that wait for their channels, the inbox, and short messages that wait for receivers."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.bss.urgency import URGENCY
from nfemu.model.identity import AccountId, Imsi, Msisdn, NoticeId
from nfemu.model.notices import Channel, Notice, NoticeKind, Relayed
from nfemu.store import rows, schema
from nfemu.store.prepared import Prepared
from nfemu.store.times import from_micros_or_none, to_micros

_notice = schema.notice
_urgency = sa.case(
    *(
        (_notice.c.kind == sa.literal_column(f"'{kind.value}'"), sa.literal_column(str(rank.value)))
        for kind, rank in URGENCY.items()
    )
)
_clock = schema.account_clock
_ahead = sa.func.coalesce(_clock.c.ahead, sa.literal_column("0"))
_may_be_sent_at = sa.func.coalesce(_notice.c.retry_at, _notice.c.created_at)
_pending = Prepared(
    sa.select(_notice)
    .join(schema.subscriber, schema.subscriber.c.imsi == _notice.c.imsi)
    .where(schema.subscriber.c.account_id == sa.bindparam("account"), schema.PENDING)
    .order_by(_notice.c.created_at, _notice.c.serial)
)
_due = Prepared(
    sa.select(schema.subscriber.c.account_id, _notice.c.id)
    .join(schema.subscriber, schema.subscriber.c.imsi == _notice.c.imsi)
    .outerjoin(_clock, _clock.c.account_id == schema.subscriber.c.account_id)
    .where(
        schema.PENDING,
        _notice.c.channel == sa.bindparam("channel"),
        _may_be_sent_at - _ahead <= sa.bindparam("now"),
    )
    .order_by(_urgency, _notice.c.created_at - _ahead, _notice.c.serial)
    .limit(sa.bindparam("limit"))
)
_next = Prepared(sa.select(sa.func.min(_may_be_sent_at)).where(schema.PENDING))
_next_of_own_clocks = Prepared(
    sa.select(sa.func.min(_may_be_sent_at - _clock.c.ahead))
    .select_from(_clock)
    .join(schema.subscriber, schema.subscriber.c.account_id == _clock.c.account_id)
    .join(_notice, _notice.c.imsi == schema.subscriber.c.imsi)
    .where(schema.PENDING)
)
_inbox = Prepared(
    sa.select(_notice)
    .where(_notice.c.imsi == sa.bindparam("imsi"), schema.SENT)
    .order_by(_notice.c.sent_at.desc(), _notice.c.serial.desc())
    .limit(sa.bindparam("limit"))
)
_last_notice = Prepared(
    sa.select(_notice)
    .where(_notice.c.imsi == sa.bindparam("imsi"), schema.SENT, _notice.c.kind == sa.bindparam("kind"))
    .order_by(_notice.c.sent_at.desc(), _notice.c.serial.desc())
    .limit(sa.literal_column("1"))
)
_told_since = Prepared(
    sa.select(_notice)
    .join(schema.subscriber, schema.subscriber.c.imsi == _notice.c.imsi)
    .where(schema.subscriber.c.account_id == sa.bindparam("account"), _notice.c.created_at >= sa.bindparam("since"))
    .order_by(_notice.c.created_at, _notice.c.serial)
)
_relayed = Prepared(
    sa.select(_notice, schema.subscriber.c.msisdn)
    .join(schema.relay, schema.relay.c.notice_id == _notice.c.id)
    .join(schema.subscriber, schema.subscriber.c.imsi == _notice.c.imsi)
    .order_by(schema.relay.c.serial)
    .limit(sa.bindparam("limit"))
)
_forget_relayed = Prepared(sa.delete(schema.relay).where(schema.relay.c.notice_id == sa.bindparam("b_notice")))


def pending(connection: Connection, account: AccountId) -> list[Notice]:
    return [rows.notice_from(row) for row in _pending.run(connection, {"account": account})]


def due(connection: Connection, channel: Channel, now: datetime, limit: int) -> list[tuple[AccountId, NoticeId]]:
    parameters = {"channel": channel.value, "now": to_micros(now), "limit": limit}
    return [(AccountId(row.account_id), NoticeId(row.id)) for row in _due.run(connection, parameters)]


def first_due(connection: Connection) -> datetime | None:
    """By the carrier's clock: what is stored of accounts on clocks of their own is later than that."""
    found = (each.run(connection).scalar_one() for each in (_next, _next_of_own_clocks))
    return from_micros_or_none(min((moment for moment in found if moment is not None), default=None))


def inbox(connection: Connection, imsi: Imsi, limit: int) -> list[Notice]:
    parameters = {"imsi": imsi.digits, "limit": limit}
    return [rows.notice_from(row) for row in _inbox.run(connection, parameters)]


def last(connection: Connection, imsi: Imsi, kind: NoticeKind) -> Notice | None:
    row = _last_notice.run(connection, {"imsi": imsi.digits, "kind": kind.value}).one_or_none()
    return None if row is None else rows.notice_from(row)


def told_since(connection: Connection, identity: AccountId, since: datetime) -> list[Notice]:
    """Of all cards of the account, oldest first."""
    found = _told_since.run(connection, {"account": identity, "since": to_micros(since)})
    return [rows.notice_from(row) for row in found]


def relayed(connection: Connection, limit: int) -> list[Relayed]:
    found = _relayed.run(connection, {"limit": limit})
    return [Relayed(rows.notice_from(row), Msisdn(row.msisdn)) for row in found]


def forget_relayed(connection: Connection, notices: Iterable[NoticeId]) -> None:
    for notice in notices:
        _forget_relayed.run(connection, {"b_notice": notice})
