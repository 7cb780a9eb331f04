"""A store for a run whose content nobody keeps, such as a simulated month: the same tables, statements and refusals.

What a commit costs beside its statements is for what must outlive the process: a sync of the disk, a turn of the
writer's thread. Here all is in memory and done in the caller's thread. What is refused still leaves nothing behind.
"""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, event, pool

from nfemu.model.errors import Unavailable
from nfemu.store.database import refusals
from nfemu.store.sql_store import SqlStore

T = TypeVar("T")


class ScratchStore(SqlStore):
    """An SqlStore without a file; gone with `close`."""

    def __init__(self) -> None:
        super().__init__(ScratchDatabase())

    async def _run(self, executor: Executor, work: Callable[[], T]) -> T:  # noqa: ARG002 - nothing waits for a thread
        self._refuse_superseded()
        return work()


class ScratchDatabase:
    """As `Database`, with one connection for reading and writing. For one thread, that which ends it aside."""

    def __init__(self) -> None:
        self._engine = sa.create_engine(
            "sqlite://", poolclass=pool.StaticPool, connect_args={"check_same_thread": False}
        )
        event.listen(self._engine, "connect", _connected)
        self._connection: Connection | None = None

    def create_file(self) -> None:
        """There is none; from here on there is something to write to."""
        self._connection = self._engine.connect()
        self._connection.begin()

    def write(self, work: Callable[[Connection], T]) -> T:
        """All of `work`, or nothing. Raises Unavailable, and what `work` raises."""
        connection = self._opened()
        with refusals(self._engine.url):
            connection.exec_driver_sql("SAVEPOINT change")
            try:
                result = work(connection)
            except BaseException:
                connection.exec_driver_sql("ROLLBACK TO change")
                raise
            finally:
                connection.exec_driver_sql("RELEASE change")
        return result

    def read(self, work: Callable[[Connection], T]) -> T:
        """Raises Unavailable, and what `work` raises."""
        with refusals(self._engine.url):
            return work(self._opened())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()

    def _opened(self) -> Connection:
        if self._connection is None:
            raise Unavailable("the store is not open")
        return self._connection


def _connected(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin transactions by itself
    connection.execute("PRAGMA foreign_keys = ON")
