"""PostgreSQL only: a server, or the way to it, that goes away in the middle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from pathlib import Path

import pytest
import sqlalchemy as sa

from nfemu.carrier.ports import AppendEntry
from nfemu.model.errors import Unavailable
from nfemu.store import SqlStore
from tests.store.direct import connected
from tests.store.people import ZHANG, entry, people

pytestmark = pytest.mark.lab
PAID = [AppendEntry(entry(5900, "t-1"))]


_COMMIT = b"COMMIT\0"  # not the `READ COMMITTED` of a BEGIN


class Cut(Enum):
    """Where the way to the server is cut when the next COMMIT passes."""

    NOWHERE = auto()
    BEFORE_COMMIT = auto()
    BEFORE_ANSWER = auto()


class Cutter:
    """A way to the server's Unix socket that can be cut once."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._served: set[asyncio.Task[None]] = set()
        self._closed = False
        self.cut = Cut.NOWHERE
        self.closed_after = False
        """Whether nobody gets through after the cut."""

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed and self.closed_after:
            writer.close()
        else:
            self._served.add(asyncio.create_task(self._pass(reader, writer)))

    async def finished(self) -> None:
        await asyncio.gather(*self._served)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        answers = asyncio.create_task(self._pass_answers(from_server, writer))
        while data := await reader.read(65536):
            if self.cut is not Cut.NOWHERE and _COMMIT in data:
                answers.cancel()
                await asyncio.wait([answers])
                await self._cut(data, from_server, to_server)
                break
            to_server.write(data)
        for end in (to_server, writer):
            end.close()
            await end.wait_closed()
        await asyncio.gather(answers, return_exceptions=True)

    async def _cut(self, data: bytes, from_server: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        where, self.cut, self._closed = self.cut, Cut.NOWHERE, True
        if where is Cut.BEFORE_ANSWER:
            to_server.write(data)
            await from_server.read(65536)

    async def _pass_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)


@asynccontextmanager
async def cut_way(postgres_url: str, tmp_path: Path) -> AsyncIterator[tuple[Cutter, str]]:
    """A Cutter before the server of `postgres_url` (on a Unix socket), and the URL that leads through it."""
    url = sa.make_url(postgres_url)
    name = f".s.PGSQL.{url.port or 5432}"
    cutter = Cutter(str(Path(str(url.query["host"])) / name))
    async with await asyncio.start_unix_server(cutter.serve, tmp_path / name):
        yield cutter, url.update_query_dict({"host": str(tmp_path)}).render_as_string(hide_password=False)
        await cutter.finished()


async def test_a_commit_that_never_arrived_is_unavailable(postgres_url: str, tmp_path: Path) -> None:
    async with cut_way(postgres_url, tmp_path) as (cutter, url):
        store = SqlStore(url)
        await store.open()
        await store.commit(people())
        cutter.cut = Cut.BEFORE_COMMIT
        with pytest.raises(Unavailable, match="nothing was written"):
            await store.commit(PAID)
        assert await store.ledger(ZHANG) == []
        await store.commit(PAID)
        assert await store.ledger(ZHANG) == [entry(5900, "t-1")]
        await store.close()


async def test_a_commit_whose_answer_was_lost_counts(postgres_url: str, tmp_path: Path) -> None:
    async with cut_way(postgres_url, tmp_path) as (cutter, url):
        store = SqlStore(url)
        await store.open()
        await store.commit(people())
        cutter.cut = Cut.BEFORE_ANSWER
        await store.commit(PAID)
        assert cutter.cut is Cut.NOWHERE
        assert await store.ledger(ZHANG) == [entry(5900, "t-1")]
        await store.close()


async def test_a_commit_whose_fate_cannot_be_asked_says_so(postgres_url: str, tmp_path: Path) -> None:
    async with cut_way(postgres_url, tmp_path) as (cutter, url):
        store = SqlStore(url)
        await store.open()
        await store.commit(people())
        cutter.cut, cutter.closed_after = Cut.BEFORE_ANSWER, True
        with pytest.raises(Unavailable, match="look whether it is there before you repeat it"):
            await store.commit(PAID)
        cutter.closed_after = False
        assert await store.ledger(ZHANG) == [entry(5900, "t-1")]
        await store.close()


def end_who_waits_for_ledger(connection: sa.Connection) -> None:
    ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'ledger'::regclass"
    while not connection.exec_driver_sql(ended).all():
        pass


async def test_a_connection_that_the_server_ends_books_nothing(postgres_url: str) -> None:
    store = SqlStore(postgres_url)
    await store.open()
    await store.commit(people())
    with connected(postgres_url) as holder, connected(postgres_url) as other:
        holder.exec_driver_sql("BEGIN")
        holder.exec_driver_sql("LOCK TABLE ledger IN EXCLUSIVE MODE")
        waiting = asyncio.create_task(store.commit(PAID))
        await asyncio.to_thread(end_who_waits_for_ledger, other)
        with pytest.raises(Unavailable, match="nothing was written"):
            await waiting
        holder.exec_driver_sql("ROLLBACK")
    assert await store.entry("t-1") is None
    await store.commit(PAID)
    assert await store.ledger(ZHANG) == [entry(5900, "t-1")]
    await store.close()
