"""How an account paid, and the credit level that it has earned by that."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.credits import CreditRecord
from nfemu.model.identity import AccountId
from nfemu.model.orders import OrderKind
from nfemu.store import rows, schema
from nfemu.store.prepared import Prepared
from nfemu.store.times import from_micros_or_none, to_micros

_put_level = Prepared(
    sa.update(schema.account)
    .where(schema.account.c.id == sa.bindparam("b_id"))
    .values(scored_level=sa.bindparam("b_level"))
)
_its_entries = schema.ledger.c.account_id == sa.bindparam("account")
_first_of_the_year = (
    sa.select(sa.func.min(schema.ledger.c.serial))
    .where(_its_entries, schema.ledger.c.at > sa.bindparam("since"))
    .scalar_subquery()
)
_entries = Prepared(
    sa.select(schema.ledger)
    .where(_its_entries, schema.ledger.c.serial >= _first_of_the_year)
    .order_by(schema.ledger.c.serial)
)
_first_entry = Prepared(
    sa.select(schema.ledger.c.at).where(_its_entries).order_by(schema.ledger.c.serial).limit(sa.literal_column("1"))
)
_kind = schema.work_order.c.kind
_orders = Prepared(
    sa.select(schema.work_order)
    .join(schema.subscriber, schema.subscriber.c.imsi == schema.work_order.c.imsi)
    .where(
        schema.subscriber.c.account_id == sa.bindparam("account"),
        schema.DONE,
        sa.or_(*(_kind == sa.literal_column(f"'{kind.value}'") for kind in (OrderKind.STOP, OrderKind.RESUME))),
    )
    .order_by(schema.work_order.c.done_at, schema.work_order.c.serial)
)


def put_level(connection: Connection, account: AccountId, level: int) -> None:
    """It outranks the configuration's."""
    _put_level.run(connection, {"b_id": account, "b_level": level})


def record(connection: Connection, account: AccountId, since: datetime) -> CreditRecord:
    """Entries from the first one behind `since` on, and all orders: a stop may have begun long before."""
    key = {"account": account}
    entries = _entries.run(connection, {**key, "since": to_micros(since)})
    return CreditRecord(
        tuple(rows.entry_from(row) for row in entries),
        tuple(rows.order_from(row) for row in _orders.run(connection, key)),
        from_micros_or_none(_first_entry.run(connection, key).scalar_one_or_none()),
    )
