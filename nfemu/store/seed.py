"""Loading the people of the configuration: a million rows at start, once, and never over what has happened since.

Rows go through the driver in batches, out of an iterable that is read once; ranges are made in the database. Into an
empty store the secondary indices are built after the rows, which saves a third of the time. Everything is one
transaction: a refused seed leaves nothing behind.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from nfemu.model.account import EntryKind
from nfemu.model.duties import DutyKind
from nfemu.model.errors import Conflict, NotFound
from nfemu.model.identity import AccountId
from nfemu.model.subscriber import Subscriber
from nfemu.store import duties, ranges, rows, schema
from nfemu.store.seed_types import SeedAccount, SeedRange
from nfemu.store.times import to_micros
from nfemu.store.twins import Twins, as_digits

BATCH = 5_000
"""Rows per call of the driver: enough to hide the call, few enough to stay in the processor's cache."""

_SECONDARY = (
    schema.subscriber_by_msisdn,
    schema.subscriber_by_account,
    schema.ledger_by_trade_no,
    schema.ledger_by_account,
)

T = TypeVar("T")


def load(
    connection: Connection,
    accounts: Iterable[SeedAccount],
    subscribers: Iterable[Subscriber],
    blocks: Sequence[SeedRange],
    at: datetime,
) -> None:
    """Add the accounts and cards that are not in the store. Accounts that are there get their terms: kind, level and
    credit limit; cards, what they cost from now on: plan and services. All else that is there stays as it is.

    When fees fall due behind `at` is forgotten, since it may be another time now: whoever starts plans it.

    A new account with an opening balance other than zero gets one ledger entry at `at`, trade number
    `opening:<account>`. Raises Conflict for an account, IMSI or number that the seed holds twice, or a number that
    another stored card has (both cards are named); NotFound for a card whose account is nowhere; InvalidInput for
    an account in two currencies or a range that cannot be meant.
    """
    for block in blocks:
        block.check()
    empty = connection.execute(sa.select(schema.account.c.id).limit(1)).first() is None
    later = _SECONDARY if empty else ()
    for index in later:
        index.drop(connection)
    _add_accounts(connection, accounts, blocks)
    _open_ledgers(connection, at, empty)
    _add_cards(connection, subscribers, blocks)
    for index in later:
        index.create(connection)
    duties.forget_later(connection, DutyKind.FEES, at)


def _add_accounts(connection: Connection, accounts: Iterable[SeedAccount], blocks: Sequence[SeedRange]) -> None:
    insert = f"{_insert(connection, schema.account, (*rows.ACCOUNT, 'balance'))} {rows.NEW_TERMS}"
    seen: set[AccountId] = set()
    for batch in _batches(accounts):
        for seed in batch:
            name = seed.account.id
            if name in seen or any(block.holds(name) for block in blocks):
                raise Conflict(f"account `{name}` is in the seed twice; name it once")
            seen.add(name)
            seed.check()
        connection.exec_driver_sql(
            insert, [(*rows.account_tuple(account), opening.minor) for account, opening in batch]
        )
    for block in blocks:
        ranges.add_accounts(connection, block)


def _open_ledgers(connection: Connection, at: datetime, empty: bool) -> None:
    """Book the opening balances: accounts with a balance that no entry explains yet are those just added."""
    account, ledger = schema.account, schema.ledger
    kind = sa.case((account.c.balance < 0, EntryKind.CHARGE.value), else_=EntryKind.PAYMENT.value)
    opening = sa.select(
        account.c.id,
        kind,
        account.c.balance,
        account.c.currency,
        sa.literal(to_micros(at), ledger.c.at.type),
        sa.literal("opening:") + account.c.id,
        sa.literal("opening balance"),
    ).where(account.c.balance != 0)
    if not empty:
        opening = opening.where(~sa.exists().where(ledger.c.account_id == account.c.id))
    columns = ["account_id", "kind", "amount", "currency", "at", "trade_no", "note"]
    connection.execute(sa.insert(ledger).from_select(columns, opening))


def _add_cards(connection: Connection, subscribers: Iterable[Subscriber], blocks: Sequence[SeedRange]) -> None:
    insert = f"{_insert(connection, schema.subscriber, rows.SUBSCRIBER)} {rows.NEW_FEES}"
    twins = Twins([block.imsis for block in blocks], [block.numbers for block in blocks])
    for batch in _batches(subscribers):
        twins.add(batch)
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(insert, [rows.subscriber_tuple(card) for card in batch])
        except exc.IntegrityError:
            twins.check()
            _check_against_store(connection, batch)
            raise
    twins.check()
    for block in blocks:
        try:
            with connection.begin_nested():
                ranges.add_cards(connection, block)
        except exc.IntegrityError:
            _check_range_against_store(connection, block)
            raise


def _check_range_against_store(connection: Connection, block: SeedRange) -> None:
    """Say which card of a refused range contradicts the store."""
    stored, width = schema.subscriber, len(block.card.msisdn.e164)
    first, last = (as_digits(end) for end in block.numbers)
    between = sa.select(stored.c.msisdn, stored.c.imsi).where(
        stored.c.msisdn.between(first, last), sa.func.length(stored.c.msisdn) == width
    )
    for number, holder in connection.execute(between):
        if holder != block.imsi_of(number):
            raise _held(number, block.imsi_of(number), holder)


def _held(number: str, imsi: str, holder: str) -> Conflict:
    return Conflict(
        f"number `{number}` of IMSI `{imsi}` in the seed is stored for IMSI `{holder}`; "
        "give it another number, or reset the store"
    )


def _check_against_store(connection: Connection, batch: Sequence[Subscriber]) -> None:
    """Say which card of a refused batch contradicts the store, and how."""
    stored = schema.subscriber
    holders = sa.select(stored.c.msisdn, stored.c.imsi).where(
        stored.c.msisdn.in_([card.msisdn.e164 for card in batch]),
        stored.c.imsi.not_in([card.imsi.digits for card in batch]),
    )
    holder_of = {row.msisdn: row.imsi for row in connection.execute(holders)}
    known = sa.select(schema.account.c.id).where(schema.account.c.id.in_({card.account for card in batch}))
    accounts = set(connection.execute(known).scalars())
    for card in batch:
        if holder := holder_of.get(card.msisdn.e164):
            raise _held(card.msisdn.e164, card.imsi.digits, holder)
        if card.account not in accounts:
            raise NotFound(f"account `{card.account}` of IMSI `{card.imsi}` is neither in the seed nor in the store")


def _insert(connection: Connection, table: sa.Table, columns: Sequence[str]) -> str:
    """An INSERT for the driver, with positional parameters."""
    return str(sa.insert(table).compile(dialect=connection.dialect, column_keys=columns))


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
