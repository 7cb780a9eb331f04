"""What is seen of a carrier's whole history: its commits in their order, each judged on the state that it led to.

So nothing depends on when anybody looks: what held for a moment between two steps of a machine is seen as well. A
payment that is committed before a message is, counts for that message.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from nfemu.bss.dunning import DunningRules
from nfemu.bss.dunning.hours import MOST_BETWEEN
from nfemu.bss.dunning.rules import AtNight
from nfemu.bss.standing import is_cleared, standing
from nfemu.carrier.orders import Cause
from nfemu.carrier.ports import (
    AddEvent,
    AppendEntry,
    Change,
    PutAccount,
    PutGrant,
    PutLevel,
    PutNotice,
    PutOrder,
    PutSubscriber,
    PutSubscription,
)
from nfemu.model.account import Account, LedgerEntry, Standing
from nfemu.model.credits import GrantState
from nfemu.model.identity import AccountId, GrantId, Imsi, NoticeId, OrderId
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeKind
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.model.subscriber import OrderedProfile

ARREARS = (NoticeKind.STOP_NOTICE, NoticeKind.DUNNING)
REMINDERS = (NoticeKind.MONTH_END, NoticeKind.DUNNING, NoticeKind.FORECAST, NoticeKind.LOW_BALANCE)


@dataclass
class Owner:
    """An account as its commits have made it."""

    account: Account
    entries: list[LedgerEntry] = field(default_factory=list)
    granted: dict[GrantId, int] = field(default_factory=dict)
    overdue_since: datetime | None = None

    @property
    def balance(self) -> Money:
        return Money(sum(entry.amount.minor for entry in self.entries), self.account.currency)

    @property
    def now(self) -> Account:
        return replace(self.account, granted=sum(self.granted.values()))


class Witness:
    def __init__(self, rules: DunningRules) -> None:
        self.rules = rules
        self.owners: dict[AccountId, Owner] = {}
        self.cards: dict[Imsi, AccountId] = {}
        self.ordered: dict[Imsi, OrderedProfile] = defaultdict(lambda: OrderedProfile.OPEN)
        self.notices: dict[NoticeId, Notice] = {}
        self.orders: dict[OrderId, WorkOrder] = {}
        self._seen = 0

    def look(self, commits: Sequence[Sequence[Change]]) -> None:
        """At those commits that are new."""
        for changes in commits[self._seen :]:
            self._take(changes)
        self._seen = len(commits)

    # ---- what is known of an account

    def owner(self, imsi: Imsi) -> Owner:
        return self.owners[self.cards[imsi]]

    def is_overdue(self, owner: Owner) -> bool:
        return standing(owner.balance, self.rules.limit(owner.now)) is Standing.OVERDUE

    def is_cleared(self, owner: Owner) -> bool:
        return is_cleared(owner.balance, self.rules.limit(owner.now), self.rules.resume_balance)

    def is_night(self, owner: Owner, moment: datetime) -> bool:
        """Neither notices nor stops then, unless that is set for large arrears (S22, S24)."""
        large = owner.balance.minor < -self.rules.large.above.minor
        at_once = large and self.rules.large.at_night is AtNight.AT_ONCE
        return self.rules.hours.is_quiet(moment) and not at_once

    def noticed(self, order: WorkOrder, moment: datetime) -> bool:
        """Has the card a stop notice of this debt by which it may be stopped then (S11, S22, S23)?"""
        since = self.owner(order.imsi).overdue_since
        found = (each for each in self.notices.values() if each.imsi == order.imsi)
        notices = (each for each in found if each.kind is NoticeKind.STOP_NOTICE)
        return any(since is not None and since <= each.created_at and _allows(each, moment) for each in notices)

    # ---- a commit

    def _take(self, changes: Sequence[Change]) -> None:
        notices = [change.notice for change in changes if isinstance(change, PutNotice)]
        orders = [change.order for change in changes if isinstance(change, PutOrder)]
        sent = [each for each in notices if each.sent_at and not self._was_sent(each.id)]
        stopped = [each for each in orders if is_dunned(each) and each.executed_at and self._stops(each)]
        self.notices |= {each.id: each for each in notices}
        self.orders |= {each.id: each for each in orders}
        for change in changes:
            self._account(change)
        events = (change.event.business_at for change in changes if isinstance(change, AddEvent))
        moment = max((at for at in events if at is not None), default=None)
        for owner in self.owners.values():
            self._turn(owner, moment)
        for notice in sent:
            self._judge_notice(notice)
        for order in stopped:
            self._judge_stop(order)

    def _was_sent(self, number: NoticeId) -> bool:
        known = self.notices.get(number)
        return known is not None and known.sent_at is not None

    def _stops(self, order: WorkOrder) -> bool:
        """One that overtakes the waiting resume of a line that is stopped changes nothing."""
        known = self.orders.get(order.id)
        executed = known is not None and known.executed_at is not None
        return not executed and self.ordered[order.imsi] is OrderedProfile.OPEN

    def _account(self, change: Change) -> None:
        match change:
            case PutAccount(account):
                known = self.owners.setdefault(account.id, Owner(account))
                known.account = account
            case PutSubscriber(card):
                self.cards[card.imsi] = card.account
            case PutSubscription(subscription):
                self.ordered[subscription.imsi] = subscription.ordered
            case AppendEntry(entry):
                self.owners[entry.account].entries.append(entry)
            case PutLevel(name, level):
                self.owners[name].account = replace(self.owners[name].account, level=level)
            case PutGrant(grant):
                open_ = grant.state is GrantState.OPEN
                self.owners[grant.account].granted[grant.id] = grant.amount.minor if open_ else 0
            case _:
                return

    def _turn(self, owner: Owner, moment: datetime | None) -> None:
        if not self.is_overdue(owner):
            owner.overdue_since = None
        elif owner.overdue_since is None:
            owner.overdue_since = moment

    # ---- what must hold

    def _judge_notice(self, notice: Notice) -> None:
        owner = self.owner(notice.imsi)
        assert notice.sent_at is not None
        if notice.kind in (*REMINDERS, NoticeKind.STOP_NOTICE):
            assert not self.is_night(owner, notice.sent_at), f"{notice.kind.value} at night (S22)"
        if notice.kind in ARREARS:
            assert self.is_overdue(owner), f"{notice.kind.value} to somebody who has paid (S6)"
        is_open = self.ordered[notice.imsi] is OrderedProfile.OPEN
        if notice.kind in REMINDERS:
            assert is_open, f"{notice.kind.value} to a stopped line (S6)"
        if notice.kind is NoticeKind.STOP_NOTICE:
            assert is_open or self._is_resuming(notice.imsi), "noticed a stopped line (S6)"

    def _is_resuming(self, imsi: Imsi) -> bool:
        """It has paid and is about to be open, and whatever stops it again overtakes that: so it is told."""
        resumes = (each for each in self.orders.values() if each.imsi == imsi and each.kind is OrderKind.RESUME)
        return any(each.state in (OrderState.CREATED, OrderState.DEAD) for each in resumes)

    def _judge_stop(self, order: WorkOrder) -> None:
        owner = self.owner(order.imsi)
        assert order.executed_at is not None
        assert self.is_overdue(owner), "stopped somebody who has paid"
        assert not self.is_night(owner, order.executed_at), "stopped at night (S22)"
        assert self.noticed(order, order.executed_at), "stopped without a notice of the last two hours (S22, S23)"


def _allows(notice: Notice, moment: datetime) -> bool:
    """It has gone out, that of large arrears too (S24)."""
    return notice.sent_at is not None and notice.sent_at <= moment <= notice.sent_at + MOST_BETWEEN


def is_dunned(order: WorkOrder) -> bool:
    return order.kind is OrderKind.STOP and order.cause == Cause.DUNNING
