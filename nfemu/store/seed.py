"""Loading the people of the configuration: a million rows at start, once, and never over what has happened since.

Rows go through the driver in batches, out of an iterable that is read once. Into an empty store the secondary
indices are built after the rows, which takes half the time. Everything is one transaction: a refused seed leaves
nothing behind.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from nfemu.model.account import Account, EntryKind
from nfemu.model.errors import Conflict, InvalidInput, NotFound
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from nfemu.model.subscriber import Subscriber
from nfemu.store import rows, schema
from nfemu.store.times import to_micros

BATCH = 5_000
"""Rows per call of the driver: large enough to hide the call, small enough to stay out of the memory's sight."""

_SECONDARY = (
    schema.subscriber_by_msisdn,
    schema.subscriber_by_account,
    schema.ledger_by_trade_no,
    schema.ledger_by_account,
)

T = TypeVar("T")


class SeedAccount(NamedTuple):
    """An account and what it starts with; `opening_balance` counts only when the account is new."""

    account: Account
    opening_balance: Money


def load(
    connection: Connection, accounts: Iterable[SeedAccount], subscribers: Iterable[Subscriber], at: datetime
) -> None:
    """Add the accounts and cards that are not in the store. What is there stays as it is.

    A new account with an opening balance other than zero gets one ledger entry at `at`, trade number
    `opening:<account>`. Raises Conflict for an account, IMSI or number that the seed holds twice, or a number that
    another stored card has (both cards are named); NotFound for a card whose account is nowhere.
    """
    empty = connection.execute(sa.select(schema.account.c.id).limit(1)).first() is None
    later = _SECONDARY if empty else ()
    for index in later:
        index.drop(connection)
    _add_accounts(connection, accounts)
    _open_ledgers(connection, at, empty)
    _add_subscribers(connection, subscribers)
    for index in later:
        index.create(connection)


def _add_accounts(connection: Connection, accounts: Iterable[SeedAccount]) -> None:
    insert = _insert_new(connection, schema.account, "id", (*rows.ACCOUNT, "balance"))
    seen: set[AccountId] = set()
    for batch in _batches(accounts):
        for account, _ in batch:
            if account.id in seen:
                raise Conflict(f"account `{account.id}` is in the seed twice; name it once")
            seen.add(account.id)
        connection.exec_driver_sql(insert, [_account_row(*each) for each in batch])


def _account_row(account: Account, opening: Money) -> tuple[str | int, ...]:
    if opening.currency != account.currency:
        raise InvalidInput(
            f"account `{account.id}` is in {account.currency}, its opening balance in {opening.currency}; use one"
        )
    return (*rows.account_tuple(account), opening.minor)


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


class _Seen:
    """Every IMSI and number of one seed, 16 bytes a card, to find what it holds twice.

    Both are digits, an IMSI possibly with leading zeros; a leading 1 keeps those apart.
    """

    def __init__(self) -> None:
        self._imsis = array("Q")
        self._numbers = array("Q")

    def add(self, batch: Sequence[Subscriber]) -> None:
        self._imsis.extend([int("1" + card.imsi.digits) for card in batch])
        self._numbers.extend([int("1" + card.msisdn.e164) for card in batch])

    def check(self) -> None:
        """Raises Conflict that names both cards."""
        if twice := _twice(self._numbers):
            one, other = (_digits(self._imsis[position]) for position in twice)
            number = _digits(self._numbers[twice[0]])
            raise Conflict(
                f"number `{number}` is in the seed twice, for IMSI `{one}` and IMSI `{other}`; "
                "give each card a number of its own"
            )
        if twice := _twice(self._imsis):
            one, other = (_digits(self._numbers[position]) for position in twice)
            imsi = _digits(self._imsis[twice[0]])
            raise Conflict(
                f"IMSI `{imsi}` is in the seed twice, with number `{one}` and number `{other}`; "
                "give each card an IMSI of its own"
            )


def _twice(values: "array[int]") -> tuple[int, int] | None:
    """Positions of the first two equal values, in order of value."""
    ordered = sorted(values)
    for one, other in zip(ordered, islice(ordered, 1, None), strict=False):
        if one == other:
            first = values.index(one)
            return first, values.index(one, first + 1)
    return None


def _digits(value: int) -> str:
    return str(value)[1:]


def _add_subscribers(connection: Connection, subscribers: Iterable[Subscriber]) -> None:
    insert = _insert_new(connection, schema.subscriber, "imsi", rows.SUBSCRIBER)
    seen = _Seen()
    for batch in _batches(subscribers):
        seen.add(batch)
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(insert, [rows.subscriber_tuple(card) for card in batch])
        except exc.IntegrityError:
            seen.check()
            _check_against_store(connection, batch)
            raise
    seen.check()


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
            raise Conflict(
                f"number `{card.msisdn}` of IMSI `{card.imsi}` in the seed is stored for IMSI `{holder}`; "
                "give it another number, or reset the store"
            )
        if card.account not in accounts:
            raise NotFound(f"account `{card.account}` of IMSI `{card.imsi}` is neither in the seed nor in the store")


def _insert_new(connection: Connection, table: sa.Table, key: str, columns: Sequence[str]) -> str:
    """An INSERT for the driver, with positional parameters, that passes over keys that are there."""
    insert = sa.insert(table).compile(dialect=connection.dialect, column_keys=columns)
    return f"{insert} ON CONFLICT ({key}) DO NOTHING"


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
