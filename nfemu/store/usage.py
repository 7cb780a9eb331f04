"""Octets by business day: added up as they are reported, and forgotten after a while."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.identity import Imsi, PolicyName
from nfemu.model.usage import Usage
from nfemu.store import schema
from nfemu.store.prepared import Prepared, insert_or_update

_add = insert_or_update(
    schema.usage,
    "day",
    "imsi",
    "policy",
    "destinations",
    setting={"up": "usage.up + excluded.up", "down": "usage.down + excluded.down"},
)
_of_line = Prepared(
    sa.select(schema.usage)
    .where(schema.usage.c.day == sa.bindparam("day"), schema.usage.c.imsi == sa.bindparam("imsi"))
    .order_by(schema.usage.c.policy, schema.usage.c.destinations)
)
_of_day = Prepared(sa.select(schema.usage).where(schema.usage.c.day == sa.bindparam("day")))
_forget = Prepared(sa.delete(schema.usage).where(schema.usage.c.day < sa.bindparam("day")))


def add(connection: Connection, day: date, usage: Iterable[Usage]) -> None:
    for each in usage:
        values = {"day": day.isoformat(), "imsi": each.imsi.digits, "policy": each.policy, "destinations": each.group}
        _add.run(connection, {**values, "up": each.up, "down": each.down})


def of_line(connection: Connection, imsi: Imsi, day: date) -> list[Usage]:
    """By policy and group."""
    rows = _of_line.run(connection, {"day": day.isoformat(), "imsi": imsi.digits})
    return [Usage(imsi, PolicyName(row.policy), row.destinations, row.up, row.down) for row in rows]


def of_day(connection: Connection, day: date) -> list[Usage]:
    rows = _of_day.run(connection, {"day": day.isoformat()})
    return [Usage(Imsi(row.imsi), PolicyName(row.policy), row.destinations, row.up, row.down) for row in rows]


def forget_before(connection: Connection, day: date) -> None:
    _forget.run(connection, {"day": day.isoformat()})
