"""Which lines are not where the rules of the moment want them: asked at start and after a reload, over everybody."""

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.identity import AccountId, Imsi
from nfemu.model.money import Money
from nfemu.model.subscriber import Hold, OrderedProfile
from nfemu.store.prepared import Prepared
from nfemu.store.schema import account, subscriber

_OPEN = OrderedProfile.OPEN.value
_lines = sa.select(subscriber.c.account_id).join(account, account.c.id == subscriber.c.account_id)
_free = subscriber.c.hold == Hold.NONE.value

_ordered = Prepared(sa.select(subscriber.c.imsi, subscriber.c.ordered).where(subscriber.c.ordered != _OPEN))
_misplaced = Prepared(
    sa.union(
        _lines.where(account.c.balance + account.c.credit_limit < 0, _free, subscriber.c.ordered == _OPEN),
        _lines.where(
            account.c.balance >= sa.bindparam("resume"), account.c.balance + account.c.credit_limit >= 0, _free
        ).where(subscriber.c.ordered != _OPEN),
        sa.select(subscriber.c.account_id).where(
            subscriber.c.ordered != _OPEN, subscriber.c.ordered != sa.bindparam("restricted")
        ),
    )
)


def ordered_profiles(connection: Connection) -> dict[Imsi, OrderedProfile]:
    return {Imsi(row.imsi): OrderedProfile(row.ordered) for row in _ordered.run(connection)}


def misplaced_accounts(connection: Connection, resume: Money, restricted: OrderedProfile) -> list[AccountId]:
    found = _misplaced.run(connection, {"resume": resume.minor, "restricted": restricted.value})
    return sorted(AccountId(name) for name in found.scalars())
