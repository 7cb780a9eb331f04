"""An in-memory Store, with the provider's books.

Each commit is checked and applied on a copy, so that it happens wholly or not at all.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from nfemu.bss import ledger
from nfemu.bss.ledger import is_refund
from nfemu.bss.urgency import URGENCY
from nfemu.carrier.ports import (
    AccountView,
    AddEvent,
    AppendEntry,
    Change,
    Line,
    PaymentView,
    PlanDuty,
    PutAccount,
    PutAgreement,
    PutAhead,
    PutConsumption,
    PutDeduction,
    PutDuty,
    PutGrant,
    PutLevel,
    PutNotice,
    PutOrder,
    PutPayment,
    PutPosted,
    PutSession,
    PutSubscriber,
    PutSubscription,
    Relay,
)
from nfemu.model.account import Account, LedgerEntry
from nfemu.model.agreements import OPEN_DEDUCTIONS, Agreement, AgreementState, Contract, Deduction
from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.credits import CreditGrant, CreditRecord, GrantState
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.errors import Conflict
from nfemu.model.identity import (
    AccountId,
    AgreementNo,
    DeductionNo,
    GrantId,
    Imsi,
    Msisdn,
    NoticeId,
    OrderId,
    PaymentNo,
    PolicyName,
    SessionId,
)
from nfemu.model.listing import AccountsWanted, CardsWanted, PaymentsWanted
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind, NoticeState, Relayed
from nfemu.model.orders import UNFINISHED_ORDERS, OrderKind, Payment, PaymentState, RefundState, WorkOrder
from nfemu.model.plans import Measured
from nfemu.model.provider import ProviderOrder
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import Hold, OrderedProfile, Subscriber, Subscription
from nfemu.model.timeline import TimelineEvent
from nfemu.model.usage import Usage
from tests.fakes.faults import Faults


@dataclass
class _Tables:
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    subscribers: dict[Imsi, Subscriber] = field(default_factory=dict)
    subscriptions: dict[Imsi, Subscription] = field(default_factory=dict)
    sessions: dict[SessionId, PdnSession] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    orders: dict[OrderId, WorkOrder] = field(default_factory=dict)
    notices: dict[NoticeId, Notice] = field(default_factory=dict)
    relay: list[NoticeId] = field(default_factory=list)
    payments: dict[PaymentNo, Payment] = field(default_factory=dict)
    agreements: dict[AgreementNo, Agreement] = field(default_factory=dict)
    deductions: dict[DeductionNo, Deduction] = field(default_factory=dict)
    events: list[TimelineEvent] = field(default_factory=list)
    grants: dict[GrantId, CreditGrant] = field(default_factory=dict)
    consumed: dict[tuple[Imsi, date, Measured], Consumption] = field(default_factory=dict)
    levels: dict[AccountId, int] = field(default_factory=dict)
    duties: dict[tuple[AccountId, DutyKind], AccountDuty] = field(default_factory=dict)
    ahead: dict[AccountId, timedelta] = field(default_factory=dict)
    posted: dict[str, PostedUsage] = field(default_factory=dict)

    def apply(self, change: Change) -> None:
        match change:
            case PutSubscriber(subscriber):
                self.subscribers[subscriber.imsi] = subscriber
                self.subscriptions.setdefault(subscriber.imsi, Subscription(subscriber.imsi))
            case PutSubscription(subscription):
                if self.subscriptions[subscription.imsi].version != subscription.version - 1:
                    raise Conflict(f"subscription of `{subscription.imsi}` is not at the version before")
                self.subscriptions[subscription.imsi] = subscription
            case AppendEntry(entry):
                if entry.trade_no is not None and any(entry.trade_no == known.trade_no for known in self.entries):
                    raise Conflict(f"trade number `{entry.trade_no}` is taken")
                self.entries.append(entry)
            case PutAgreement() | PutDeduction():
                self._put_single(change)
            case _:
                self._put_one(change)

    def _put_one(self, change: Change) -> None:
        match change:
            case PutGrant() | PutLevel() | PutDuty() | PlanDuty() | PutAhead():
                self._put_terms(change)
            case PutConsumption() | PutPosted():
                self._put_used(change)
            case PutAccount() | PutSession() | PutOrder() | PutNotice() | Relay() | PutPayment() | AddEvent():
                self._put(change)

    def _put_single(self, change: PutAgreement | PutDeduction) -> None:
        """An account has one signed agreement and one open deduction at most."""
        match change:
            case PutAgreement(agreement):
                if agreement.state is AgreementState.SIGNED:
                    self._check_single(agreement.account, self.signed(agreement.account), agreement.no)
                self.agreements[agreement.no] = agreement
            case PutDeduction(deduction):
                if deduction.state in OPEN_DEDUCTIONS:
                    self._check_single(deduction.account, self.open(deduction.account), deduction.no)
                self.deductions[deduction.no] = deduction

    def _put_terms(self, change: PutGrant | PutLevel | PutDuty | PlanDuty | PutAhead) -> None:
        match change:
            case PutDuty(account, kind, due_at):
                self.duties.pop((account, kind), None)
                if due_at is not None:
                    self.duties[account, kind] = AccountDuty(account, kind, due_at)
            case PlanDuty(account, kind, due_at):
                self.duties.setdefault((account, kind), AccountDuty(account, kind, due_at))
            case PutLevel(account, level):
                self.levels[account] = level
            case PutGrant(grant):
                self.grants[grant.id] = grant
            case PutAhead(account, ahead):
                self.ahead[account] = ahead

    def _put_used(self, change: PutConsumption | PutPosted) -> None:
        match change:
            case PutConsumption(consumed):
                self.consumed[consumed.imsi, consumed.month, consumed.measured] = consumed
            case PutPosted(posted):
                if posted.key in self.posted:
                    raise Conflict(f"key `{posted.key}` is taken")
                self.posted[posted.key] = posted

    def open_grants(self, account: AccountId) -> list[CreditGrant]:
        found = [each for each in self.grants.values() if each.account == account and each.state is GrantState.OPEN]
        return sorted(found, key=lambda each: (each.expires_at, each.id))

    def signed(self, account: AccountId) -> Agreement | None:
        found = (each for each in self.agreements.values() if each.account == account)
        return next((each for each in found if each.state is AgreementState.SIGNED), None)

    def open(self, account: AccountId) -> Deduction | None:
        found = (each for each in self.deductions.values() if each.account == account)
        return next((each for each in found if each.state in OPEN_DEDUCTIONS), None)

    @staticmethod
    def _check_single(account: AccountId, there: Agreement | Deduction | None, number: str) -> None:
        if there is not None and there.no != number:
            raise Conflict(f"account `{account}` has `{there.no}` already")

    def _put(self, change: PutAccount | PutSession | PutOrder | PutNotice | Relay | PutPayment | AddEvent) -> None:
        match change:
            case PutAccount(account):
                self.accounts[account.id] = account
            case PutSession(session):
                self.sessions[session.id] = session
            case PutOrder(order):
                self.orders[order.id] = order
            case PutNotice(notice):
                self.notices[notice.id] = notice
            case Relay(identifier):
                self.relay.append(identifier)
            case PutPayment(payment):
                self.payments[payment.no] = payment
            case AddEvent(event):
                self.events.append(event)


class MemoryStore:
    """Implements `carrier.ports.Store`. Survives the service that uses it, as a database would."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._faults = faults or Faults()
        self._tables = _Tables()
        self._clock: datetime | None = None
        self._provider_orders: dict[PaymentNo, ProviderOrder] = {}
        self._usage: dict[tuple[date, Imsi, PolicyName, str], tuple[int, int]] = {}
        self._contracts: dict[str, Contract] = {}
        self._decisions: dict[str, str] = {}
        self.commits: list[tuple[Change, ...]] = []

    async def commit(self, changes: Sequence[Change]) -> None:
        with self._faults.point("store"):
            tables = copy.copy(self._tables)
            for name, table in vars(tables).items():
                setattr(tables, name, copy.copy(table))
            for change in changes:
                tables.apply(change)
            self._tables = tables
            self.commits.append(tuple(changes))

    async def subscriber(self, msisdn: Msisdn) -> Subscriber | None:
        return next((each for each in self._tables.subscribers.values() if each.msisdn == msisdn), None)

    async def subscribers(self, *, after: Msisdn | None = None, limit: int = 100) -> list[Subscriber]:
        ordered = sorted(self._tables.subscribers.values(), key=lambda each: each.msisdn.e164)
        return [each for each in ordered if after is None or each.msisdn.e164 > after.e164][:limit]

    async def subscriber_by_imsi(self, imsi: Imsi) -> Subscriber | None:
        return self._tables.subscribers.get(imsi)

    async def count_subscribers(self) -> int:
        return len(self._tables.subscribers)

    async def cards(self, wanted: CardsWanted, offset: int, limit: int) -> tuple[list[Subscriber], int]:
        found = sorted(self._tables.subscribers.values(), key=lambda each: each.msisdn.e164)
        found = [each for each in found if wanted.account in (None, each.account)]
        found = [each for each in found if wanted.is_open in (None, self._is_open(each))]
        return found[offset:][:limit], len(found)

    async def accounts(self, wanted: AccountsWanted, offset: int, limit: int) -> tuple[list[AccountId], int]:
        restricted = {each.account for each in self._tables.subscribers.values() if not self._is_open(each)}
        found = [each for each in sorted(self._tables.accounts) if wanted.account in (None, each)]
        found = [each for each in found if wanted.is_open in (None, each not in restricted)]
        return found[offset:][:limit], len(found)

    def _is_open(self, card: Subscriber) -> bool:
        return self._tables.subscriptions[card.imsi].ordered is OrderedProfile.OPEN

    async def payments(self, wanted: PaymentsWanted, offset: int, limit: int) -> tuple[list[Payment], int]:
        found = [
            each
            for each in list(self._tables.payments.values())[::-1]
            if wanted.state in (None, each.state)
            and wanted.account in (None, each.account)
            and wanted.imsi in (None, each.imsi)
        ]
        return found[offset:][:limit], len(found)

    async def static_subscribers(self) -> list[Subscriber]:
        return [each for each in self._tables.subscribers.values() if each.static_ipv4 or each.static_ipv6]

    async def ordered_profiles(self) -> dict[Imsi, OrderedProfile]:
        records = self._tables.subscriptions.values()
        return {each.imsi: each.ordered for each in records if each.ordered is not OrderedProfile.OPEN}

    async def misplaced_accounts(self, resume_balance: Money, restricted: OrderedProfile) -> list[AccountId]:
        found = []
        for name in sorted(self._tables.accounts):
            view = await self.account(name)
            assert view is not None
            overdue = (view.balance + view.account.limit).minor < 0
            cleared = not overdue and view.balance.minor >= resume_balance.minor
            for line in view.lines:
                ordered, free = line.subscription.ordered, line.subscription.hold is Hold.NONE
                opened = ordered is OrderedProfile.OPEN
                if (free and (overdue if opened else cleared)) or not (opened or ordered is restricted):
                    found.append(name)
                    break
        return found

    async def account(self, account: AccountId) -> AccountView | None:
        found = self._tables.accounts.get(account)
        if found is None:
            return None
        entries = [entry for entry in self._tables.entries if entry.account == account]
        cards = [card for card in self._tables.subscribers.values() if card.account == account]
        imsis = {card.imsi for card in cards}
        orders = tuple(
            order for order in self._tables.orders.values() if order.imsi in imsis and order.state in UNFINISHED_ORDERS
        )
        granted = sum(each.amount.minor for each in self._tables.open_grants(account))
        return AccountView(
            replace(found, granted=granted, level=self._tables.levels.get(account, found.level)),
            ledger.balance(entries, found.currency),
            ledger.shares(entries, found.currency),
            tuple(Line(card, self._tables.subscriptions[card.imsi], self._latest(card.imsi)) for card in cards),
            orders,
            self._tables.signed(account),
            self._tables.open(account),
        )

    async def ledger(self, account: AccountId, limit: int = 100) -> list[LedgerEntry]:
        return [entry for entry in self._tables.entries if entry.account == account][::-1][:limit]

    async def ledger_since(self, account: AccountId, since: datetime) -> list[LedgerEntry]:
        return [entry for entry in self._tables.entries if entry.account == account and entry.at >= since]

    async def told_since(self, account: AccountId, since: datetime) -> list[Notice]:
        cards = {card.imsi for card in self._tables.subscribers.values() if card.account == account}
        found = [each for each in self._tables.notices.values() if each.imsi in cards and each.created_at >= since]
        return sorted(found, key=lambda each: each.created_at)

    async def entry(self, trade_no: str) -> LedgerEntry | None:
        return next((entry for entry in self._tables.entries if entry.trade_no == trade_no), None)

    async def payment(self, no: PaymentNo) -> Payment | None:
        return self._tables.payments.get(no)

    async def payment_view(self, no: PaymentNo, trade_no: str) -> PaymentView | None:
        found = await self.payment(no)
        owner = await self.account(found.account) if found is not None else None
        return None if found is None or owner is None else PaymentView(found, owner, await self.entry(trade_no))

    async def open_payments(self) -> list[Payment]:
        return [payment for payment in self._tables.payments.values() if payment.state is PaymentState.CREATED]

    async def unpaid(self, imsi: Imsi) -> list[Payment]:
        return [payment for payment in await self.open_payments() if payment.imsi == imsi]

    async def open_deductions(self) -> list[Deduction]:
        return [each for each in self._tables.deductions.values() if each.state in OPEN_DEDUCTIONS]

    async def sessions(self) -> list[PdnSession]:
        found = (self._latest(imsi) for imsi in self._tables.subscribers)
        return [session for session in found if session is not None]

    async def sessions_released_since(self, since: datetime) -> list[PdnSession]:
        released = [each for each in self._tables.sessions.values() if each.state is SessionState.RELEASED]
        recent = [(each.released_at, each) for each in released if each.released_at and each.released_at >= since]
        return [each for _, each in sorted(recent, key=lambda pair: pair[0])]

    async def unfinished_orders(self) -> list[WorkOrder]:
        return [order for order in self._tables.orders.values() if order.state in UNFINISHED_ORDERS]

    async def orders_moved_since(self, since: datetime) -> list[WorkOrder]:
        moved = [(_moved_at(order), order) for order in self._tables.orders.values()]
        return [order for at, order in sorted(moved, key=lambda each: each[0]) if at >= since]

    async def refunds_wanted(self) -> list[Payment]:
        return [each for each in self._tables.payments.values() if each.refund is RefundState.WANTED]

    async def payments_ordered(self, since: datetime, until: datetime) -> list[Payment]:
        found = [each for each in self._tables.payments.values() if since <= each.created_at < until]
        return sorted(found, key=lambda each: each.created_at)

    async def refund_entries(self, since: datetime, until: datetime) -> list[LedgerEntry]:
        return [each for each in self._tables.entries if is_refund(each) and since <= each.at < until]

    async def payments_posted_since(self, since: datetime) -> list[Payment]:
        posted = [(each.posted_at, each) for each in self._tables.payments.values() if each.posted_at is not None]
        return [payment for at, payment in sorted(posted, key=lambda each: each[0]) if at >= since]

    async def pending_notices(self, account: AccountId) -> list[Notice]:
        cards = self._tables.subscribers
        return [notice for notice in self._pending() if cards[notice.imsi].account == account]

    async def notices_due(self, channel: Channel, now: datetime, limit: int) -> list[tuple[AccountId, NoticeId]]:
        due = [each for each in self._pending() if each.channel is channel and self._may_be_sent_at(each) <= now]
        due.sort(key=lambda each: (URGENCY[each.kind], each.created_at - self._ahead_of(each)))
        return [(self._tables.subscribers[each.imsi].account, each.id) for each in due[:limit]]

    async def next_notice(self) -> datetime | None:
        return min(map(self._may_be_sent_at, self._pending()), default=None)

    def _may_be_sent_at(self, notice: Notice) -> datetime:
        """By the carrier's clock."""
        return (notice.retry_at or notice.created_at) - self._ahead_of(notice)

    def _ahead_of(self, notice: Notice) -> timedelta:
        return self._tables.ahead.get(self._tables.subscribers[notice.imsi].account, timedelta(0))

    async def ahead(self) -> dict[AccountId, timedelta]:
        return dict(self._tables.ahead)

    async def relayed(self, limit: int) -> list[Relayed]:
        cards = self._tables.subscribers
        found = [self._tables.notices[identifier] for identifier in self._tables.relay[:limit]]
        return [Relayed(notice, cards[notice.imsi].msisdn) for notice in found]

    async def forget_relayed(self, notices: Sequence[NoticeId]) -> None:
        self._tables.relay = [each for each in self._tables.relay if each not in notices]

    def _pending(self) -> list[Notice]:
        pending = [notice for notice in self._tables.notices.values() if notice.state is NoticeState.PENDING]
        return [notice for notice in pending if notice.imsi in self._tables.subscribers]

    async def notices(self, imsi: Imsi, limit: int = 100) -> list[Notice]:
        sent = [each for each in self._tables.notices.values() if each.state is NoticeState.SENT and each.imsi == imsi]
        return sent[::-1][:limit]

    async def last_notice(self, imsi: Imsi, kind: NoticeKind) -> Notice | None:
        sent = [(each.sent_at, each) for each in await self.notices(imsi, 10_000) if each.kind is kind and each.sent_at]
        return max(sent, key=lambda pair: pair[0])[1] if sent else None

    async def events(self, imsi: Imsi, limit: int = 500) -> list[TimelineEvent]:
        return [event for event in self._tables.events if event.imsi == imsi][-limit:]

    async def open_grants(self, account: AccountId) -> list[CreditGrant]:
        return self._tables.open_grants(account)

    async def credit_record(self, account: AccountId, since: datetime) -> CreditRecord:
        entries = [entry for entry in self._tables.entries if entry.account == account]
        first = next((index for index, entry in enumerate(entries) if entry.at > since), len(entries))
        cards = {card.imsi for card in self._tables.subscribers.values() if card.account == account}
        switches = (OrderKind.STOP, OrderKind.RESUME)
        orders = [order for order in self._tables.orders.values() if order.imsi in cards and order.kind in switches]
        done = sorted(((order.done_at, order) for order in orders if order.done_at), key=lambda each: each[0])
        return CreditRecord(
            tuple(entries[first:]), tuple(order for _, order in done), entries[0].at if entries else None
        )

    async def consumption(self, imsi: Imsi, month: date, measured: Measured) -> Consumption | None:
        return self._tables.consumed.get((imsi, month, measured))

    async def posted(self, key: str) -> PostedUsage | None:
        return self._tables.posted.get(key)

    async def next_duty(self) -> AccountDuty | None:
        return next(iter(self._duties_in_order()), None)

    async def duties_due(self, until: datetime, limit: int = 100) -> list[AccountDuty]:
        return [each for each in self._duties_in_order() if each.comes_at <= until][:limit]

    async def cards_without_fees_planned(
        self, *, after: AccountId | None = None, limit: int = 1000
    ) -> list[Subscriber]:
        planned = {account for account, kind in self._tables.duties if kind is DutyKind.FEES}
        cards = [each for each in self._tables.subscribers.values() if each.plan is not None or each.services]
        accounts = sorted({each.account for each in cards} - planned)
        chosen = [each for each in accounts if after is None or each > after][:limit]
        return sorted((each for each in cards if each.account in chosen), key=lambda each: (each.account, each.imsi))

    async def forget_duties(self, kind: DutyKind) -> None:
        for key in [key for key in self._tables.duties if key[1] is kind]:
            del self._tables.duties[key]

    async def put_duties(self, kind: DutyKind, moments: Sequence[tuple[AccountId, datetime]]) -> None:
        for account, due_at in moments:
            self._tables.duties[account, kind] = AccountDuty(account, kind, due_at)

    async def plan_duties(self, kind: DutyKind, at: datetime) -> None:
        for account in self._tables.accounts:
            self._tables.duties.setdefault((account, kind), AccountDuty(account, kind, at))

    async def duties(self, account: AccountId) -> list[AccountDuty]:
        own = [each for each in self._tables.duties.values() if each.account == account]
        return sorted(own, key=lambda each: (each.due_at, each.kind.value))

    def _duties_in_order(self) -> list[AccountDuty]:
        duties = [
            replace(each, ahead=self._tables.ahead.get(each.account, timedelta(0)))
            for each in self._tables.duties.values()
        ]
        return sorted(duties, key=lambda each: (each.comes_at, each.kind.value, each.account))

    async def add_usage(self, day: date, usage: Sequence[Usage]) -> None:
        with self._faults.point("store"):
            for each in usage:
                key = (day, each.imsi, each.policy, each.group)
                up, down = self._usage.get(key, (0, 0))
                self._usage[key] = (up + each.up, down + each.down)

    async def usage(self, imsi: Imsi, day: date) -> list[Usage]:
        return [each for each in await self.usage_of_day(day) if each.imsi == imsi]

    async def usage_of_day(self, day: date) -> list[Usage]:
        found = sorted(((key, octets) for key, octets in self._usage.items() if key[0] == day), key=str)
        return [Usage(imsi, policy, group, *octets) for (_, imsi, policy, group), octets in found]

    async def forget_usage(self, before: date) -> None:
        self._usage = {key: octets for key, octets in self._usage.items() if key[0] >= before}

    async def contract(self, number: str) -> Contract | None:
        return self._contracts.get(number)

    async def put_contract(self, contract: Contract) -> None:
        self._contracts[contract.number] = contract

    async def decision(self, deduction: str) -> str | None:
        return self._decisions.get(deduction)

    async def decide(self, deduction: str, decided: str) -> str:
        return self._decisions.setdefault(deduction, decided)

    async def read_clock(self) -> datetime | None:
        return self._clock

    async def write_clock(self, now: datetime | None) -> None:
        with self._faults.point("store"):
            self._clock = now

    async def provider_order(self, no: PaymentNo) -> ProviderOrder | None:
        return self._provider_orders.get(no)

    async def put_provider_order(self, order: ProviderOrder) -> None:
        with self._faults.point("store"):
            self._provider_orders[order.no] = order

    async def provider_orders_to_notify(self) -> list[ProviderOrder]:
        due = [(order.notify_at, order.no, order) for order in self._provider_orders.values() if order.notify_at]
        return [order for _, _, order in sorted(due, key=lambda each: each[:2])]

    def orders(self) -> list[WorkOrder]:
        """Every order there ever was, oldest first."""
        return list(self._tables.orders.values())

    def all_notices(self) -> list[Notice]:
        return list(self._tables.notices.values())

    def _latest(self, imsi: Imsi) -> PdnSession | None:
        sessions = [session for session in self._tables.sessions.values() if session.imsi == imsi]
        return max(sessions, key=lambda session: session.policy_version, default=None)


def _moved_at(order: WorkOrder) -> datetime:
    return order.done_at or order.executed_at or order.billed_at or order.created_at
