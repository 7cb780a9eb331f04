"""Statements that are written in SQLAlchemy once, compiled once per database, and then run by the driver.

SQLAlchemy's own execution costs about four times the statement itself on SQLite, and a payment's way through the
carrier is twenty-odd statements long. It can be left out because columns hold nothing but texts, integers and
floats: no value needs a conversion on the way in or out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, CursorResult
from sqlalchemy.engine import Dialect

_NOTHING: Mapping[str, Any] = {}


class Prepared:
    """A statement with named parameters. `suffix` is SQL that both databases know and SQLAlchemy has no word for."""

    def __init__(self, statement: sa.ClauseElement, suffix: str = "") -> None:
        self.statement = statement
        self._suffix = suffix
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, parameters: Mapping[str, Any] = _NOTHING) -> CursorResult[Any]:
        """Raises what SQLAlchemy raises; KeyError for a parameter that is missing."""
        it = self._for(connection)
        return connection.exec_driver_sql(it.sql, it.values(parameters))

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each; nothing where there is none."""
        if rows:
            it = self._for(connection)
            connection.exec_driver_sql(it.sql, [it.values(row) for row in rows])

    def _for(self, connection: Connection) -> "_Compiled":
        return self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)

    def _compile(self, dialect: Dialect) -> "_Compiled":
        compiled = dialect.statement_compiler(dialect, self.statement)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        made = _Compiled(compiled.string + self._suffix, tuple(compiled.positiontup or ()), constants)
        self._compiled[dialect.name] = made
        return made


class _Compiled(NamedTuple):
    """What one database's driver takes: SQL, the parameters in their order, and those that SQLAlchemy put in."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def values(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        given = {**self.constants, **parameters} if self.constants else parameters
        return tuple([given[name] for name in self.names])


def written_columns(table: sa.Table) -> tuple[str, ...]:
    """The columns of a new row that the database does not fill by itself."""
    numbered = table.autoincrement_column
    return tuple(each.name for each in table.columns if each.server_default is None and each is not numbered)


def insert(table: sa.Table) -> Prepared:
    """A new row; parameters are called like the columns."""
    return Prepared(_insert(table))


def insert_or_update(table: sa.Table, *key: str, setting: Mapping[str, str] = _NOTHING, where: str = "") -> Prepared:
    """A new row, or new values in the row with this key.

    `setting` gives other values than those of the row that was to be new (`excluded`); with `where`, a row that does
    not meet it stays as it is, and the statement's row count is 0.
    """
    values = setting or {name: f"excluded.{name}" for name in written_columns(table) if name not in key}
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    condition = f" WHERE {where}" if where else ""
    return Prepared(_insert(table), f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}{condition}")


def insert_or_ignore(table: sa.Table, *key: str) -> Prepared:
    """A new row, unless there is one with this key."""
    return Prepared(_insert(table), f" ON CONFLICT ({', '.join(key)}) DO NOTHING")


def _insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table).values({name: sa.bindparam(name) for name in written_columns(table)}).inline()
