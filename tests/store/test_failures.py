"""A database that cannot: `Unavailable`, nothing written, and the next try works when it can again."""

import asyncio
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from nfemu.carrier.ports import AppendEntry, Change, PutPayment
from nfemu.model.errors import Conflict, InvalidInput, Unavailable
from nfemu.model.identity import PaymentNo
from nfemu.store import SqlStore
from tests.store.direct import connected
from tests.store.people import PHONE, ZHANG, entry, payment, people

LONG = "x" * 100_000


class PageLimit:
    """SQLite's own limit on the size of a database, put on the store's connections: beyond it, SQLITE_FULL."""

    def __init__(self) -> None:
        self._connections: list[sqlite3.Connection] = []

    def connected(self, connection: sqlite3.Connection, _record: object) -> None:
        self._connections.append(connection)

    def set(self, more_pages: int) -> None:
        """Leave room for so many pages more."""
        for connection in self._connections:
            (used,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {used + more_pages}")


@pytest.fixture
def page_limit() -> Iterator[PageLimit]:
    limit = PageLimit()
    event.listen(Engine, "connect", limit.connected)
    yield limit
    event.remove(Engine, "connect", limit.connected)


async def open_with_people(url: str) -> SqlStore:
    store = SqlStore(url)
    await store.open()
    await store.commit(people())
    return store


async def test_a_full_disk_books_nothing_and_the_retry_books_once(sqlite_url: str, page_limit: PageLimit) -> None:
    store = await open_with_people(sqlite_url)
    page_limit.set(more_pages=0)
    settle: list[Change] = [PutPayment(payment("pay-1"))]
    settle += [AppendEntry(entry(5900, f"t-{number}-{LONG}")) for number in range(3)]
    for _ in range(2):
        with pytest.raises(Unavailable, match="nothing was written: database or disk is full"):
            await store.commit(settle)
    assert await store.ledger(ZHANG) == []
    assert await store.payment(PaymentNo("pay-1")) is None
    view = await store.account(ZHANG)
    assert view is not None
    assert (view.balance.minor, view.shares) == (0, {})
    page_limit.set(more_pages=1000)
    await store.commit(settle)
    with pytest.raises(Conflict):
        await store.commit(settle)
    view = await store.account(ZHANG)
    assert view is not None
    assert view.balance.minor == 3 * 5900
    await store.close()


async def test_a_lock_held_by_another_program_books_nothing(sqlite_url: str) -> None:
    store = await open_with_people(sqlite_url + "?timeout=0.05")
    with connected(sqlite_url) as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="database is locked"):
            await store.commit([AppendEntry(entry(5900, "t-1"))])
        assert await store.entry("t-1") is None
        other.exec_driver_sql("ROLLBACK")
    await store.commit([AppendEntry(entry(5900, "t-1"))])
    assert await store.ledger(ZHANG) == [entry(5900, "t-1")]
    await store.close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 1000)
    with pytest.raises(Unavailable, match="file is not a database"):
        await SqlStore(f"sqlite:///{path}").open()
    assert path.read_text().startswith("dear diary")


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "nfemu.sqlite"
    with pytest.raises(Unavailable, match=f"cannot create the store `{path}`: No such file or directory"):
        await SqlStore(f"sqlite:///{path}").open()


async def test_a_closed_store_is_unavailable_and_closing_twice_is_harmless(sqlite_url: str) -> None:
    store = await open_with_people(sqlite_url)
    await store.close()
    await store.close()
    with pytest.raises(Unavailable, match="not open"):
        await store.commit([AppendEntry(entry(5900))])
    with pytest.raises(Unavailable, match="not open"):
        await store.subscriber(PHONE.msisdn)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_the_file_is_its_owners_alone_and_one_file_when_closed(sqlite_url: str, tmp_path: Path) -> None:
    store = await open_with_people(sqlite_url)
    assert set(modes(tmp_path)) == {"nfemu.sqlite", "nfemu.sqlite-wal", "nfemu.sqlite-shm"}
    assert set(modes(tmp_path).values()) == {0o600}
    await store.close()
    assert modes(tmp_path) == {"nfemu.sqlite": 0o600}


async def test_reads_and_writes_leave_the_event_loop_free(sqlite_url: str) -> None:
    store = await open_with_people(sqlite_url + "?timeout=30")
    with connected(sqlite_url) as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store.commit([AppendEntry(entry(5900, "t-1"))]))
        assert await store.ledger(ZHANG) == []
        assert not waiting.done()
        other.exec_driver_sql("ROLLBACK")
    await waiting
    assert await store.ledger(ZHANG) == [entry(5900, "t-1")]
    await store.close()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("nfemu.sqlite", "`nfemu.sqlite` is not a database URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://localhost/nfemu", "is on `mysql`; use sqlite"),
    ],
)
def test_urls_that_are_no_durable_store(url: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        SqlStore(url)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="cannot do this now"):
        await SqlStore("postgresql://nobody:secret@127.0.0.1:1/nfemu").open()


async def test_a_password_is_not_in_the_error() -> None:
    with pytest.raises(Unavailable) as caught:
        await SqlStore("postgresql://nobody:secret@127.0.0.1:1/nfemu").open()
    assert "secret" not in str(caught.value)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def enlarge(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)


async def book_until_refused(store: SqlStore) -> tuple[int, str]:
    """How many entries were acknowledged, and why the next one was not."""
    for number in range(1_000):
        try:
            await store.commit([AppendEntry(entry(1, f"t-{number}-{LONG[:5000]}"))])
        except Unavailable as error:
            return number, str(error)
    pytest.fail("the disk never filled up")


@pytest.mark.lab
async def test_a_really_full_disk_books_nothing(small_disk: Path) -> None:
    store = await open_with_people(f"sqlite:///{small_disk / 'nfemu.sqlite'}")
    booked, reason = await book_until_refused(store)
    assert "disk is full" in reason or "disk I/O error" in reason
    assert len(await store.ledger(ZHANG, limit=1_000)) == booked > 0
    view = await store.account(ZHANG)
    assert view is not None
    assert view.balance.minor == booked
    enlarge(small_disk)
    await store.commit([AppendEntry(entry(1, f"t-{booked}-{LONG[:5000]}"))])
    assert len(await store.ledger(ZHANG, limit=1_000)) == booked + 1
    await store.close()
