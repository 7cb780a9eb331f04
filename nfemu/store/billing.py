"""What accounts may owe for a while, and what cards have used of their bundles."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.credits import CreditGrant
from nfemu.model.identity import AccountId, Imsi
from nfemu.model.plans import Measured
from nfemu.store import rows, schema
from nfemu.store.prepared import Prepared, insert, insert_or_update

_put_grant = insert_or_update(schema.credit_grant, "id")
_open = schema.credit_grant.c.account_id == sa.bindparam("account")
_open_grants = Prepared(
    sa.select(schema.credit_grant)
    .where(_open, schema.GRANTED)
    .order_by(schema.credit_grant.c.expires_at, schema.credit_grant.c.id)
)
_sum_grants = Prepared(
    sa.select(sa.func.coalesce(sa.func.sum(schema.credit_grant.c.amount), sa.literal_column("0"))).where(
        _open, schema.GRANTED
    )
)
_set_granted = Prepared(
    sa.update(schema.account)
    .where(schema.account.c.id == sa.bindparam("b_id"))
    .values(granted=sa.bindparam("b_granted"))
)
_put_consumption = insert_or_update(schema.consumption, "imsi", "month", "measured")
_consumption = Prepared(
    sa.select(schema.consumption).where(
        schema.consumption.c.imsi == sa.bindparam("imsi"),
        schema.consumption.c.month == sa.bindparam("month"),
        schema.consumption.c.measured == sa.bindparam("measured"),
    )
)
_insert_posted = insert(schema.posted_usage)
_posted = Prepared(sa.select(schema.posted_usage).where(schema.posted_usage.c.key == sa.bindparam("key")))


def put_grant(connection: Connection, grant: CreditGrant) -> None:
    """The grant, and the sum that is kept of the account's open ones."""
    _put_grant.run(connection, rows.grant_values(grant))
    granted = int(_sum_grants.run(connection, {"account": grant.account}).scalar_one())
    _set_granted.run(connection, {"b_id": grant.account, "b_granted": granted})


def open_grants(connection: Connection, account: AccountId) -> list[CreditGrant]:
    return [rows.grant_from(row) for row in _open_grants.run(connection, {"account": account})]


def put_consumption(connection: Connection, consumption: Consumption) -> None:
    _put_consumption.run(connection, rows.consumption_values(consumption))


def consumption(connection: Connection, imsi: Imsi, month: date, measured: Measured) -> Consumption | None:
    key = {"imsi": imsi.digits, "month": month.isoformat(), "measured": measured.value}
    row = _consumption.run(connection, key).one_or_none()
    return None if row is None else rows.consumption_from(row)


def put_posted(connection: Connection, posted: PostedUsage) -> None:
    """Raises IntegrityError where the key is taken."""
    _insert_posted.run(connection, rows.posted_values(posted))


def posted(connection: Connection, key: str) -> PostedUsage | None:
    row = _posted.run(connection, {"key": key}).one_or_none()
    return None if row is None else rows.posted_from(row)
