"""Everything that a store holds, as rows: read in one snapshot, written in one transaction, alike on every database."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.store.schema import metadata

ROWS = 1_000
"""In one part at the most."""

Value = str | int | float | None
"""Columns hold nothing else (`prepared`)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table, each with the values of `columns` in their order."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Value]]


def read(connection: Connection) -> Iterator[Part]:
    """Every row, parents before children, in the order of the keys: what is the same reads the same."""
    for table in metadata.sorted_tables:
        columns = tuple(column.name for column in table.columns)
        found = connection.execute(sa.select(table).order_by(*table.primary_key.columns))
        for rows in found.partitions(ROWS):
            yield Part(table.name, columns, [list(row) for row in rows])


def fill(connection: Connection, parts: Iterable[Part]) -> None:
    """Add the rows to an empty store. Numbers that the database gives go on behind theirs."""
    for part in parts:
        table = sa.table(part.table, *(sa.column(name) for name in part.columns))
        insert = str(sa.insert(table).compile(dialect=connection.dialect, column_keys=list(part.columns)))
        connection.exec_driver_sql(insert, [tuple(row) for row in part.rows])
    if connection.dialect.name == "postgresql":
        _go_on_counting(connection)


def _go_on_counting(connection: Connection) -> None:
    """SQLite's next number is the highest plus one; a sequence must be told."""
    for table in metadata.sorted_tables:
        numbered = table.autoincrement_column
        if numbered is not None:
            highest = sa.select(sa.func.max(numbered)).scalar_subquery()
            sequence = sa.func.pg_get_serial_sequence(table.name, numbered.name)
            connection.execute(sa.select(sa.func.setval(sequence, sa.func.coalesce(highest, 0) + 1, sa.false())))
