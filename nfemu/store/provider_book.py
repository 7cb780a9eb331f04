"""The payment provider's books: another company's, kept beside the carrier's for want of a second database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.model.provider import ProviderOrder, ProviderStage
from nfemu.store import schema
from nfemu.store.prepared import Prepared, insert_or_update
from nfemu.store.times import from_micros_or_none, to_micros_or_none

_table = schema.provider_order
_order = Prepared(sa.select(_table).where(_table.c.no == sa.bindparam("no")))
_to_notify = Prepared(sa.select(_table).where(schema.TO_NOTIFY).order_by(_table.c.notify_at, _table.c.no))
_put = insert_or_update(_table, "no")


def order(connection: Connection, no: PaymentNo) -> ProviderOrder | None:
    row = _order.run(connection, {"no": no}).one_or_none()
    return None if row is None else _from(row)


def to_notify(connection: Connection) -> list[ProviderOrder]:
    return [_from(row) for row in _to_notify.run(connection)]


def put(connection: Connection, order: ProviderOrder) -> None:
    """Raises InvalidInput for a time without a zone."""
    values = {
        "no": order.no,
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "stage": order.stage.value,
        "wrong_pins": order.wrong_pins,
        "paid_at": to_micros_or_none(order.paid_at),
        "attempts": order.attempts,
        "notify_at": to_micros_or_none(order.notify_at),
    }
    _put.run(connection, values)


def _from(row: Row[Any]) -> ProviderOrder:
    return ProviderOrder(
        no=PaymentNo(row.no),
        amount=Money(row.amount, row.currency),
        stage=ProviderStage(row.stage),
        wrong_pins=row.wrong_pins,
        paid_at=from_micros_or_none(row.paid_at),
        attempts=row.attempts,
        notify_at=from_micros_or_none(row.notify_at),
    )
