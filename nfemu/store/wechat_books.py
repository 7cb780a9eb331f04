"""The books of the emulated WeChat Pay: `web.wechat.books.Books`, on the carrier's database."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.store import wechat_rows as rows
from nfemu.store import wechat_tables as tables
from nfemu.store.prepared import Prepared, insert, insert_or_update
from nfemu.store.times import to_micros
from nfemu.wechat.entries import Entry
from nfemu.wechat.faults import Armed
from nfemu.wechat.notification import Attempt, Notification
from nfemu.wechat.refunds import Refund
from nfemu.wechat.trade import Trade

T = TypeVar("T")


class Access(Protocol):
    """Work on a connection, in the store's threads. Raises Unavailable."""

    def __call__(self, work: Callable[[Connection], T], /) -> Awaitable[T]: ...


def _by(table: sa.Table, *columns: str) -> sa.Select[Any]:
    return sa.select(table).where(*(table.c[name] == sa.bindparam(name) for name in columns))


def _within(table: sa.Table, column: str) -> sa.Select[Any]:
    """Of one merchant, by that moment."""
    moment = table.c[column]
    return _by(table, "mchid").where(moment >= sa.bindparam("since"), moment < sa.bindparam("until")).order_by(moment)


_trade = Prepared(_by(tables.trade, "mchid", "out_trade_no"))
_by_transaction = Prepared(_by(tables.trade, "mchid", "transaction_id"))
_by_prepay = Prepared(_by(tables.trade, "prepay_id"))
_newest = Prepared(
    sa.select(tables.trade)
    .order_by(*(tables.trade.c[name].desc() for name in ("created_at", "mchid", "out_trade_no")))
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("offset"))
)
_paid = Prepared(_within(tables.trade, "paid_at").where(tables.PAID))
_refund = Prepared(_by(tables.refund, "mchid", "out_refund_no"))
_refunds = Prepared(_by(tables.refund, "mchid", "out_trade_no").order_by(tables.refund.c.created_at))
_refunded = Prepared(_within(tables.refund, "created_at"))
_notification = Prepared(_by(tables.notification, "id"))
_notifications = Prepared(
    _by(tables.notification, "mchid", "out_trade_no").order_by(
        tables.notification.c.created_at, tables.notification.c.id
    )
)
_due = Prepared(
    sa.select(tables.notification).where(tables.DUE).order_by(tables.notification.c.due_at, tables.notification.c.id)
)
_attempts = Prepared(_by(tables.attempt, "notification").order_by(tables.attempt.c.serial))
_armed = Prepared(sa.select(tables.armed).where(tables.LEFT).order_by(tables.armed.c.no))
_PUT = {
    Trade: (insert_or_update(tables.trade, "mchid", "out_trade_no"), rows.trade_values),
    Refund: (insert_or_update(tables.refund, "mchid", "out_refund_no"), rows.refund_values),
    Notification: (insert_or_update(tables.notification, "id"), rows.notification_values),
    Attempt: (insert(tables.attempt), rows.attempt_values),
    Armed: (insert_or_update(tables.armed, "no"), rows.armed_values),
}


class WechatBooks:
    """`read` and `write` run work as the store does."""

    def __init__(self, read: Access, write: Access) -> None:
        self._read = read
        self._write = write

    async def keep(self, entries: Iterable[Entry]) -> None:
        """All in their order, or none; durable on return."""
        kept = tuple(entries)

        def put(connection: Connection) -> None:
            for entry in kept:
                statement, values = _PUT[type(entry)]
                statement.run(connection, values(entry))  # type: ignore[operator]  # each with values of its own kind

        await self._write(put)

    async def trade(self, mchid: str, out_trade_no: str) -> Trade | None:
        return await self._one(_trade, rows.trade_from, mchid=mchid, out_trade_no=out_trade_no)

    async def trade_by_transaction(self, mchid: str, transaction_id: str) -> Trade | None:
        return await self._one(_by_transaction, rows.trade_from, mchid=mchid, transaction_id=transaction_id)

    async def trade_by_prepay(self, prepay_id: str) -> Trade | None:
        return await self._one(_by_prepay, rows.trade_from, prepay_id=prepay_id)

    async def newest_trades(self, limit: int, offset: int = 0) -> list[Trade]:
        return await self._all(_newest, rows.trade_from, limit=limit, offset=offset)

    async def trades_paid(self, mchid: str, since: datetime, until: datetime) -> list[Trade]:
        return await self._all(_paid, rows.trade_from, mchid=mchid, since=to_micros(since), until=to_micros(until))

    async def refund(self, mchid: str, out_refund_no: str) -> Refund | None:
        return await self._one(_refund, rows.refund_from, mchid=mchid, out_refund_no=out_refund_no)

    async def refunds(self, mchid: str, out_trade_no: str) -> list[Refund]:
        return await self._all(_refunds, rows.refund_from, mchid=mchid, out_trade_no=out_trade_no)

    async def refunds_begun(self, mchid: str, since: datetime, until: datetime) -> list[Refund]:
        return await self._all(_refunded, rows.refund_from, mchid=mchid, since=to_micros(since), until=to_micros(until))

    async def notification(self, identifier: str) -> Notification | None:
        return await self._one(_notification, rows.notification_from, id=identifier)

    async def notifications(self, mchid: str, out_trade_no: str) -> list[Notification]:
        return await self._all(_notifications, rows.notification_from, mchid=mchid, out_trade_no=out_trade_no)

    async def notifications_due(self) -> list[Notification]:
        return await self._all(_due, rows.notification_from)

    async def attempts(self, notification: str) -> list[Attempt]:
        return await self._all(_attempts, rows.attempt_from, notification=notification)

    async def armed(self) -> list[Armed]:
        return await self._all(_armed, rows.armed_from)

    async def _one(self, statement: Prepared, value: Callable[[Any], T], **parameters: object) -> T | None:
        row = await self._read(lambda connection: statement.run(connection, parameters).one_or_none())
        return None if row is None else value(row)

    async def _all(self, statement: Prepared, value: Callable[[Any], T], **parameters: object) -> list[T]:
        return await self._read(lambda connection: [value(row) for row in statement.run(connection, parameters)])
