"""`carrier.ports.Store`, the provider's books and the outbox of webhooks, on a database.

Blocking work runs in threads: one that writes, a few that read.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from copy import copy
from datetime import UTC, date, datetime, timedelta
from typing import Self, TypeVar

from sqlalchemy import Connection

from nfemu.carrier.ports import AccountView, Change, PaymentView
from nfemu.model.account import LedgerEntry
from nfemu.model.agreements import Contract, Deduction
from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.credits import CreditGrant, CreditRecord
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.errors import Unavailable
from nfemu.model.identity import AccountId, EventId, Imsi, Msisdn, NoticeId, PaymentNo, WebhookId
from nfemu.model.listing import AccountsWanted, CardsWanted, PaymentsWanted
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind, Relayed
from nfemu.model.orders import Payment, WorkOrder
from nfemu.model.plans import Measured
from nfemu.model.provider import ProviderOrder
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import OrderedProfile, Subscriber
from nfemu.model.timeline import TimelineEvent
from nfemu.model.usage import Usage
from nfemu.model.webhooks import Delivery, DeliveryState, RecordedEvent
from nfemu.store import (
    alignment,
    billing,
    content,
    contracts,
    credit,
    duties,
    listing,
    provider_book,
    reads,
    seed,
    values,
    wipe,
    writes,
)
from nfemu.store import notices as messages
from nfemu.store import usage as usages
from nfemu.store import webhooks as hooks
from nfemu.store.content import Part
from nfemu.store.database import READERS, Database, Transactions, parse_url
from nfemu.store.grouping import Grouping
from nfemu.store.migrate import upgrade
from nfemu.store.seed_types import SeedAccount, SeedRange
from nfemu.store.static import static_subscribers
from nfemu.store.wechat_books import WechatBooks

T = TypeVar("T")


_BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Before all duties."""


