"""Which lines are not where the rules of the moment want them: asked at start and after a reload, over everybody."""

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.identity import AccountId, Imsi
from nfemu.model.money import Money
from nfemu.model.subscriber import Hold, OrderedProfile
from nfemu.store.prepared import Prepared
from nfemu.store.schema import account, subscriber

_OPEN = OrderedProfile.OPEN.value
_free = subscriber.c.hold == Hold.NONE.value
_is_overdue = account.c.balance + account.c.credit_limit + account.c.granted < 0
_is_cleared = sa.and_(account.c.balance >= sa.bindparam("resume"), sa.not_(_is_overdue))
_owner = account.c.id == subscriber.c.account_id

_ordered = Prepared(sa.select(subscriber.c.imsi, subscriber.c.ordered).where(subscriber.c.ordered != _OPEN))
# Driven by the few: overdue accounts, and cards that are not open. A million others are passed over once each.
_misplaced = Prepared(
    sa.union(
        sa.select(subscriber.c.account_id).where(
            subscriber.c.account_id.in_(sa.select(account.c.id).where(_is_overdue)),
            _free,
            subscriber.c.ordered == _OPEN,
        ),
        sa.select(subscriber.c.account_id).where(
            subscriber.c.ordered != _OPEN,
            sa.or_(
                subscriber.c.ordered != sa.bindparam("restricted"),
                sa.and_(_free, sa.exists().where(_owner, _is_cleared)),
            ),
        ),
    )
)


def ordered_profiles(connection: Connection) -> dict[Imsi, OrderedProfile]:
    return {Imsi(row.imsi): OrderedProfile(row.ordered) for row in _ordered.run(connection)}


def misplaced_accounts(connection: Connection, resume: Money, restricted: OrderedProfile) -> list[AccountId]:
    found = _misplaced.run(connection, {"resume": resume.minor, "restricted": restricted.value})
    return sorted(AccountId(name) for name in found.scalars())
