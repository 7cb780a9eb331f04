"""Whole ranges of cards, made inside the database: a million rows without a million objects."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.store import rows, schema
from nfemu.store.seed_types import SeedRange

_COUNTED = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < CAST(:count AS BIGINT))"
# the 1 before the digits keeps leading zeros through the arithmetic
_NUMBER = "substr(CAST(CAST(:first_number AS BIGINT) + i AS TEXT), 2)"
_IMSI = "substr(CAST(CAST(:first_imsi AS BIGINT) + i AS TEXT), 2)"

_ACCOUNTS = sa.text(
    f"""INSERT INTO account (id, kind, currency, credit_limit, level, balance) {_COUNTED}
    SELECT {_NUMBER}, :kind, :currency, CAST(:credit_limit AS BIGINT), CAST(:level AS SMALLINT),
        CAST(:balance AS BIGINT)
    FROM n WHERE true {rows.NEW_TERMS}"""  # noqa: S608 - put together from constants
)
_CARDS = sa.text(
    f"""INSERT INTO subscriber
        (imsi, msisdn, account_id, role, language, profile, segment, wechat, plan, services) {_COUNTED}
    SELECT {_IMSI}, {_NUMBER}, {_NUMBER}, :role, :language, :profile, CAST(:segment AS TEXT),
        CAST(:wechat AS SMALLINT), CAST(:plan AS TEXT), CAST(:services AS TEXT)
    FROM n WHERE true {rows.NEW_FEES}"""  # noqa: S608 - put together from constants
)


def add_accounts(connection: Connection, block: SeedRange) -> None:
    """Those that are not there yet; of the others the terms."""
    opening = {"balance": block.account.opening_balance.minor}
    connection.execute(_ACCOUNTS, _bounds(block) | rows.account_values(block.account.account) | opening)


def add_cards(connection: Connection, block: SeedRange) -> None:
    """Those that are not there yet. Raises IntegrityError when another card has one of the numbers."""
    record = {"profile": block.profile or schema.NO_PROFILE}
    connection.execute(_CARDS, _bounds(block) | rows.subscriber_values(block.card) | record)


def _bounds(block: SeedRange) -> dict[str, Any]:
    return {"count": block.count, "first_number": block.numbers.low, "first_imsi": block.imsis.low}
