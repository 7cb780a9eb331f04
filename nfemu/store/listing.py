"""Pages of what there is and how many there are, for those who count from the front (TMF630: offset and limit)."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.identity import AccountId
from nfemu.model.listing import AccountsWanted, CardsWanted, PaymentsWanted
from nfemu.model.orders import Payment
from nfemu.model.subscriber import OrderedProfile, Subscriber
from nfemu.store import rows, schema

_OPEN = OrderedProfile.OPEN.value


def accounts(connection: Connection, wanted: AccountsWanted, offset: int, limit: int) -> tuple[list[AccountId], int]:
    """By name."""
    its_own = schema.subscriber.c.account_id == schema.account.c.id
    restricted = sa.exists().where(its_own, schema.subscriber.c.ordered != _OPEN)
    found, total = _page(
        connection,
        sa.select(schema.account.c.id),
        _conditions(
            (schema.account.c.id == wanted.account, wanted.account),
            (sa.not_(restricted) if wanted.is_open else restricted, wanted.is_open),
        ),
        (schema.account.c.id, offset, limit),
    )
    return [AccountId(row.id) for row in found], total


def cards(connection: Connection, wanted: CardsWanted, offset: int, limit: int) -> tuple[list[Subscriber], int]:
    """By number."""
    ordered = schema.subscriber.c.ordered
    found, total = _page(
        connection,
        sa.select(schema.subscriber),
        _conditions(
            (schema.subscriber.c.account_id == wanted.account, wanted.account),
            (ordered == _OPEN if wanted.is_open else ordered != _OPEN, wanted.is_open),
        ),
        (schema.subscriber.c.msisdn, offset, limit),
    )
    return [rows.subscriber_from(row) for row in found], total


def payments(connection: Connection, wanted: PaymentsWanted, offset: int, limit: int) -> tuple[list[Payment], int]:
    """Newest first."""
    state = None if wanted.state is None else wanted.state.value
    imsi = None if wanted.imsi is None else wanted.imsi.digits
    found, total = _page(
        connection,
        sa.select(schema.payment),
        _conditions(
            (schema.payment.c.state == state, state),
            (schema.payment.c.account_id == wanted.account, wanted.account),
            (schema.payment.c.imsi == imsi, imsi),
        ),
        (schema.payment.c.serial.desc(), offset, limit),
    )
    return [rows.payment_from(row) for row in found], total


def _conditions(*wanted: tuple[sa.ColumnElement[bool], object]) -> list[sa.ColumnElement[bool]]:
    """Those about something that was asked for."""
    return [condition for condition, asked in wanted if asked is not None]


def _page(
    connection: Connection,
    selected: sa.Select[Any],
    conditions: Iterable[sa.ColumnElement[bool]],
    cut: tuple[sa.ColumnElement[Any], int, int],
) -> tuple[Sequence[sa.Row[Any]], int]:
    """`cut`: the order, how many are left out at the front, how many come at the most. Nobody waits for the way of a
    payment here, so SQLAlchemy executes it itself."""
    order, offset, limit = cut
    chosen = selected.where(*conditions)
    total = connection.execute(sa.select(sa.func.count()).select_from(chosen.subquery())).scalar_one()
    return connection.execute(chosen.order_by(order).offset(offset).limit(limit)).all(), total
