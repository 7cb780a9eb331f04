"""The ledger only grows, and the sums that are kept beside it are its sums."""

import asyncio
import random

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from nfemu.carrier.ports import AppendEntry
from nfemu.model.errors import Conflict, InvalidInput, NotFound
from nfemu.model.identity import AccountId, Imsi
from nfemu.model.money import MAX_MINOR
from nfemu.store import SqlStore
from tests.store.direct import connected
from tests.store.people import CARDS, PHONE, WANG, ZHANG, entry, people


def kept_and_summed(connection: Connection) -> list[tuple[str, int, int]]:
    """Account or card, the sum that is kept, the ledger's sum."""
    accounts = connection.exec_driver_sql(
        "SELECT id, balance, (SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE account_id = account.id) FROM account"
    )
    shares = connection.exec_driver_sql(
        "SELECT s.imsi, s.amount, (SELECT SUM(amount) FROM ledger l WHERE l.account_id = s.account_id"
        " AND l.imsi = s.imsi) FROM share s"
    )
    return [(key, kept, int(summed)) for key, kept, summed in [*accounts, *shares]]


async def test_kept_sums_equal_the_ledgers(url: str, sql_store: SqlStore) -> None:
    await sql_store.commit(people())
    draw = random.Random(20261101)
    for number in range(60):
        entries = [
            entry(
                draw.choice((-1, 1)) * draw.randint(1, MAX_MINOR),
                draw.choice((None, f"t-{number}")),
                draw.choice(CARDS),
                by_card=draw.random() < 0.7,
            )
            for _ in range(draw.randint(1, 3))
        ]
        try:
            await sql_store.commit([AppendEntry(each) for each in entries])
        except Conflict:
            assert len({each.trade_no for each in entries if each.trade_no}) < len(entries)
    with connected(url) as connection:
        sums = kept_and_summed(connection)
    assert len(sums) == 5
    assert all(kept == summed for _, kept, summed in sums), sums


@pytest.mark.parametrize("statement", ["UPDATE ledger SET amount = 1", "DELETE FROM ledger"])
async def test_entries_are_never_changed_or_deleted(url: str, sql_store: SqlStore, statement: str) -> None:
    await sql_store.commit([*people(), AppendEntry(entry(3000, "t-1"))])
    with connected(url) as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.exec_driver_sql(statement)
    assert await sql_store.ledger(ZHANG) == [entry(3000, "t-1")]


async def test_only_a_wipe_empties_the_ledger_and_leaves_it_protected(url: str, sql_store: SqlStore) -> None:
    await sql_store.commit([*people(), AppendEntry(entry(3000, "t-1"))])
    await sql_store.wipe()
    assert await sql_store.ledger(ZHANG) == []
    await sql_store.commit([*people(), AppendEntry(entry(100, "t-1"))])
    with connected(url) as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.exec_driver_sql("DELETE FROM ledger")


async def test_the_same_payment_ten_times_at_once_is_booked_once(sql_store: SqlStore) -> None:
    await sql_store.commit(people())
    tries = [sql_store.commit([AppendEntry(entry(5900, "t-1"))]) for _ in range(10)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [Conflict] * 9
    assert await sql_store.ledger(ZHANG) == [entry(5900, "t-1")]


async def test_an_entry_in_another_currency_is_refused(sql_store: SqlStore) -> None:
    await sql_store.commit(people())
    foreign = entry(100, card=PHONE)
    with pytest.raises(InvalidInput, match="account `wang` is not kept in CNY"):
        await sql_store.commit([AppendEntry(type(foreign)(WANG, foreign.kind, foreign.amount, foreign.at))])
    assert await sql_store.ledger(WANG) == []


async def test_an_entry_for_nobody_is_refused(sql_store: SqlStore) -> None:
    await sql_store.commit(people())
    known = entry(100)
    for account, imsi in ((AccountId("nobody"), None), (ZHANG, Imsi("460009999999999"))):
        with pytest.raises(NotFound, match=f"ledger entry for account `{account}`"):
            await sql_store.commit([AppendEntry(type(known)(account, known.kind, known.amount, known.at, imsi=imsi))])
    view = await sql_store.account(ZHANG)
    assert view is not None
    assert view.balance.minor == 0


async def test_an_entry_against_its_kind_is_refused(sql_store: SqlStore) -> None:
    await sql_store.commit(people())
    payment, charge = entry(100), entry(-100)
    with pytest.raises(InvalidInput, match="ck_ledger_amount"):
        await sql_store.commit([AppendEntry(type(payment)(ZHANG, payment.kind, charge.amount, payment.at))])