class SqlStore:
    """Durable state in SQLite (`sqlite:///path`) or PostgreSQL (`postgresql://…`), or wherever `where` writes.

    Raises InvalidInput when the URL is neither. Between `open` and `close` every method may be called from any task;
    each raises Unavailable when the database cannot do it now, with nothing written. A commit whose caller was
    cancelled may still take effect, as any that was on its way.
    """

    def __init__(self, where: str | Transactions) -> None:
        self._database = Database(parse_url(where)) if isinstance(where, str) else where
        self._grouping = Grouping(self._database.write)
        self._threads: tuple[Executor, Executor] | None = None
        self._superseded = False
        """Its content has been replaced. Set in the writer's thread, between the writes before and those after."""

    async def open(self) -> None:
        """Create what is missing and bring the schema up to date.

        Raises Unavailable (cannot be opened) and Conflict (a newer program wrote it). The file of a new SQLite store
        is readable by its owner only.
        """
        self._threads = (
            ThreadPoolExecutor(1, thread_name_prefix="store-writer"),
            ThreadPoolExecutor(READERS, thread_name_prefix="store-reader"),
        )
        try:
            await self._run(self._threads[0], self._database.create_file)
            await self._write_alone(upgrade)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what was begun, then let go of the database. Harmless when it is closed."""
        if self._threads is None:
            return
        threads, self._threads = self._threads, None
        for executor in threads:
            await asyncio.to_thread(executor.shutdown)
        await asyncio.to_thread(self._database.close)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        """`work` may run twice: see Grouping."""
        writer = self._opened()[0]
        write = self._grouping.add(work)
        try:
            result: T = await self._run(writer, lambda: self._grouping.finish(write))
        except asyncio.CancelledError:
            write.done = True
            raise
        return result

    async def _write_alone(self, work: Callable[[Connection], T]) -> T:
        return await self._run(self._opened()[0], lambda: self._database.write(work))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await self._run(self._opened()[1], lambda: self._database.read(work))

    def _opened(self) -> tuple[Executor, Executor]:
        self._refuse_superseded()
        if self._threads is None:
            raise Unavailable("the store is not open")
        return self._threads

    def _refuse_superseded(self) -> None:
        if self._superseded:
            raise Unavailable("the carrier has gone over to another state meanwhile, nothing was written; ask again")

    async def _run(self, executor: Executor, work: Callable[[], T]) -> T:
        def run() -> T:
            self._refuse_superseded()
            return work()

        return await asyncio.get_running_loop().run_in_executor(executor, run)

    @property
    def wechat(self) -> WechatBooks:
        """The books of the emulated WeChat Pay."""
        return WechatBooks(self._read, self._write)

    async def content(self) -> list[Part]:
        """Every row, on one snapshot."""
        return await self._read(lambda connection: list(content.read(connection)))

    async def exchange(
        self,
        parts: Sequence[Part],
        accounts: Iterable[SeedAccount],
        subscribers: Iterable[Subscriber],
        *,
        ranges: Sequence[SeedRange] = (),
        fingerprint: str | None = None,
    ) -> Self:
        """Replace everything by `parts`, seeded as `seed` does, in one transaction; the store of the new content.

        From then on this one refuses everything, also what it was asked before and has not done: nothing of the former
        content's life gets into the new one's. Raises as `seed`; then everything is as before.
        """
        load = self._seeding(accounts, subscribers, ranges, None, fingerprint, ())

        def replace(connection: Connection) -> None:
            wipe.everything(connection)
            content.fill(connection, parts)
            load(connection)

        def run() -> None:
            self._database.write(replace)
            self._superseded = True

        writer = self._opened()[0]
        heir = copy(self)
        heir._grouping = Grouping(self._database.write)  # noqa: SLF001 - what waits in ours is of the former content
        await self._run(writer, run)
        self._threads = None
        return heir

    async def seed(
        self,
        accounts: Iterable[SeedAccount],
        subscribers: Iterable[Subscriber],
        *,
        ranges: Sequence[SeedRange] = (),
        at: datetime | None = None,
        fingerprint: str | None = None,
        changes: Sequence[Change] = (),
    ) -> None:
        """Add the accounts and cards that are not there yet, all or none; what is there keeps its state, and accounts
        get the terms of the configuration.

        Both iterables are read once, in the writer's thread; `ranges` are made in the database, which takes a third
        of the time. `at` is the business time of the opening balances (None: where the test clock stands, else the
        wall clock). With a `fingerprint` of the source equal to that of the last seed nothing is read at all.
        `changes` go into the same transaction. Raises Conflict, NotFound and InvalidInput as `seed.load` says.
        """

        await self._write_alone(self._seeding(accounts, subscribers, ranges, at, fingerprint, changes))

    @staticmethod
    def _seeding(
        accounts: Iterable[SeedAccount],
        subscribers: Iterable[Subscriber],
        ranges: Sequence[SeedRange],
        at: datetime | None,
        fingerprint: str | None,
        changes: Sequence[Change],
    ) -> Callable[[Connection], None]:
        def load(connection: Connection) -> None:
            if fingerprint is None or values.seed_fingerprint(connection) != fingerprint:
                opened_at = at or values.clock(connection) or datetime.now(UTC)
                seed.load(connection, accounts, subscribers, ranges, opened_at)
                values.set_seed_fingerprint(connection, fingerprint or "")
            for change in changes:
                writes.apply(connection, change)

        return load

    async def wipe(self) -> None:
        """Delete everything, the ledger too: the one way to do that. The schema stays."""
        await self._write_alone(wipe.everything)

    async def name_index(self, name: str) -> int:
        """The durable number of a host name: 1, 2, 3, … in the order of first use."""
        known = await self._read(lambda connection: values.name_number(connection, name))
        if known is not None:
            return known
        return await self._write(lambda connection: values.give_name_number(connection, name))

    async def commit(self, changes: Sequence[Change]) -> None:
        """Write all changes, in their order, or none. Raises Conflict, NotFound, InvalidInput, Unavailable."""

        def apply(connection: Connection) -> None:
            for change in changes:
                writes.apply(connection, change)

        if changes:
            await self._write(apply)

    async def subscriber(self, msisdn: Msisdn) -> Subscriber | None:
        return await self._read(lambda connection: reads.subscriber(connection, msisdn))

    async def subscriber_by_imsi(self, imsi: Imsi) -> Subscriber | None:
        return await self._read(lambda connection: reads.subscriber_by_imsi(connection, imsi))

    async def subscribers(self, *, after: Msisdn | None = None, limit: int = 100) -> list[Subscriber]:
        return await self._read(lambda connection: reads.subscribers(connection, after, limit))

    async def count_subscribers(self) -> int:
        return await self._read(reads.count_subscribers)

    async def cards(self, wanted: CardsWanted, offset: int, limit: int) -> tuple[list[Subscriber], int]:
        return await self._read(lambda connection: listing.cards(connection, wanted, offset, limit))

    async def accounts(self, wanted: AccountsWanted, offset: int, limit: int) -> tuple[list[AccountId], int]:
        return await self._read(lambda connection: listing.accounts(connection, wanted, offset, limit))

    async def payments(self, wanted: PaymentsWanted, offset: int, limit: int) -> tuple[list[Payment], int]:
        return await self._read(lambda connection: listing.payments(connection, wanted, offset, limit))

    async def static_subscribers(self) -> list[Subscriber]:
        return await self._read(static_subscribers)

    async def ordered_profiles(self) -> dict[Imsi, OrderedProfile]:
        return await self._read(alignment.ordered_profiles)

    async def misplaced_accounts(self, resume_balance: Money, restricted: OrderedProfile) -> list[AccountId]:
        return await self._read(lambda connection: alignment.misplaced_accounts(connection, resume_balance, restricted))

    async def account(self, account: AccountId) -> AccountView | None:
        return await self._read(lambda connection: reads.account(connection, account))

    async def ledger(self, account: AccountId, limit: int = 100) -> list[LedgerEntry]:
        return await self._read(lambda connection: reads.ledger(connection, account, limit))

    async def ledger_since(self, account: AccountId, since: datetime) -> list[LedgerEntry]:
        return await self._read(lambda connection: reads.ledger_since(connection, account, since))

    async def told_since(self, account: AccountId, since: datetime) -> list[Notice]:
        return await self._read(lambda connection: messages.told_since(connection, account, since))

    async def entry(self, trade_no: str) -> LedgerEntry | None:
        return await self._read(lambda connection: reads.entry(connection, trade_no))

    async def payment(self, no: PaymentNo) -> Payment | None:
        return await self._read(lambda connection: reads.payment(connection, no))

    async def payment_view(self, no: PaymentNo, trade_no: str) -> PaymentView | None:
        return await self._read(lambda connection: reads.payment_view(connection, no, trade_no))

    async def open_payments(self) -> list[Payment]:
        return await self._read(reads.open_payments)

    async def unpaid(self, imsi: Imsi) -> list[Payment]:
        return await self._read(lambda connection: reads.unpaid(connection, imsi))

    async def open_deductions(self) -> list[Deduction]:
        return await self._read(reads.open_deductions)

    async def sessions(self) -> list[PdnSession]:
        return await self._read(reads.sessions)

    async def sessions_released_since(self, since: datetime) -> list[PdnSession]:
        return await self._read(lambda connection: reads.sessions_released_since(connection, since))

    async def unfinished_orders(self) -> list[WorkOrder]:
        return await self._read(reads.unfinished_orders)

    async def orders_moved_since(self, since: datetime) -> list[WorkOrder]:
        return await self._read(lambda connection: reads.orders_moved_since(connection, since))

    async def refunds_wanted(self) -> list[Payment]:
        return await self._read(reads.refunds_wanted)

    async def payments_ordered(self, since: datetime, until: datetime) -> list[Payment]:
        return await self._read(lambda connection: reads.payments_ordered(connection, since, until))

    async def refund_entries(self, since: datetime, until: datetime) -> list[LedgerEntry]:
        return await self._read(lambda connection: reads.refund_entries(connection, since, until))

    async def payments_posted_since(self, since: datetime) -> list[Payment]:
        return await self._read(lambda connection: reads.payments_posted_since(connection, since))

    async def pending_notices(self, account: AccountId) -> list[Notice]:
        return await self._read(lambda connection: messages.pending(connection, account))

    async def notices_due(self, channel: Channel, now: datetime, limit: int) -> list[tuple[AccountId, NoticeId]]:
        return await self._read(lambda connection: messages.due(connection, channel, now, limit))

    async def next_notice(self) -> datetime | None:
        return await self._read(messages.first_due)

    async def notices(self, imsi: Imsi, limit: int = 100) -> list[Notice]:
        return await self._read(lambda connection: messages.inbox(connection, imsi, limit))

    async def last_notice(self, imsi: Imsi, kind: NoticeKind) -> Notice | None:
        return await self._read(lambda connection: messages.last(connection, imsi, kind))

    async def relayed(self, limit: int) -> list[Relayed]:
        """Short messages that no receiver has acknowledged, in the order in which they were sent."""
        return await self._read(lambda connection: messages.relayed(connection, limit))

    async def forget_relayed(self, notices: Sequence[NoticeId]) -> None:
        """Receivers have acknowledged them."""
        await self._write(lambda connection: messages.forget_relayed(connection, notices))

    async def events(self, imsi: Imsi, limit: int = 500) -> list[TimelineEvent]:
        return await self._read(lambda connection: reads.events(connection, imsi, limit))

    async def open_grants(self, account: AccountId) -> list[CreditGrant]:
        return await self._read(lambda connection: billing.open_grants(connection, account))

    async def credit_record(self, account: AccountId, since: datetime) -> CreditRecord:
        return await self._read(lambda connection: credit.record(connection, account, since))

    async def consumption(self, imsi: Imsi, month: date, measured: Measured) -> Consumption | None:
        return await self._read(lambda connection: billing.consumption(connection, imsi, month, measured))

    async def posted(self, key: str) -> PostedUsage | None:
        return await self._read(lambda connection: billing.posted(connection, key))

    async def next_duty(self) -> AccountDuty | None:
        return await self._read(duties.next_duty)

    async def ahead(self) -> dict[AccountId, timedelta]:
        return await self._read(duties.own_clocks)

    async def duties_due(self, until: datetime, limit: int = 100) -> list[AccountDuty]:
        return await self._read(lambda connection: duties.due(connection, until, limit))

    async def cards_without_fees_planned(
        self, *, after: AccountId | None = None, limit: int = 1000
    ) -> list[Subscriber]:
        return await self._read(lambda connection: duties.cards_without_fees_planned(connection, after, limit))

    async def duties(self, account: AccountId) -> list[AccountDuty]:
        return await self._read(lambda connection: duties.of_account(connection, account))

    async def forget_duties(self, kind: DutyKind) -> None:
        await self._write(lambda connection: duties.forget_later(connection, kind, _BEGINNING))

    async def plan_duties(self, kind: DutyKind, at: datetime) -> None:
        await self._write(lambda connection: duties.plan_all(connection, kind, at))

    async def put_duties(self, kind: DutyKind, moments: Sequence[tuple[AccountId, datetime]]) -> None:
        await self._write(lambda connection: duties.put_many(connection, kind, moments))

    async def add_usage(self, day: date, usage: Sequence[Usage]) -> None:
        await self._write(lambda connection: usages.add(connection, day, usage))

    async def usage(self, imsi: Imsi, day: date) -> list[Usage]:
        return await self._read(lambda connection: usages.of_line(connection, imsi, day))

    async def usage_of_day(self, day: date) -> list[Usage]:
        return await self._read(lambda connection: usages.of_day(connection, day))

    async def forget_usage(self, before: date) -> None:
        await self._write(lambda connection: usages.forget_before(connection, before))

    async def contract(self, number: str) -> Contract | None:
        """A contract of the built-in payment provider."""
        return await self._read(lambda connection: contracts.contract(connection, number))

    async def put_contract(self, contract: Contract) -> None:
        await self._write(lambda connection: contracts.put_contract(connection, contract))

    async def decision(self, deduction: str) -> str | None:
        """What the built-in payment provider decided on a deduction, if anything."""
        return await self._read(lambda connection: contracts.decision(connection, deduction))

    async def decide(self, deduction: str, decided: str) -> str:
        """Keep the decision unless there is one; what holds."""
        return await self._write(lambda connection: contracts.decide(connection, deduction, decided))

    async def read_clock(self) -> datetime | None:
        return await self._read(values.clock)

    async def write_clock(self, now: datetime | None) -> None:
        await self._write(lambda connection: values.set_clock(connection, now))

    async def provider_order(self, no: PaymentNo) -> ProviderOrder | None:
        return await self._read(lambda connection: provider_book.order(connection, no))

    async def put_provider_order(self, order: ProviderOrder) -> None:
        await self._write(lambda connection: provider_book.put(connection, order))

    async def provider_orders_to_notify(self) -> list[ProviderOrder]:
        return await self._read(provider_book.to_notify)

    async def begin_webhooks(self, webhooks: Collection[WebhookId]) -> None:
        await self._write(lambda connection: hooks.begin(connection, webhooks))

    async def events_for(self, webhook: WebhookId, limit: int) -> list[RecordedEvent]:
        return await self._read(lambda connection: hooks.events(connection, webhook, limit))

    async def take_events(self, webhook: WebhookId, serial: int, deliveries: Sequence[Delivery]) -> None:
        await self._write(lambda connection: hooks.take(connection, webhook, serial, deliveries))

    async def next_delivery(self, webhook: WebhookId) -> Delivery | None:
        return await self._read(lambda connection: hooks.next_delivery(connection, webhook))

    async def put_delivery(self, delivery: Delivery) -> None:
        await self._write(lambda connection: hooks.put(connection, delivery))

    async def delivery(self, webhook: WebhookId, event: EventId) -> Delivery | None:
        return await self._read(lambda connection: hooks.delivery(connection, webhook, event))

    async def deliveries(
        self, webhook: WebhookId, state: DeliveryState | None = None, limit: int = 100
    ) -> list[Delivery]:
        return await self._read(lambda connection: hooks.deliveries(connection, webhook, state, limit))

    async def forget_deliveries(self, before: datetime) -> None:
        await self._write(lambda connection: hooks.forget_before(connection, before))
