"""The content of a store, taken out and put in again: all of it, in one transaction, and nothing of before after it."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.exc import IntegrityError

from nfemu.carrier.ports import AddEvent, AppendEntry, PutAgreement, PutDeduction, PutNotice, PutOrder, PutPayment
from nfemu.carrier.ports import PutSession as Put
from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import GroupName, Imsi, Msisdn, PolicyName
from nfemu.model.usage import Usage
from nfemu.store import SeedAccount, SqlStore
from nfemu.store.content import Part
from tests.store.direct import connected
from tests.store.people import (
    ACCOUNTS,
    CARDS,
    MAIN,
    PHONE,
    SECOND,
    START,
    WANG,
    ZHANG,
    agreement,
    deduction,
    entry,
    event,
    notice,
    order,
    payment,
    people,
    session,
)
from tests.store.test_ledger import kept_and_summed

CHANGES = [
    *people(),
    Put(session("ses-1")),
    AppendEntry(entry(-3000, "t-1")),
    AppendEntry(entry(500, card=MAIN)),
    PutOrder(order("ord-1")),
    PutNotice(notice("ntc-1", sent=1)),
    PutPayment(payment("pay-1")),
    PutAgreement(agreement("agr-1")),
    PutDeduction(deduction("ded-1", "agr-1")),
    AddEvent(event("ledger.charged")),
]


def tables(parts: list[Part]) -> dict[str, Part]:
    """By name, apart from the fingerprint of the seed."""
    return {part.table: part for part in parts if part.table != "setting"}


async def filled(store: SqlStore) -> list[Part]:
    """Something in every table of the carrier's; what there is."""
    await store.commit(CHANGES)
    await store.add_usage(START.date(), [Usage(PHONE.imsi, PolicyName("open"), GroupName("portal"), 1, 2)])
    await store.name_index("news.example")
    await store.write_clock(START)
    return await store.content()


@asynccontextmanager
async def exchanged(store: SqlStore, parts: list[Part]) -> AsyncIterator[SqlStore]:
    """The store of that content and nobody else."""
    heir = await store.exchange(parts, [], [])
    yield heir
    await heir.close()


async def test_what_was_taken_out_is_put_in_again(url: str, sql_store: SqlStore) -> None:
    before = await filled(sql_store)
    await sql_store.commit([AppendEntry(entry(9900, "t-2")), AddEvent(event("ledger.paid"))])
    await sql_store.name_index("late.example")
    async with exchanged(sql_store, before) as heir:
        assert tables(await heir.content()) == tables(before)
        assert await heir.read_clock() == START
    assert tables(before).keys() >= {
        "account",
        "subscriber",
        "session",
        "ledger",
        "share",
        "event",
        "usage",
        "host_name",
    }
    with connected(url) as connection:
        assert all(kept == summed for _, kept, summed in kept_and_summed(connection))


async def test_numbers_go_on_behind_those_of_the_content(sql_store: SqlStore) -> None:
    """What is written next is the newest, whatever was there before: lists are by number."""
    before = await filled(sql_store)
    async with exchanged(sql_store, before) as heir:
        await heir.commit([AppendEntry(entry(9900, "t-2"))])
        assert [each.trade_no for each in await heir.ledger(ZHANG)] == ["t-2", "t-1"]
        assert await heir.name_index("late.example") == 2


async def test_the_ledger_is_protected_again(url: str, sql_store: SqlStore) -> None:
    async with exchanged(sql_store, await filled(sql_store)):
        with connected(url) as connection, pytest.raises(IntegrityError, match="append-only"):
            connection.exec_driver_sql("DELETE FROM ledger")


async def test_nothing_of_the_former_content_is_written_into_the_new_one(sql_store: SqlStore) -> None:
    """What was asked before and stands behind the exchange is refused, as is everything that is asked later."""
    await sql_store.commit(people())
    exchange = asyncio.create_task(sql_store.exchange([], [], []))
    await asyncio.sleep(0)  # it is the writer's next work now
    late = asyncio.create_task(sql_store.commit([AppendEntry(entry(-100))]))
    heir = await exchange
    for refused in (
        late,
        sql_store.commit([AppendEntry(entry(-100))]),
        sql_store.subscribers(),
        sql_store.read_clock(),
    ):
        with pytest.raises(Unavailable, match="another state"):
            await refused
    await sql_store.close()
    assert await heir.count_subscribers() == 0
    await heir.close()


async def test_who_is_in_the_seed_and_not_in_the_content_is_added(sql_store: SqlStore) -> None:
    await sql_store.seed([SeedAccount(ACCOUNTS[0], entry(1).amount)], [PHONE], fingerprint="one")
    before = await sql_store.content()
    seeded = [SeedAccount(account, entry(1, card=card).amount) for account, card in zip(ACCOUNTS, CARDS, strict=False)]
    heir = await sql_store.exchange(before, [seeded[0]], [PHONE], fingerprint="one")
    assert await heir.count_subscribers() == 1
    both = [seeded[0], SeedAccount(ACCOUNTS[1], entry(1, card=MAIN).amount)]
    heir = await heir.exchange(before, both, CARDS, fingerprint="two")
    assert [card.imsi for card in await heir.subscribers()] == [card.imsi for card in (PHONE, MAIN, SECOND)]
    assert await heir.account(WANG) is not None
    await heir.close()


async def test_a_refused_exchange_changes_nothing(sql_store: SqlStore) -> None:
    """A card of the seed has a number that the content has on another card."""
    before = await filled(sql_store)
    other = type(PHONE)(Imsi("460001380013899"), PHONE.msisdn, ZHANG)
    with pytest.raises(Conflict, match=r"number `8613800138000` of IMSI `460001380013899`"):
        await sql_store.exchange(before, [], [other])
    assert await sql_store.content() == before
    await sql_store.commit([AppendEntry(entry(-100))])
    assert await sql_store.subscriber(Msisdn("8613800138000")) == PHONE


EXCHANGING = """
import asyncio, sys

from nfemu.store import SqlStore

async def main():
    store = SqlStore(sys.argv[1])
    await store.open()
    both = [await store.content(), []]
    for number in range(1_000_000):
        store = await store.exchange(both[number % 2], [], [])
        print(number, flush=True)

asyncio.run(main())
"""


def exchange_until_killed(url: str, exchanges: int) -> None:
    """Kill a process that exchanges two contents for one another, after so many exchanges."""
    with subprocess.Popen([sys.executable, "-c", EXCHANGING, url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(exchanges):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("exchanges", range(1, 5))
async def test_killed_meanwhile_it_is_the_one_content_or_the_other(url: str, exchanges: int) -> None:
    store = SqlStore(url)
    await store.open()
    before = await filled(store)
    await store.close()
    exchange_until_killed(url, exchanges)
    store = SqlStore(url)
    await store.open()
    assert tables(await store.content()) in ({}, tables(before))
    await store.close()
