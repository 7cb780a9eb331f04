"""Column types that mean the same on every database."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from nfemu.model.errors import InvalidInput

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that the database gives, rising. SQLite numbers rows only in a column of exactly the type INTEGER."""


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware datetime, kept in UTC with microseconds."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Raises InvalidInput for a time without a zone: which instant it means would depend on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise InvalidInput(f"time `{value.isoformat()}` has no time zone; give an aware one, for example in UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """SQLite gives back a bare UTC time, PostgreSQL one in the connection's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
