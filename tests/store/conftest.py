"""Stores for tests: SQLite in a file of the test's own, PostgreSQL (`lab`) in a schema of the test's own."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from nfemu.store import SqlStore

POSTGRES = "NFEMU_TEST_POSTGRES"
"""Environment variable: URL of a database in which the tests may create and drop schemas."""


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'nfemu.sqlite'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    base = os.environ.get(POSTGRES)
    if not base:
        pytest.skip(f"{POSTGRES} names no PostgreSQL database")
    url = sa.make_url(base).set(drivername="postgresql+psycopg")
    schema = f"test_{uuid4().hex}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    options = f"{url.query.get('options', '')} -csearch_path={schema}".strip()
    yield url.update_query_dict({"options": options}).render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.lab)])
def url(request: pytest.FixtureRequest) -> str:
    """Every kind of database in turn."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
async def sql_store(url: str) -> AsyncIterator[SqlStore]:
    """Open and empty, on every kind of database in turn."""
    store = SqlStore(url)
    await store.open()
    yield store
    await store.close()
