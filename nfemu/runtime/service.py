"""The carrier as the rest of the program sees it: one method per use case, and the queries (queries.py) around them.

Order at start: `load` (sessions are known, so that workers can be fed), then the gateway, then `start` (what was
unfinished is finished). `start` loads by itself where nobody did.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from nfemu.bss.dunning import DunningRules
from nfemu.carrier import (
    agreements,
    billing,
    clicks,
    confirmations,
    consumption,
    credit,
    detection,
    duties,
    grants,
    inquiries,
    own_clock,
    payments,
    profiles,
    recheck,
    refunds,
    resume,
    sessions,
)
from nfemu.carrier.commands import Step
from nfemu.carrier.credit import CreditReport
from nfemu.carrier.inquiries import Learned
from nfemu.carrier.payments import PaymentNotification, Settlement
from nfemu.carrier.ports import Enforcer, IdSource, Notifier, PaymentProvider, Store
from nfemu.carrier.refunds import RefundNotification
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import LineStatus
from nfemu.epc.pgw import Pgw
from nfemu.model.agreements import Deduction
from nfemu.model.destination import IpAddress
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.errors import Conflict, InvalidInput, Unavailable
from nfemu.model.identity import AccountId, Imsi, Msisdn, NoticeId, OrderId, PaymentNo, PolicyName
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice
from nfemu.model.orders import Payment, PaymentState
from nfemu.model.plans import Measured
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import Subscriber
from nfemu.model.usage import Usage
from nfemu.runtime.agenda import Agenda, Happening
from nfemu.runtime.calendar import Calendar
from nfemu.runtime.changeover import Changeover, ChangeoverSource, plan_changeover, restored_table
from nfemu.runtime.clocks import TestClock, WallClock, leave_test_clock
from nfemu.runtime.detection import Detection
from nfemu.runtime.in_force import InForce
from nfemu.runtime.inquiries import Inquiries
from nfemu.runtime.metering import Metering
from nfemu.runtime.order_desk import OrderDesk
from nfemu.runtime.order_pump import OrderPump, PumpSource
from nfemu.runtime.outbox import Outbox
from nfemu.runtime.planning import plan_dunning, plan_fees
from nfemu.runtime.queries import Queries
from nfemu.runtime.runner import PROVIDER_WITHIN, Outside, Runner
from nfemu.runtime.unfinished import Unfinished
from nfemu.runtime.usage import UsageBook

T = TypeVar("T")
_log = logging.getLogger(__name__)
_ABREAST = 16
"""Accounts whose orders are carried out at a time on the wall clock; on a test clock one after the other, so that a
run can be repeated exactly."""
PAGE_DELIVERY = 5.0
"""Seconds that a success page has at most before a reactivation ends its connection (architecture, section 5)."""


class CarrierService(Queries):
    """`day_began` is called when the business day has become another one, `relayed` when short messages wait for
    receivers, `happened` when timelines have gone on. `clock` is a WallClock or a TestClock; `page_delivery` and
    `provider_within` are in seconds."""

    def __init__(
        self,
        *,
        store: Store,
        enforcer: Enforcer,
        notifier: Notifier,
        provider: PaymentProvider,
        clock: WallClock | TestClock,
        ids: IdSource,
        rules: CarrierRules,
        day_began: Callable[[], None] = lambda: None,
        relayed: Callable[[], None] = lambda: None,
        happened: Callable[[], None] = lambda: None,
        page_delivery: float = PAGE_DELIVERY,
        provider_within: float = PROVIDER_WITHIN,
    ) -> None:
        in_force = InForce(rules, Pgw(rules.catalogue))
        self._metering = Metering(self._charge_traffic, self._is_free)
        usage = UsageBook(store, clock, lambda: in_force.rules.detection.zone, day_began, self._metering.add)
        super().__init__(store, clock, in_force, usage)
        self._provider = provider
        self._ids = ids
        self._relayed = relayed
        self._dunned_by: DunningRules | None = None
        self._happened = happened
        self._page_delivery = page_delivery
        self._unfinished = Unfinished(store, in_force, self._run)
        outside = Outside(store, enforcer, notifier, provider, clock, self.clocks, ids)
        self._agenda = Agenda(clock)
        abreast = _ABREAST if isinstance(clock, WallClock) else 1
        self._pump = OrderPump(PumpSource(store, self._agenda, clock), rules.orders, self._proceed, abreast)
        self.orders = OrderDesk(store, clock, self._pump.queue, self._resubmit)
        self._runner = Runner(outside, in_force.pgw, self._pump, self, provider_within)
        self._inquiries = Inquiries(store, self._agenda, self.clocks, self.inquire)
        self._outbox = Outbox(store, self._agenda, clock, lambda: in_force.rules.notices, self._send, abreast)
        self._calendar = Calendar(store, self._agenda, clock, self._do_duty)
        self._detection = Detection(self._request_blocked, clock)
        self._clock_lock = asyncio.Lock()
        self._running = asyncio.Event()
        self._running.set()
        self._loaded = False
        self._abandoned = False

    # ---- start and stop

    async def load(self) -> None:
        """The clocks' positions, static addresses and the session table, from the store.

        Raises Unavailable; Conflict where the wall clock is behind a test clock that has run here.
        """
        if isinstance(self.clock, TestClock):
            await self.clock.load()
        else:
            await leave_test_clock(self._store, self.clock.now())
        await self.clocks.load()
        latest = await self._store.sessions()
        rules = self._in_force.rules
        self._in_force.pgw = self._runner.pgw = await restored_table(self._store, self.clock, rules, latest)
        await self._pump.load()
        await self._usage.load()
        self._loaded = True

    async def start(self) -> None:
        """Finish what an earlier process left: orders, acknowledgements, notices, expiries. Raises Unavailable."""
        if not self._loaded:
            await self.load()
        await self.realign()
        for payment in await self._store.open_payments():
            self.inquire_about(payment)
        for deduction in await self._store.open_deductions():
            self.ask_again(deduction)
        await self._unfinished.refund_later()
        await self.plan_duties()
        await self._outbox.start()
        self._detection.start()
        self._usage.start()
        await self._agenda.start()

    async def stop(self) -> None:
        """Let finish what runs; what waits is found in the store at the next start."""
        await self._agenda.stop()
        await self._detection.stop()
        await self._runner.drain()
        await self._unfinished.stop()
        await self._usage.stop()
        await self._metering.settle()

    async def abandon(self) -> None:
        """What is stored is another life's from now on: what waits or is under way ends, and nothing is stored."""
        self._abandoned = True
        self._metering.abandon()
        self._running.set()
        await self._agenda.stop()
        await self._detection.stop()
        await self._runner.drain()
        await self._unfinished.stop()
        await self._usage.abandon()
        await self._metering.settle()

    # ---- use cases

    async def attach(self, msisdn: Msisdn) -> PdnSession:
        """See `carrier.sessions.attach`."""
        return await self._run(lambda rules: sessions.attach(rules, msisdn))

    async def detach(self, msisdn: Msisdn) -> PdnSession:
        """See `carrier.sessions.detach`."""
        return await self._run(lambda rules: sessions.detach(rules, msisdn))

    async def charge(self, msisdn: Msisdn, amount: Money, note: str = "", key: str | None = None) -> LineStatus:
        """See `carrier.billing.charge`."""
        return await self._run(lambda rules: billing.charge(rules, msisdn, amount, note, key))

    async def grant_credit(self, msisdn: Msisdn, amount: Money, expires_at: datetime, reason: str = "") -> LineStatus:
        """See `carrier.grants.grant`."""
        return await self._run(lambda rules: grants.grant(rules, msisdn, amount, expires_at, reason))

    async def credit(self, msisdn: Msisdn) -> CreditReport:
        """See `carrier.credit.explain`. Raises NotFound."""
        account = (await self._subscriber(msisdn)).account
        found = await self._run(lambda rules: credit.explain(rules, msisdn))
        planned = {duty.kind: duty.due_at for duty in await self._store.duties(account)}
        return replace(found, next_at=planned.get(DutyKind.CREDIT))

    async def consume(self, msisdn: Msisdn, measured: Measured, amount: int, key: str | None = None) -> LineStatus:
        """See `carrier.consumption.consume`."""
        return await self._run(lambda rules: consumption.consume(rules, msisdn, measured, amount, key))

    async def restrict(self, msisdn: Msisdn) -> LineStatus:
        """See `carrier.billing.restrict`."""
        return await self._run(lambda rules: billing.restrict(rules, msisdn))

    async def restore(self, msisdn: Msisdn) -> LineStatus:
        """See `carrier.billing.restore`."""
        return await self._run(lambda rules: billing.restore(rules, msisdn))

    async def order_profile(self, msisdn: Msisdn, name: str) -> LineStatus:
        """See `carrier.profiles.order_profile`."""
        return await self._run(lambda rules: profiles.order_profile(rules, msisdn, name))

    async def order_payment(
        self, msisdn: Msisdn, amount: Money, return_url: str, language: str = "", address: IpAddress | None = None
    ) -> tuple[Payment, str]:
        """See `carrier.payments`: the order, and the URL of the provider's page."""
        provider = self._provider.name
        payment, correlation = await self._run(lambda rules: payments.place(rules, provider, msisdn, amount))
        page = await self._run(
            lambda _: payments.order_at_provider(payment, correlation, return_url, language, address)
        )
        return payment, page

    async def order_immediate(self, msisdn: Msisdn, amount: Money, no: PaymentNo | None = None) -> Payment:
        """The order of a payer who hands the money over with it; see `carrier.payments.place_immediate`."""
        provider = self._provider.name
        payment, correlation = await self._run(
            lambda rules: payments.place_immediate(rules, provider, msisdn, amount, no)
        )
        await self._run(lambda _: payments.order_at_provider(payment, correlation, "", ""))
        return payment

    async def waiting_orders(
        self, msisdn: Msisdn, return_url: str, language: str, address: IpAddress | None = None
    ) -> list[tuple[Payment, str]]:
        """See `carrier.payments.waiting`."""
        return await self._run(lambda _: payments.waiting(msisdn, return_url, language, address))

    async def sign_agreement(self, msisdn: Msisdn, cap: Money | None) -> LineStatus:
        """See `carrier.agreements.sign`."""
        return await self._run(lambda rules: agreements.sign(rules, self._provider.name, msisdn, cap))

    async def revoke_agreement(self, msisdn: Msisdn) -> LineStatus:
        """See `carrier.agreements.revoke`."""
        return await self._run(lambda rules: agreements.revoke(rules, msisdn))

    async def settle(self, notification: PaymentNotification) -> Settlement:
        """See `carrier.payments.settle`."""
        return await self._run(lambda rules: payments.settle(rules, notification))

    async def refunded(self, told: RefundNotification) -> bool:
        """See `carrier.refunds.refunded`; a payment that nobody has told of yet is asked about first."""
        if (await self.payment(told.payment_no)).state is PaymentState.CREATED:
            await self.inquire(told.payment_no)
        return await self._run(lambda rules: refunds.refunded(rules, told))

    async def inquire(self, no: PaymentNo) -> Learned:
        """See `carrier.inquiries.inquire`."""
        return await self._run(lambda rules: inquiries.inquire(rules, no))

    async def confirm_paid(self, msisdn: Msisdn, sender: str, texts: Mapping[str, str], channel: Channel) -> Notice:
        """See `carrier.confirmations.confirm`."""
        return await self._run(lambda rules: confirmations.confirm(rules, msisdn, sender, texts, channel))

    async def click(self, msisdn: Msisdn, name: str) -> Notice:
        """See `carrier.clicks.click`."""
        return await self._run(lambda _: clicks.click(msisdn, name))

    def request_blocked(self, msisdn: Msisdn, version: int) -> None:
        """An enforcement point refused a request of the line at that version: the owner may be due the link (G20)."""
        self._detection.blocked(msisdn, version)

    def used(self, usage: Sequence[Usage]) -> None:
        """An enforcement point's report of what lines have used (G7)."""
        self._usage.add(usage)

    async def page_delivered(self, msisdn: Msisdn) -> None:
        """The success page has reached the phone: a reactivation that waits for it happens now.

        Raises NotFound; Unavailable: it is tried again.
        """
        await self._unfinished.reactivate_now((await self._subscriber(msisdn)).account)

    # ---- new rules

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """No use case is under way, and none begins, until the block ends: those that come meanwhile wait."""
        self._running.clear()
        try:
            await self._runner.drain()
            yield
        finally:
            self._running.set()

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """As `paused`; the clock stands as well, and all that was reported of use is stored. Raises Unavailable."""
        async with self._clock_lock, self.paused():
            await self._usage.store()
            yield

    async def plan(self, rules: CarrierRules, newcomers: Sequence[Subscriber] = ()) -> Changeover:
        """What `rules` change in sessions. To be carried out, it is made and taken over in one pause.

        `newcomers`: cards that come with them. Raises Conflict where something in use would vanish, Unavailable.
        """
        outside = ChangeoverSource(self._store, self._in_force.pgw, self._ids, self.clock)
        return await plan_changeover(outside, self._in_force.rules, rules, newcomers)

    def take_over(self, changeover: Changeover) -> None:
        """From the next use case on by the new rules, once `changeover.changes` are committed."""
        self._in_force.rules = changeover.rules
        self._detection.forget()
        self._pump.resize(changeover.rules.orders)
        self._in_force.pgw = self._runner.pgw = changeover.pgw
        for session in changeover.sessions:
            self._in_force.pgw.accept(session)

    async def confirm(self, changeover: Changeover) -> None:
        """Every enforcement point holds the changed sessions. What cannot be stored now is finished later."""
        acknowledged = changeover.acknowledged()
        try:
            await self._store.commit(acknowledged)
        except Unavailable as error:
            _log.warning("changed sessions are confirmed later: %s", error)
            await self._unfinished.finish_later()
            return
        for session in changeover.confirmed_sessions():
            self._in_force.pgw.accept(session)

    async def plan_duties(self) -> None:
        """Whatever accounts have to expect under the rules, and did not yet, is planned. Raises Unavailable."""
        await plan_fees(self._store, self.clocks, self._in_force.rules.fees)
        await plan_dunning(self._store, self.clock, self._in_force.rules.dunning, self._dunned_by)
        self._dunned_by = self._in_force.rules.dunning
        await self._calendar.start()

    async def realign(self) -> int:
        """See `Unfinished.realign_all`."""
        return await self._unfinished.realign_all()

    # ---- the clock

    async def advance_clock(self, by: timedelta) -> list[Happening]:
        """Move the test clock; what fell due meanwhile, in order. Raises Conflict, InvalidInput, Unavailable.

        Of several at a time each moves it by its own share, one behind the other.
        """
        if by < timedelta(0):
            raise InvalidInput(f"the test clock only moves forward; `{by}` is negative")
        async with self._clock_lock:
            try:
                to = self.clock.now() + by
            except OverflowError:
                raise InvalidInput(f"`{by}` leads beyond the year 9999; advance by less") from None
            return await self._move(to)

    async def set_clock(self, to: datetime) -> list[Happening]:
        """Move the test clock to `to`. Raises as `advance_clock` does."""
        async with self._clock_lock:
            return await self._move(to)

    async def _move(self, to: datetime) -> list[Happening]:
        if not isinstance(self.clock, TestClock):
            raise Conflict("business time is the wall clock here; start with `nfemu up --clock test` to move it")
        try:
            return await self._agenda.advance(self.clock, to)
        finally:
            self._usage.look_at_the_day()

    async def advance_account(self, account: AccountId, by: timedelta) -> list[Happening]:
        """Put the account's own clock forward, whatever the carrier's is; what fell due on it meanwhile, in order, each
        with the account's own time. Raises as `advance_clock` does, and NotFound."""
        if by < timedelta(0):
            raise InvalidInput(f"the clock of an account only moves forward; `{by}` is negative")
        async with self._clock_lock:
            return await self._move_account(account, self.clocks.ahead(account) + by)

    async def set_account_clock(self, account: AccountId, to: datetime) -> list[Happening]:
        """Put the account's own clock forward to `to`. Raises as `advance_account` does."""
        async with self._clock_lock:
            return await self._move_account(account, to - self.clock.now())

    async def _move_account(self, account: AccountId, until: timedelta) -> list[Happening]:
        """Until its clock is so far ahead of the carrier's, stopping at whatever falls due on the way."""
        try:
            self.clock.now() + until
        except OverflowError:
            raise InvalidInput("that leads beyond the year 9999; advance by less") from None
        self._detection.forget()
        happened = await self._run_due_of(account)
        while await self._run(lambda _: own_clock.step(account, until)) < until:
            happened += await self._run_due_of(account)
        return happened + await self._run_due_of(account)

    async def _run_due_of(self, account: AccountId) -> list[Happening]:
        """Of others nothing is due that was not: the carrier's clock has not been moved."""
        now = self.clocks.now(account)
        for payment in await self._store.open_payments():
            self.inquire_about(payment)
        for deduction in await self._store.open_deductions():
            if deduction.account == account and deduction.retry_at is not None and deduction.retry_at <= now:
                self.ask_again(deduction)
        await self._outbox.start()
        await self._calendar.start()
        return [Happening(now, each.text) for each in await self._agenda.run_due()]

    # ---- later

    def at(self, due_at: datetime, run: Callable[[], Awaitable[str | None]]) -> None:
        """Do something at a business time; see `agenda.Duty`."""
        self._agenda.add(due_at, run)

    def horizon(self) -> datetime | None:
        """Where the test clock is being moved to; None while it stands."""
        return self._agenda.horizon

    # what the runner tells

    def send(self, at: datetime) -> None:
        """Messages are pending that may be sent then."""
        self._outbox.watch(at)

    def relay(self) -> None:
        """Short messages wait for receivers."""
        self._relayed()

    def finish(self, account: AccountId) -> None:
        """Something of the account is left to do: try again soon."""
        self._unfinished.finishing.schedule(account)

    def reactivate(self, account: AccountId) -> None:
        """Sessions of the account wait for a new address until the success page is through."""
        self._unfinished.reactivating.schedule(account, self._page_delivery)

    def refund(self, account: AccountId) -> None:
        """Payments of the account are to be given back."""
        self._unfinished.refunding.schedule(account, 0.0)

    def inquire_about(self, payment: Payment) -> None:
        """The provider is asked about the order until it is paid, and at its `expires_at` it is closed."""
        self._inquiries.watch(payment)

    def ask_again(self, deduction: Deduction) -> None:
        """A deduction without an answer is asked about at its `retry_at`."""

        async def run() -> str | None:
            return await self._run(lambda rules: agreements.ask_again(rules, deduction.account))

        if deduction.retry_at is not None:
            self._agenda.add(deduction.retry_at - self.clocks.ahead(deduction.account), run)

    def watch(self, due_at: datetime) -> None:
        """Some account's duty falls due then."""
        self._calendar.watch(due_at)

    def happened(self) -> None:
        """There is something on timelines that was not."""
        self._happened()

    # ---- inside

    async def _charge_traffic(self, imsi: Imsi, octets: int) -> None:
        """Of a line that has a tariff for it; of others only the day's use is kept."""
        card = await self._store.subscriber_by_imsi(imsi)
        plans = self._in_force.rules.fees.prices.plans
        plan = plans.get(card.plan) if card is not None and card.plan is not None else None
        if card is not None and plan is not None and Measured.DATA in plan.tariffs:
            await self.consume(card.msisdn, Measured.DATA, octets)

    def _is_free(self, policy: PolicyName) -> bool:
        """What a stopped line carries in the green channel is never charged."""
        return policy == self.catalogue.meaning(self._in_force.rules.dunning.restricted).policy

    async def _do_duty(self, duty: AccountDuty) -> str | None:
        return await self._run(lambda rules: duties.do(rules, duty))

    async def _run(self, use_case: Callable[[CarrierRules], Step[T]]) -> T:
        """Under the rules of the moment at which it begins, to its end."""
        while not self._running.is_set():
            await self._running.wait()
        if self._abandoned:
            raise Unavailable("the carrier has gone over to another state meanwhile, nothing was done; ask again")
        return await self._runner.run(use_case(self._in_force.rules))

    async def _send(self, account: AccountId, due: Collection[NoticeId]) -> list[Notice]:
        return await self._run(lambda rules: recheck.send(rules, account, due))

    async def _request_blocked(self, msisdn: Msisdn) -> datetime:
        return await self._run(lambda rules: detection.request_blocked(rules, msisdn))

    async def _proceed(self, account: AccountId) -> frozenset[OrderId]:
        return await self._run(lambda rules: resume.proceed(rules, account))

    async def _resubmit(self, account: AccountId, number: OrderId) -> None:
        await self._run(lambda rules: resume.resubmit(rules, account, number))
