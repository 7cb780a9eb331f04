"""What accounts have to expect of the future, in the order in which it happens, and the clocks that some are on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.identity import AccountId
from nfemu.model.subscriber import Subscriber
from nfemu.store import rows, schema
from nfemu.store.prepared import Prepared, insert_or_ignore, insert_or_update
from nfemu.store.times import span_to_micros, to_micros

_put_duty = insert_or_update(schema.duty, "account_id", "kind")
_plan_duty = insert_or_ignore(schema.duty, "account_id", "kind")
_forget_duty = Prepared(
    sa.delete(schema.duty).where(
        schema.duty.c.account_id == sa.bindparam("account_id"), schema.duty.c.kind == sa.bindparam("kind")
    )
)
_ahead = schema.account_clock.c.ahead
_has_own_clock = sa.exists().where(schema.account_clock.c.account_id == schema.duty.c.account_id)
_in_order = sa.select(schema.duty).order_by(*schema.duty_in_order.columns)
# Those on the carrier's clock are read along the index; the few on clocks of their own come at other moments.
_due = _in_order.where(schema.duty.c.due_at <= sa.bindparam("until"), ~_has_own_clock).limit(sa.bindparam("limit"))
_duties_due = Prepared(_due)
_its_ahead = sa.select(_ahead).where(schema.account_clock.c.account_id == schema.duty.c.account_id).scalar_subquery()
_own_due = Prepared(
    sa.select(schema.duty, _its_ahead.label("ahead")).where(
        schema.duty.c.account_id.in_(sa.select(schema.account_clock.c.account_id)),
        schema.duty.c.due_at - _its_ahead <= sa.bindparam("until"),
    )
)
_own_clocks = Prepared(sa.select(schema.account_clock).order_by(schema.account_clock.c.account_id))
_put_clock = insert_or_update(schema.account_clock, "account_id")
_forget_later = Prepared(
    sa.delete(schema.duty).where(
        schema.duty.c.due_at > sa.bindparam("at"),
        schema.duty.c.due_at - sa.func.coalesce(_its_ahead, sa.literal_column("0")) > sa.bindparam("at"),
        schema.duty.c.kind == sa.bindparam("kind"),
    )
)
_plan_all = sa.text(
    "INSERT INTO duty (account_id, kind, due_at) "
    "SELECT id, CAST(:kind AS SMALLINT), CAST(:at AS BIGINT) FROM account WHERE true "
    "ON CONFLICT (account_id, kind) DO NOTHING"
)
# Driven by the index of those who pay fees: a million others are not looked at.
_payers = Prepared(
    sa.select(schema.subscriber.c.account_id)
    .where(
        schema.HAS_FEES,
        schema.subscriber.c.account_id > sa.bindparam("after"),
        ~sa.exists().where(
            schema.duty.c.account_id == schema.subscriber.c.account_id,
            schema.duty.c.kind == sa.literal_column(str(DutyKind.FEES.value)),
        ),
    )
    .distinct()
    .order_by(schema.subscriber.c.account_id)
    .limit(sa.bindparam("limit"))
)
_cards_with_fees = Prepared(
    sa.select(schema.subscriber)
    .where(
        schema.HAS_FEES,
        schema.subscriber.c.account_id >= sa.bindparam("first"),
        schema.subscriber.c.account_id <= sa.bindparam("last"),
    )
    .order_by(schema.subscriber.c.account_id, schema.subscriber.c.imsi)
)
_account_duties = Prepared(_in_order.where(schema.duty.c.account_id == sa.bindparam("account")))

_FOREVER = datetime.max.replace(tzinfo=UTC)


def put(connection: Connection, account: AccountId, kind: DutyKind, due_at: datetime | None) -> None:
    """None: there is nothing to expect."""
    values = {"account_id": account, "kind": kind.value}
    if due_at is None:
        _forget_duty.run(connection, values)
    else:
        _put_duty.run(connection, {**values, "due_at": to_micros(due_at)})


def put_many(connection: Connection, kind: DutyKind, moments: Sequence[tuple[AccountId, datetime]]) -> None:
    """One call of the driver: a million accounts get their first fee at the first start."""
    _put_duty.run_many(
        connection,
        [{"account_id": account, "kind": kind.value, "due_at": to_micros(due_at)} for account, due_at in moments],
    )


def plan(connection: Connection, account: AccountId, kind: DutyKind, due_at: datetime) -> None:
    """Unless there is one of that kind."""
    _plan_duty.run(connection, {"account_id": account, "kind": kind.value, "due_at": to_micros(due_at)})


def next_duty(connection: Connection) -> AccountDuty | None:
    return next(iter(due(connection, _FOREVER, 1)), None)


def due(connection: Connection, until: datetime, limit: int) -> list[AccountDuty]:
    """By the carrier's clock."""
    at = to_micros(until)
    ordinary = [rows.duty_from(row) for row in _duties_due.run(connection, {"until": at, "limit": limit})]
    own = [_own_duty(row) for row in _own_due.run(connection, {"until": at})]
    return sorted((*ordinary, *own), key=_order)[:limit]


def _own_duty(row: Row[Any]) -> AccountDuty:
    return replace(rows.duty_from(row), ahead=rows.ahead_from(row)[1])


def _order(duty: AccountDuty) -> tuple[datetime, int, AccountId]:
    return duty.comes_at, duty.kind.value, duty.account


def own_clocks(connection: Connection) -> dict[AccountId, timedelta]:
    return dict(rows.ahead_from(row) for row in _own_clocks.run(connection))


def put_ahead(connection: Connection, account: AccountId, ahead: timedelta) -> None:
    _put_clock.run(connection, {"account_id": account, "ahead": span_to_micros(ahead)})


def forget_later(connection: Connection, kind: DutyKind, at: datetime) -> None:
    """All of that kind that fall due behind `at`, by the carrier's clock."""
    _forget_later.run(connection, {"at": to_micros(at), "kind": kind.value})


def plan_all(connection: Connection, kind: DutyKind, at: datetime) -> None:
    """Whoever has none of that kind has one then."""
    connection.execute(_plan_all, {"kind": kind.value, "at": to_micros(at)})


def cards_without_fees_planned(connection: Connection, after: AccountId | None, limit: int) -> list[Subscriber]:
    """Cards with a plan or services whose account has no duty of fees: of the first `limit` accounts behind `after`."""
    accounts = list(_payers.run(connection, {"after": after or "", "limit": limit}).scalars())
    if not accounts:
        return []
    wanted = set(accounts)
    found = _cards_with_fees.run(connection, {"first": accounts[0], "last": accounts[-1]})
    return [rows.subscriber_from(row) for row in found if row.account_id in wanted]


def of_account(connection: Connection, account: AccountId) -> list[AccountDuty]:
    return [rows.duty_from(row) for row in _account_duties.run(connection, {"account": account})]
