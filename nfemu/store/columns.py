"""Column types that mean the same on every database."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DontWrapMixin

from nfemu.model.errors import InvalidInput

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that the database gives, rising. SQLite numbers rows only in a column of exactly the type INTEGER."""


class TimeWithoutZone(InvalidInput, DontWrapMixin):
    """Which instant it means would depend on the machine. Leaves SQLAlchemy as what it is, unwrapped."""

    def __init__(self, time: datetime) -> None:
        super().__init__(f"time `{time.isoformat()}` has no time zone; give an aware one, for example in UTC")


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware datetime, kept in UTC with microseconds."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Raises TimeWithoutZone, an InvalidInput."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TimeWithoutZone(value)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """SQLite gives back a bare UTC time, PostgreSQL one in the connection's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
