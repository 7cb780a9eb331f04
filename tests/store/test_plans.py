"""No question of a running carrier makes SQLite read a whole table."""

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from nfemu.store import SqlStore, billing, duties, notices, reads, values, writes
from nfemu.store.prepared import Prepared
from tests.store.direct import connected

WHOLE_LISTINGS = {"_count", "_highest_number", "_own_clocks", "_relayed"}
"""Their cost is the table's by their nature (or that of a few steps: the first or last keys)."""


def statements() -> dict[str, Prepared]:
    """Every prepared question and change of the store."""
    modules = (billing, duties, notices, reads, values, writes)
    named = {name: value for module in modules for name, value in vars(module).items()}
    return {name: value for name, value in named.items() if isinstance(value, Prepared) and name not in WHOLE_LISTINGS}


async def test_every_statement_uses_an_index(sqlite_url: str) -> None:
    store = SqlStore(sqlite_url)
    await store.open()
    await store.close()
    checked = statements()
    assert len(checked) > 20
    with connected(sqlite_url) as connection:
        for name, statement in checked.items():
            compiled = statement.statement.compile(dialect=sqlite.dialect(paramstyle="named"))
            plan = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {compiled}"), dict.fromkeys(compiled.params, 1))
            steps = [row.detail for row in plan]
            scans = [step for step in steps if step.startswith("SCAN") and "USING INDEX" not in step]
            assert not scans, f"{name}: {steps}"
