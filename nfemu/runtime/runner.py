"""The one place that executes a use case's commands.

Rules of this file:

* A use case runs in a task of its own. A caller that goes away (a client that hung up) takes nothing with it.
* Events wait in the run until a commit takes them along, so the timeline never tells what was not stored.
* The PGW's table follows a commit, never leads it; addresses that were reserved and not committed come back. So do
  the queues of orders, and the places in them.
* A run that fails after it has committed something has left work behind: the account is reported to be finished.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from nfemu.bss.order_queue import Admission
from nfemu.carrier import commands as c
from nfemu.carrier.ports import (
    AccountView,
    AddEvent,
    Change,
    Clock,
    Delivery,
    Enforcer,
    IdSource,
    LineState,
    Notifier,
    PaymentProvider,
    PaymentView,
    PlanDuty,
    PutAhead,
    PutDuty,
    PutOrder,
    PutSession,
    Relay,
    Store,
)
from nfemu.epc.pgw import Pgw, Reservation
from nfemu.model.account import LedgerEntry
from nfemu.model.agreements import Deduction, DeductionAnswer
from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.credits import CreditGrant, CreditRecord
from nfemu.model.duties import AccountDuty
from nfemu.model.errors import NfemuError, Unavailable
from nfemu.model.identity import AccountId, CorrelationId, Imsi, OrderId
from nfemu.model.notices import Notice
from nfemu.model.orders import Payment, Receipt, RefundAnswer, WorkOrder
from nfemu.model.subscriber import Subscriber
from nfemu.model.timeline import TimelineEvent
from nfemu.runtime.account_clocks import AccountClocks
from nfemu.runtime.clocks import Trace
from nfemu.runtime.locks import KeyedLocks

T = TypeVar("T")
_log = logging.getLogger(__name__)
PROVIDER_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Outside:
    """The ports that commands reach."""

    store: Store
    enforcer: Enforcer
    notifier: Notifier
    provider: PaymentProvider
    clock: Clock
    clocks: AccountClocks
    ids: IdSource


@dataclass(slots=True)
class _Run:
    """What one use case holds while it runs."""

    account: AccountId | None = None
    traces: dict[CorrelationId, Trace] = field(default_factory=dict)
    events: list[TimelineEvent] = field(default_factory=list)
    reservations: dict[Imsi, Reservation] = field(default_factory=dict)
    admitted: set[OrderId] = field(default_factory=set)
    committed: bool = False


class Later(Protocol):
    """Who is told of what has to happen later."""

    def finish(self, account: AccountId) -> None: ...

    def send(self, at: datetime) -> None: ...

    def relay(self) -> None: ...

    def reactivate(self, account: AccountId) -> None: ...

    def inquire_about(self, payment: Payment) -> None: ...

    def refund(self, account: AccountId) -> None: ...

    def ask_again(self, deduction: Deduction) -> None: ...

    def watch(self, due_at: datetime) -> None: ...

    def happened(self) -> None: ...


class Turns(Protocol):
    """Who says which orders have their turn (`bss.order_queue.OrderQueue`). It follows commits and leads none."""

    def admit(self, order: WorkOrder, now: datetime) -> Admission: ...

    def follow(self, order: WorkOrder) -> None: ...

    def give_back(self, order: OrderId) -> None: ...


class Runner:
    """Runs use cases against the ports. `provider_within`: seconds that a provider may take to answer about an
    agreement or an order that it has."""

    def __init__(
        self, outside: Outside, pgw: Pgw, turns: Turns, later: Later, provider_within: float = PROVIDER_WITHIN
    ) -> None:
        self._outside = outside
        self.pgw = pgw
        self._turns = turns
        self._later = later
        self._provider_within = provider_within
        self._locks: KeyedLocks[AccountId] = KeyedLocks()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._handlers: dict[type[c.Command[Any]], Callable[[_Run, Any], Awaitable[object]]] = {
            c.Begin: self._begin,
            c.Now: self._now,
            c.CarrierNow: self._carrier_now,
            c.LoadAhead: self._load_ahead,
            c.NewId: self._new_id,
            c.Lock: self._lock,
            c.LoadSubscriber: self._load_subscriber,
            c.LoadAccount: self._load_account,
            c.LoadEntry: self._load_entry,
            c.LoadGrants: self._load_grants,
            c.LoadCreditRecord: self._load_credit_record,
            c.LoadConsumption: self._load_consumption,
            c.LoadPosted: self._load_posted,
            c.LoadDuties: self._load_duties,
            c.LoadLedgerSince: self._load_ledger_since,
            c.LoadToldSince: self._load_told_since,
            c.LoadPayment: self._load_payment,
            c.LoadPaymentView: self._load_payment_view,
            c.LoadUnpaid: self._load_unpaid,
            c.LoadPendingNotices: self._load_pending_notices,
            c.LoadInbox: self._load_inbox,
            c.LoadLastNotice: self._load_last_notice,
            c.Emit: self._emit,
            c.Admit: self._admit,
            c.Commit: self._commit,
            c.Reserve: self._reserve,
            c.Apply: self._apply,
            c.Deliver: self._deliver,
            c.OrderAtProvider: self._order_at_provider,
            c.SignAtProvider: self._sign,
            c.RevokeAtProvider: self._revoke,
            c.Deduct: self._deduct,
            c.CloseDeduction: self._close_deduction,
            c.FindAtProvider: self._find,
            c.CloseAtProvider: self._close,
            c.AskAgainLater: self._ask_again,
            c.FinishLater: self._finish,
            c.SendLater: self._send_later,
            c.ReactivateLater: self._reactivate,
            c.InquireLater: self._inquire,
            c.RefundAtProvider: self._refund,
            c.RefundLater: self._refund_later,
        }

    async def run(self, use_case: c.Step[T]) -> T:
        """Run to the end, even if the caller is cancelled meanwhile. Raises what the use case raises."""
        task = asyncio.get_running_loop().create_task(self._drive(use_case))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_orphan)
            raise

    async def drain(self) -> None:
        """Wait until no use case is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _drive(self, use_case: c.Step[T]) -> T:
        run = _Run()
        complete = False
        try:
            command = next(use_case)
            while True:
                try:
                    answer = await self._handlers[type(command)](run, command)
                except NfemuError as error:
                    command = use_case.throw(error)
                else:
                    command = use_case.send(answer)
        except StopIteration as end:
            complete = True
            result: T = end.value
            return result
        finally:
            self._end(run, complete)

    def _end(self, run: _Run, complete: bool) -> None:
        for reservation in run.reservations.values():
            self.pgw.cancel(reservation)
        for order in run.admitted:
            self._turns.give_back(order)
        if run.account is not None:
            self._locks.release(run.account)
            if run.committed and not complete:
                self._later.finish(run.account)

    async def _begin(self, run: _Run, _: c.Begin) -> CorrelationId:
        correlation = CorrelationId(self._outside.ids.new("cor"))
        run.traces[correlation] = Trace.begin()
        return correlation

    async def _now(self, run: _Run, _: c.Now) -> datetime:
        return self._outside.clock.now() + self._ahead(run)

    async def _carrier_now(self, _: _Run, __: c.CarrierNow) -> datetime:
        return self._outside.clock.now()

    async def _load_ahead(self, _: _Run, command: c.LoadAhead) -> timedelta:
        return self._outside.clocks.ahead(command.account)

    def _ahead(self, run: _Run) -> timedelta:
        return timedelta(0) if run.account is None else self._outside.clocks.ahead(run.account)

    async def _new_id(self, run: _Run, command: c.NewId) -> str:
        return self._outside.ids.new(command.prefix, run.account or "")

    async def _lock(self, run: _Run, command: c.Lock) -> None:
        if run.account is not None:
            raise RuntimeError(
                f"a use case locks one account: it holds `{run.account}` and asks for `{command.account}`"
            )
        await self._locks.acquire(command.account)
        run.account = command.account

    async def _load_subscriber(self, _: _Run, command: c.LoadSubscriber) -> Subscriber | None:
        return await self._outside.store.subscriber(command.msisdn)

    async def _load_account(self, _: _Run, command: c.LoadAccount) -> AccountView | None:
        return await self._outside.store.account(command.account)

    async def _load_entry(self, _: _Run, command: c.LoadEntry) -> LedgerEntry | None:
        return await self._outside.store.entry(command.trade_no)

    async def _load_grants(self, _: _Run, command: c.LoadGrants) -> list[CreditGrant]:
        return await self._outside.store.open_grants(command.account)

    async def _load_duties(self, _: _Run, command: c.LoadDuties) -> list[AccountDuty]:
        return await self._outside.store.duties(command.account)

    async def _load_ledger_since(self, _: _Run, command: c.LoadLedgerSince) -> list[LedgerEntry]:
        return await self._outside.store.ledger_since(command.account, command.since)

    async def _load_told_since(self, _: _Run, command: c.LoadToldSince) -> list[Notice]:
        return await self._outside.store.told_since(command.account, command.since)

    async def _load_credit_record(self, _: _Run, command: c.LoadCreditRecord) -> CreditRecord:
        return await self._outside.store.credit_record(command.account, command.since)

    async def _load_consumption(self, _: _Run, command: c.LoadConsumption) -> Consumption | None:
        return await self._outside.store.consumption(command.imsi, command.month, command.measured)

    async def _load_posted(self, _: _Run, command: c.LoadPosted) -> PostedUsage | None:
        return await self._outside.store.posted(command.key)

    async def _load_payment(self, _: _Run, command: c.LoadPayment) -> Payment | None:
        return await self._outside.store.payment(command.no)

    async def _load_payment_view(self, _: _Run, command: c.LoadPaymentView) -> PaymentView | None:
        return await self._outside.store.payment_view(command.no, command.trade_no)

    async def _load_unpaid(self, _: _Run, command: c.LoadUnpaid) -> list[Payment]:
        return await self._outside.store.unpaid(command.imsi)

    async def _load_pending_notices(self, _: _Run, command: c.LoadPendingNotices) -> list[Notice]:
        return await self._outside.store.pending_notices(command.account)

    async def _load_inbox(self, _: _Run, command: c.LoadInbox) -> list[Notice]:
        return await self._outside.store.notices(command.imsi)

    async def _load_last_notice(self, _: _Run, command: c.LoadLastNotice) -> Notice | None:
        return await self._outside.store.last_notice(command.imsi, command.kind)

    async def _emit(self, run: _Run, command: c.Emit) -> None:
        trace = run.traces.get(command.correlation)
        if trace is None:
            trace = await self._resumed_trace(command.imsi, command.correlation)
            run.traces[command.correlation] = trace
        at, elapsed_ms = trace.stamp()
        detail = dict(command.detail)
        now = self._outside.clock.now() + self._ahead(run)
        run.events.append(TimelineEvent(command.imsi, command.correlation, command.name, at, elapsed_ms, detail, now))

    async def _resumed_trace(self, imsi: Imsi, correlation: CorrelationId) -> Trace:
        """The trigger was in another run, perhaps in a process that is gone: its first event tells when."""
        for event in await self._outside.store.events(imsi):
            if event.correlation == correlation:
                return Trace.since(event.at - timedelta(milliseconds=event.elapsed_ms))
        return Trace.begin()

    async def _admit(self, run: _Run, command: c.Admit) -> Admission:
        run.admitted.add(command.order.id)
        return self._turns.admit(command.order, self._outside.clock.now())

    async def _commit(self, run: _Run, command: c.Commit) -> None:
        changes: Sequence[Change] = (*command.changes, *(AddEvent(event) for event in run.events))
        if not changes:
            return
        await self._outside.store.commit(changes)
        run.committed = True
        if run.events:
            run.events.clear()
            self._later.happened()
        for change in command.changes:
            self._follow(run, change)

    def _follow(self, run: _Run, change: Change) -> None:
        """What is kept beside the store goes with what has been committed."""
        match change:
            case PutSession(session):
                self.pgw.accept(session)
                run.reservations.pop(session.imsi, None)
            case PutDuty(account, _, due_at) | PlanDuty(account, _, due_at) if due_at is not None:
                self._later.watch(due_at - self._outside.clocks.ahead(account))
            case PutOrder(order):
                self._turns.follow(order)
                run.admitted.discard(order.id)
            case Relay():
                self._later.relay()
            case PutAhead(account, ahead):
                self._outside.clocks.follow(account, ahead)
            case _:
                return

    async def _reserve(self, run: _Run, command: c.Reserve) -> Reservation:
        reservation = self.pgw.reserve(command.subscriber, command.profile, self._outside.clock.now())
        run.reservations[command.subscriber.imsi] = reservation
        return reservation

    async def _apply(self, _: _Run, command: c.Apply) -> None:
        outcomes = await asyncio.gather(*map(self._apply_one, command.states), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _apply_one(self, state: LineState) -> None:
        await self._outside.enforcer.apply(state)

    async def _deliver(self, _: _Run, command: c.Deliver) -> Delivery:
        return await self._outside.notifier.send(command.notice)

    async def _order_at_provider(self, _: _Run, command: c.OrderAtProvider) -> str:
        payment = self._outside.clocks.by_the_carrier(command.payment)
        return await self._outside.provider.create_order(payment, command.return_url, command.language, command.address)

    async def _find(self, _: _Run, command: c.FindAtProvider) -> Receipt | None:
        async with self._patience():
            return await self._outside.provider.find_order(command.payment)

    async def _close(self, _: _Run, command: c.CloseAtProvider) -> Receipt | None:
        async with self._patience():
            return await self._outside.provider.close_order(command.payment)

    async def _refund(self, _: _Run, command: c.RefundAtProvider) -> RefundAnswer:
        async with self._patience():
            return await self._outside.provider.refund(command.payment)

    async def _sign(self, _: _Run, command: c.SignAtProvider) -> str:
        async with self._patience():
            return await self._outside.provider.sign(command.agreement)

    async def _revoke(self, _: _Run, command: c.RevokeAtProvider) -> None:
        async with self._patience():
            await self._outside.provider.revoke(command.contract)

    async def _deduct(self, _: _Run, command: c.Deduct) -> DeductionAnswer:
        async with self._patience():
            return await self._outside.provider.deduct(command.deduction, command.contract)

    async def _close_deduction(self, _: _Run, command: c.CloseDeduction) -> DeductionAnswer:
        async with self._patience():
            return await self._outside.provider.close_deduction(command.deduction)

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[None]:
        """A provider that does not answer in time is one that cannot be reached."""
        try:
            async with asyncio.timeout(self._provider_within):
                yield
        except TimeoutError:
            raise Unavailable(
                f"the payment provider did not answer within {self._provider_within:g} seconds; try again"
            ) from None

    async def _ask_again(self, _: _Run, command: c.AskAgainLater) -> None:
        self._later.ask_again(command.deduction)

    async def _finish(self, _: _Run, command: c.FinishLater) -> None:
        self._later.finish(command.account)

    async def _send_later(self, run: _Run, command: c.SendLater) -> None:
        self._later.send(command.at - self._ahead(run))

    async def _reactivate(self, _: _Run, command: c.ReactivateLater) -> None:
        self._later.reactivate(command.account)

    async def _refund_later(self, _: _Run, command: c.RefundLater) -> None:
        self._later.refund(command.account)

    async def _inquire(self, _: _Run, command: c.InquireLater) -> None:
        self._later.inquire_about(command.payment)


def _log_orphan(task: asyncio.Task[Any]) -> None:
    """The caller is gone, so nobody else will hear of the failure."""
    error = task.exception()
    if error is not None:
        _log.warning("a use case whose caller went away failed: %s", error)
