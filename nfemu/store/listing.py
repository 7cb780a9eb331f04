"""Pages of everything there is, for those who count from the front (TMF630: offset and limit)."""

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.identity import AccountId
from nfemu.model.orders import Payment
from nfemu.model.subscriber import Subscriber
from nfemu.store import rows, schema
from nfemu.store.prepared import Prepared

_LIMIT: sa.BindParameter[int] = sa.bindparam("limit")
_OFFSET: sa.BindParameter[int] = sa.bindparam("offset")
_accounts = Prepared(sa.select(schema.account.c.id).order_by(schema.account.c.id).limit(_LIMIT).offset(_OFFSET))
_count_accounts = Prepared(sa.select(sa.func.count()).select_from(schema.account))
_cards = Prepared(sa.select(schema.subscriber).order_by(schema.subscriber.c.msisdn).limit(_LIMIT).offset(_OFFSET))
_payments = Prepared(sa.select(schema.payment).order_by(schema.payment.c.serial.desc()).limit(_LIMIT).offset(_OFFSET))
_count_payments = Prepared(sa.select(sa.func.count()).select_from(schema.payment))


def accounts(connection: Connection, offset: int, limit: int) -> list[AccountId]:
    """By name."""
    return [AccountId(name) for name in _accounts.run(connection, {"offset": offset, "limit": limit}).scalars()]


def count_accounts(connection: Connection) -> int:
    return int(_count_accounts.run(connection).scalar_one())


def cards(connection: Connection, offset: int, limit: int) -> list[Subscriber]:
    """By number."""
    return [rows.subscriber_from(row) for row in _cards.run(connection, {"offset": offset, "limit": limit})]


def payments(connection: Connection, offset: int, limit: int) -> list[Payment]:
    """Newest first."""
    return [rows.payment_from(row) for row in _payments.run(connection, {"offset": offset, "limit": limit})]


def count_payments(connection: Connection) -> int:
    return int(_count_payments.run(connection).scalar_one())
