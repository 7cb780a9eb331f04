"""Grants of credit: for how long, and what they leave of the account when they end (S1b, S25)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from nfemu.bss.ledger import check_amount
from nfemu.model.account import Account
from nfemu.model.credits import CreditGrant, GrantState
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import GrantId, Imsi
from nfemu.model.money import Money


def granted(
    number: GrantId, account: Account, imsi: Imsi, amount: Money, reason: str, now: datetime, expires_at: datetime
) -> CreditGrant:
    """Raises InvalidInput for an amount that is none of the account, and an end that is not in the future."""
    check_amount(account, amount)
    if expires_at <= now:
        raise InvalidInput(
            f"credit until `{expires_at.isoformat()}` would have expired already; give a time after {now.isoformat()}"
        )
    return CreditGrant(number, account.id, imsi, amount, reason, now, expires_at)


def expired(grants: Iterable[CreditGrant], until: datetime) -> list[CreditGrant]:
    """Those of the open `grants` that have ended by then, as they are from now on."""
    return [replace(each, state=GrantState.EXPIRED) for each in grants if each.expires_at <= until]


def next_expiry(grants: Iterable[CreditGrant], after: datetime) -> datetime | None:
    return min((each.expires_at for each in grants if each.expires_at > after), default=None)
