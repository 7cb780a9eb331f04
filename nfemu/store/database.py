"""The two connections' worth of database behind the store: one writer, a few readers; all of it blocking.

Rules that hold here:

* A write is one transaction. It is durable when `write` returns: SQLite in WAL mode with `synchronous=FULL` syncs
  the log at every commit, which survives the loss of power as well as `kill -9`.
* SQLite's writer takes the write lock when it begins (`BEGIN IMMEDIATE`). A transaction that read first and asked
  for the lock later could be refused in the middle.
* PostgreSQL's writers exclude each other by an advisory lock, also those of two programs on one database.
* A read sees one snapshot, also over several statements.
* Whatever keeps the database from answering (disk full, I/O error, lock held by another program, server gone)
  leaves as `Unavailable`, with nothing written. A PostgreSQL server that went away over a COMMIT is asked
  afterwards what became of it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine, event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection

from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.runtime.keys import close_to_others

READERS = 2
"""Reads that may run at one time."""

_BECOME_WRITER = "SELECT pg_current_xact_id()::text FROM pg_advisory_xact_lock(x'6e66656d75'::bigint)"  # "nfemu"
_LOCK_WAIT = "5s"
_PATIENCE = {
    "connect_timeout": 5,  # seconds
    "tcp_user_timeout": 10_000,  # milliseconds that sent data may go unacknowledged
    "keepalives_idle": 10,  # seconds of silence until the server is probed
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""How long a server on the network may be silent before the connection counts as lost (libpq's parameters)."""

T = TypeVar("T")


def parse_url(text: str) -> URL:
    """Read `sqlite:///path/to/file` or `postgresql://user@host/database`. Raises InvalidInput."""
    try:
        url = sa.make_url(text)
    except exc.ArgumentError as error:
        raise InvalidInput(f"store `{text}` is not a database URL; write it like sqlite:///nfemu.sqlite") from error
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite+pysqlite")
        case "sqlite":
            raise InvalidInput(f"store `{text}` names no file; what is in memory would be lost, write a path")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise InvalidInput(f"store `{text}` is on `{other}`; use sqlite:///… or postgresql://…")


class Transactions(Protocol):
    """What the store asks of a database; see `Database`."""

    def create_file(self) -> None: ...

    def write(self, work: Callable[[Connection], T]) -> T: ...

    def read(self, work: Callable[[Connection], T]) -> T: ...

    def close(self) -> None: ...


class Database:
    """Engines of one URL. Implements `Transactions`. Constructing it touches nothing; every method blocks."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._sqlite = url.get_backend_name() == "sqlite"
        build = _sqlite_engine if self._sqlite else _postgresql_engine
        self._writer: Engine = build(url, readers=0)
        self._reader: Engine = build(url, readers=READERS)

    def create_file(self) -> None:
        """Make sure that an SQLite file is there and only its owner can read it. Raises Unavailable."""
        if not self._sqlite:
            return
        try:
            path = Path(str(self._url.database))
            path.touch(mode=0o600)
            close_to_others(path)
        except OSError as error:
            raise Unavailable(f"cannot create the store `{self._url.database}`: {error.strerror}") from error

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable on return. Raises Unavailable, and what `work` raises."""
        with refusals(self._url), self._writer.connect() as connection, connection.begin() as transaction:
            number = _begin_write(connection)
            result = work(connection)
            try:
                transaction.commit()
            except exc.DBAPIError as error:
                if not (number and error.connection_invalidated and self._was_committed(number)):
                    raise
        return result

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one snapshot. Raises Unavailable, and what `work` raises."""
        with refusals(self._url), self._reader.connect() as connection, connection.begin():
            return work(connection)

    def _was_committed(self, number: str) -> bool:
        """Whether a transaction whose COMMIT went unanswered took effect: only the server knows.

        Its lock is free once the server has ended it, one way or the other; until then there is no answer. Raises
        Unavailable, which alone cannot promise that nothing was written, when the server cannot be asked.
        """
        try:
            with self._writer.connect() as connection, connection.begin():
                _begin_write(connection)
                status = connection.exec_driver_sql("SELECT pg_xact_status(%s::xid8)", (number,)).scalar_one()
        except exc.DBAPIError as error:
            raise Unavailable(
                f"the store `{self._url.render_as_string()}` went away while it was committing, and cannot be asked "
                f"whether it did ({_cause(error)}); look whether it is there before you repeat it"
            ) from error
        return bool(status == "committed")

    def close(self) -> None:
        """Close every connection; SQLite then folds its log into the one file."""
        self._reader.dispose()
        self._writer.dispose()


@contextmanager
def refusals(url: URL) -> Iterator[None]:
    """Turn what the database cannot do now into Unavailable, and what it can never hold into InvalidInput."""
    try:
        yield
    except (exc.OperationalError, exc.InternalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise _unavailable(url, error) from error
    except exc.DataError as error:
        raise InvalidInput(f"a value cannot be stored: {_cause(error)}; correct that value") from error
    except exc.DatabaseError as error:
        # sqlite3 reports a damaged file with the bare class of which the errors of use are subclasses
        if type(error) is not exc.DatabaseError:
            raise
        raise _unavailable(url, error) from error


def _unavailable(url: URL, error: exc.SQLAlchemyError) -> Unavailable:
    return Unavailable(f"the store `{url.render_as_string()}` cannot do this now, nothing was written: {_cause(error)}")


def _cause(error: exc.SQLAlchemyError) -> str:
    return str(getattr(error, "orig", error)).strip().splitlines()[0]


def _begin_write(connection: Connection) -> str:
    """Become the one writer. On PostgreSQL, the number by which the server knows the transaction; else empty."""
    if connection.dialect.name == "sqlite":
        return ""
    return str(connection.exec_driver_sql(_BECOME_WRITER).scalar_one())


def _sqlite_engine(url: URL, readers: int) -> Engine:
    engine = sa.create_engine(url, pool_size=readers or 1, max_overflow=0)
    begin = "BEGIN" if readers else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin transactions by itself, and too late
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -2048"):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql_engine(url: URL, readers: int) -> Engine:
    # `format` gives positional parameters, as SQLite has; the ping finds a server that was restarted meanwhile
    isolation = "REPEATABLE READ" if readers else "READ COMMITTED"
    engine = sa.create_engine(
        url,
        pool_size=readers or 1,
        max_overflow=0,
        pool_pre_ping=True,
        paramstyle="format",
        isolation_level=isolation,
        connect_args=_PATIENCE,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = '{_LOCK_WAIT}'")
        cursor.close()
        connection.commit()

    return engine
