"""Single values beside the rows: where the test clock stands, what was loaded, and the numbers of host names."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.store import schema
from nfemu.store.prepared import Prepared, insert, insert_or_update
from nfemu.store.times import from_micros, to_micros

_CLOCK = "clock"
_SEED = "seed"

_value = Prepared(sa.select(schema.setting.c.value).where(schema.setting.c.key == sa.bindparam("key")))
_put_value = insert_or_update(schema.setting, "key")
_forget_value = Prepared(sa.delete(schema.setting).where(schema.setting.c.key == sa.bindparam("key")))
_number = Prepared(sa.select(schema.host_name.c.number).where(schema.host_name.c.name == sa.bindparam("name")))
_highest_number = Prepared(sa.select(sa.func.max(schema.host_name.c.number)))
_insert_name = insert(schema.host_name)


def clock(connection: Connection) -> datetime | None:
    text = _get(connection, _CLOCK)
    return None if text is None else from_micros(int(text))


def set_clock(connection: Connection, now: datetime | None) -> None:
    """None: forget it. Raises InvalidInput for a time without a zone."""
    if now is None:
        _forget_value.run(connection, {"key": _CLOCK})
    else:
        _put(connection, _CLOCK, str(to_micros(now)))


def seed_fingerprint(connection: Connection) -> str | None:
    return _get(connection, _SEED)


def set_seed_fingerprint(connection: Connection, fingerprint: str) -> None:
    _put(connection, _SEED, fingerprint)


def name_number(connection: Connection, name: str) -> int | None:
    number: int | None = _number.run(connection, {"name": name}).scalar_one_or_none()
    return number


def give_name_number(connection: Connection, name: str) -> int:
    """The name's number; the next free one when it has none."""
    number = name_number(connection, name)
    if number is None:
        number = 1 + int(_highest_number.run(connection).scalar_one() or 0)
        _insert_name.run(connection, {"number": number, "name": name})
    return number


def _get(connection: Connection, key: str) -> str | None:
    text: str | None = _value.run(connection, {"key": key}).scalar_one_or_none()
    return text


def _put(connection: Connection, key: str, value: str) -> None:
    _put_value.run(connection, {"key": key, "value": value})
