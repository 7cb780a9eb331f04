"""From nothing to the newest schema, once; and the schema that the migrations build is the one in the code."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import nfemu.store
from nfemu.carrier.ports import AppendEntry, PutOrder
from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import OrderId
from nfemu.model.orders import OrderState
from nfemu.store import SqlStore, schema
from nfemu.store.migrate import upgrade
from tests.store.direct import connected
from tests.store.people import ZHANG, entry, people

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SCRIPTS = Path(nfemu.store.__file__).parent / "migrations"


async def test_an_open_store_has_the_newest_schema(url: str, sql_store: SqlStore) -> None:
    with connected(url) as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == schema.HEAD


def test_the_code_names_the_newest_migration() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [schema.HEAD]


async def test_migrations_build_what_the_code_describes(url: str, sql_store: SqlStore) -> None:
    with connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


_BLANK = str.maketrans(',\t"', "   ")
"""What stands between words; names are quoted where a table was renamed."""


def statements(connection: sa.Connection) -> dict[str, str]:
    """Every definition of an SQLite database by name, in one spelling; alembic's comparison leaves out CHECKs."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
        " AND name NOT IN ('alembic_version', 'sqlite_sequence')"
    )
    return {name: " ".join(sorted(sql.translate(_BLANK).split())) for name, sql in rows}


async def test_migrations_build_the_same_checks(sqlite_url: str, tmp_path: Path) -> None:
    store = SqlStore(sqlite_url)
    await store.open()
    await store.close()
    described = f"sqlite:///{tmp_path / 'described.sqlite'}"
    with connected(described) as by_code, connected(sqlite_url) as by_migrations:
        schema.metadata.create_all(by_code)
        assert statements(by_migrations) == statements(by_code)


async def test_orders_of_an_earlier_program_are_kept(url: str, sql_store: SqlStore) -> None:
    """Of before the queues: the table is built anew, and its numbers go on where they were."""
    await sql_store.close()
    with connected(url) as connection:
        schema.metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    with connected(url) as connection:
        upgrade(connection, "0007")
        connection.exec_driver_sql("INSERT INTO account VALUES ('zhang', 'personal', 'CNY', 0, 5, 0)")
        connection.exec_driver_sql(
            "INSERT INTO subscriber (imsi, msisdn, account_id, role, language) "
            "VALUES ('460001', '8613800138000', 'zhang', 'main', 'zh')"
        )
        for number, state, done_at in ((1, "done", "7000000"), (2, "created", "NULL")):
            connection.exec_driver_sql(
                "INSERT INTO work_order (id, imsi, kind, target, cause, correlation, created_at, state, done_at) "
                f"VALUES ('ord-{number}', '460001', 'stop', 'arrears', 'ledger', 'cor', 5000000, '{state}', {done_at})"
            )
    await sql_store.open()
    waiting, done = await sql_store.orders_moved_since(EPOCH)
    assert (waiting.id, waiting.state, waiting.attempts) == ("ord-2", OrderState.CREATED, 0)
    assert (done.id, done.done_at) == ("ord-1", EPOCH + timedelta(seconds=7))
    assert await sql_store.unfinished_orders() == [waiting]
    await sql_store.commit(
        [PutOrder(replace(waiting, state=OrderState.DEAD)), PutOrder(replace(waiting, id=OrderId("ord-3")))]
    )
    assert [order.id for order in await sql_store.unfinished_orders()] == ["ord-2", "ord-3"]


async def test_opening_again_changes_nothing(url: str, sql_store: SqlStore) -> None:
    await sql_store.commit([*people(), AppendEntry(entry(3000, "t-1"))])
    await sql_store.close()
    for _ in range(2):
        await sql_store.open()
        assert await sql_store.ledger(ZHANG) == [entry(3000, "t-1")]
        await sql_store.close()


async def test_a_store_of_a_newer_program_is_refused_and_left_alone(url: str, sql_store: SqlStore) -> None:
    await sql_store.commit(people())
    with connected(url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    again = SqlStore(url)
    with pytest.raises(Conflict, match=f"schema is `9999`, this program knows up to `{schema.HEAD}`"):
        await again.open()
    with connected(url) as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "9999"
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM subscriber").scalar_one() == 3


async def test_a_migration_that_breaks_off_leaves_nothing(sqlite_url: str) -> None:
    with connected(sqlite_url) as connection:
        connection.exec_driver_sql("CREATE TABLE notice (mine TEXT)")
    store = SqlStore(sqlite_url)
    with pytest.raises(Unavailable, match="already exists"):
        await store.open()
    with connected(sqlite_url) as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    assert tables == ["notice"]


REOPEN = """
import asyncio, sys
from nfemu.store import SqlStore

async def main():
    store = SqlStore(sys.argv[1])
    await store.open()
    await store.close()

asyncio.run(main())
print("alembic" in sys.modules)
"""


def test_the_migration_machinery_is_loaded_only_when_it_is_needed(sqlite_url: str) -> None:
    command = [sys.executable, "-c", REOPEN, sqlite_url]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert runs == ["True\n", "False\n"]
