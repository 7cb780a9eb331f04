"""An account's clock, which somebody may put ahead of the carrier's; never backwards, and from then on they go alike.

What is of one account is dated by it: ledger, fees, credit and grants, messages, payment orders. What all accounts
share goes by the carrier's clock: orders and their queues, sessions and addresses, what channels have room for.

A step goes to the next moment at which something of the account falls due, so that everything happens in its order and
each thing as of its own time. It is one commit, so a carrier that was killed goes on from the step that was stored.
"""

from datetime import datetime, timedelta

from nfemu.bss.payments import next_inquiry
from nfemu.carrier.commands import (
    CarrierNow,
    Commit,
    LoadAhead,
    LoadDuties,
    LoadPendingNotices,
    LoadUnpaid,
    Lock,
    Step,
    ask,
)
from nfemu.carrier.lines import load_account
from nfemu.carrier.ports import AccountView, PutAhead
from nfemu.model.errors import Conflict
from nfemu.model.identity import AccountId


def step(account: AccountId, until: timedelta) -> Step[timedelta]:
    """Put the account's clock forward to the next moment at which something falls due, `until` ahead of the carrier's
    at the most; how far it is ahead then. Raises NotFound, Unavailable; Conflict where it is further already."""
    yield from ask(Lock(account))
    view = yield from load_account(account)
    ahead, now = (yield from ask(LoadAhead(account))), (yield from ask(CarrierNow()))
    if until < ahead:
        raise Conflict(
            f"the clock of account `{account}` stands at {(now + ahead).isoformat(timespec='seconds')} and only moves "
            f"forward; `{(now + until).isoformat(timespec='seconds')}` is past"
        )
    coming = yield from _coming(view, now + ahead)
    reached = until if coming is None else min(until, max(ahead, coming - now))
    if reached > ahead:
        yield from ask(Commit((PutAhead(account, reached),)))
    return reached


def _coming(view: AccountView, now: datetime) -> Step[datetime | None]:
    """The first moment behind `now` at which something of the account falls due, all by its own time."""
    moments = [duty.due_at for duty in (yield from ask(LoadDuties(view.account.id)))]
    pending = yield from ask(LoadPendingNotices(view.account.id))
    moments += [notice.retry_at for notice in pending if notice.retry_at is not None]
    for line in view.lines:
        unpaid = yield from ask(LoadUnpaid(line.subscriber.imsi))
        moments += [next_inquiry(payment, now) for payment in unpaid]
    if view.deduction is not None and view.deduction.retry_at is not None:
        moments.append(view.deduction.retry_at)
    return min((moment for moment in moments if moment > now), default=None)
