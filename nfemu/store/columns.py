"""Columns, rules and indices that several tables have alike."""

from enum import Enum
from typing import Any

import sqlalchemy as sa

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that the database gives, rising. SQLite numbers rows only in a column of exactly the type INTEGER."""
MOMENT = sa.BigInteger()
"""Microseconds since 1970-01-01 UTC (`times`)."""


def one_of(column: str, words: type[Enum]) -> sa.CheckConstraint:
    return sa.CheckConstraint(" OR ".join(f"{column} = '{word.value}'" for word in words), name=column)


def partial(name: str, *columns: sa.Column[Any], where: sa.TextClause) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)
