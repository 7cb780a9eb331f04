"""Single values beside the rows: where the test clock stands, what was loaded, and the numbers of host names."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.store import schema
from nfemu.store.columns import TimeWithoutZone

_CLOCK = "clock"
_SEED = "seed"

_value = sa.select(schema.setting.c.value).where(schema.setting.c.key == sa.bindparam("b_key"))
_update_value = sa.update(schema.setting).where(schema.setting.c.key == sa.bindparam("b_key"))
_insert_value = sa.insert(schema.setting)
_number = sa.select(schema.host_name.c.number).where(schema.host_name.c.name == sa.bindparam("name"))
_highest = sa.select(sa.func.coalesce(sa.func.max(schema.host_name.c.number), 0))
_insert_name = sa.insert(schema.host_name)


def clock(connection: Connection) -> datetime | None:
    text = _get(connection, _CLOCK)
    return None if text is None else datetime.fromisoformat(text)


def set_clock(connection: Connection, now: datetime) -> None:
    """Raises TimeWithoutZone, an InvalidInput."""
    if now.tzinfo is None:
        raise TimeWithoutZone(now)
    _put(connection, _CLOCK, now.isoformat())


def seed_fingerprint(connection: Connection) -> str | None:
    return _get(connection, _SEED)


def set_seed_fingerprint(connection: Connection, fingerprint: str) -> None:
    _put(connection, _SEED, fingerprint)


def name_number(connection: Connection, name: str) -> int | None:
    number: int | None = connection.execute(_number, {"name": name}).scalar_one_or_none()
    return number


def give_name_number(connection: Connection, name: str) -> int:
    """The name's number; the next free one when it has none."""
    number = name_number(connection, name)
    if number is None:
        number = int(connection.execute(_highest).scalar_one()) + 1
        connection.execute(_insert_name, {"number": number, "name": name})
    return number


def _get(connection: Connection, key: str) -> str | None:
    text: str | None = connection.execute(_value, {"b_key": key}).scalar_one_or_none()
    return text


def _put(connection: Connection, key: str, value: str) -> None:
    if connection.execute(_update_value, {"b_key": key, "value": value}).rowcount == 0:
        connection.execute(_insert_value, {"key": key, "value": value})
