"""Credit control under random lives: charges, payments, channels and network elements that fail, slow queues, crashes,
and business time that goes on while the process is dead. Policy `graded`, S24 at night both ways.

`witness.py` judges every commit; here is what happens, and what must hold at rest.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from nfemu.bss import ledger
from nfemu.bss.dunning import Policy
from nfemu.bss.dunning.rules import AtNight
from nfemu.bss.order_queue import Capacity, OrderRules
from nfemu.bss.orders import RetryRules
from nfemu.carrier.orders import Cause
from nfemu.carrier.ports import Delivery, Line, PutAccount, PutSubscriber
from nfemu.model.account import EntryKind
from nfemu.model.duties import DutyKind
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.notices import Channel
from nfemu.model.orders import OrderKind, OrderState, PaymentState
from nfemu.model.subscriber import OrderedProfile
from tests.carrier.dunned import DUNNING, FEES, at
from tests.carrier.machine import ACCOUNTS, Fault, Machine
from tests.carrier.witness import Witness
from tests.fakes.paying import pay
from tests.fakes.world import EVERYBODY, WANG, ZHANG, imsi_of, rules

LONGEST_DELAY = timedelta(days=9)
"""The highest level's seven days, one for the notice, and one for what was not executed in time."""
SLOW = Capacity(1, 1)
numbers = st.sampled_from(EVERYBODY)
amounts = st.one_of(st.integers(1, 6_000), st.integers(20_000, 60_000)).map(Money)
spans = st.one_of(st.integers(1, 150), st.integers(1, 2_000))
"""Minutes: of a notice and its stop, or over a night."""
faults = st.one_of(
    st.none(),
    st.none(),
    st.tuples(st.just("crash"), st.integers(0, 40)),
    st.tuples(st.sampled_from(["store", "enforcer", "notifier"]), st.integers(0, 8)),
)
networks = st.builds(
    OrderRules,
    st.just(SLOW),
    st.just(SLOW),
    st.builds(RetryRules, st.integers(2, 6), st.sampled_from([30, 50]).map(lambda each: timedelta(minutes=each))),
)


class CreditControl(Machine):
    """Zhang and Wang pay ¥59 a month; levels are any."""

    @initialize(
        begins=st.sampled_from([at(11, 10, 9), at(11, 10, 21, 30), at(11, 27, 19), at(11, 30, 22)]),
        levels=st.lists(st.integers(1, 10), min_size=len(ACCOUNTS), max_size=len(ACCOUNTS)),
        at_night=st.sampled_from(AtNight),
        orders=st.one_of(networks, networks, st.just(OrderRules())),
        failing=st.integers(0, 8),
        bound=st.sets(numbers),
    )
    def begin(
        self,
        begins: datetime,
        levels: list[int],
        at_night: AtNight,
        orders: OrderRules,
        failing: int,
        bound: set[Msisdn],
    ) -> None:
        dunning = replace(DUNNING, policy=Policy.GRADED, large=replace(DUNNING.large, at_night=at_night))
        self.set_up(replace(rules(), dunning=dunning, fees=FEES, orders=orders, open_orders=1_000))
        self.witness = Witness(dunning)
        self.charged: list[str] = []
        self.dead_for = timedelta(0)
        self.run(self._furnish(levels, bound))
        self.run(self.world.service.set_clock(begins))
        self.world.service.orders.fail(failing)

    async def _furnish(self, levels: list[int], bound: set[Msisdn]) -> None:
        for view, level in zip(await self.views(), levels, strict=True):
            await self.world.store.commit([PutAccount(replace(view.account, level=level))])
        for number in EVERYBODY:
            card = await self.world.store.subscriber(number)
            assert card is not None
            plan = next(iter(FEES.prices.plans)) if number in (ZHANG, WANG) else None
            await self.world.store.commit([PutSubscriber(replace(card, plan=plan, wechat=number in bound))])
        await self.world.restart()

    async def _recover(self) -> None:
        """What failed is done now, and what is due with it; orders and messages wait for their time."""
        for account in ACCOUNTS:
            await self.world.service._unfinished.finish(account)
        for account in list(self.world.service._unfinished.realigning._waiting):
            await self.world.service._unfinished.realign(account)
        await self.world.service.advance_clock(timedelta(0))

    # ---- people

    @rule(number=numbers, amount=amounts, fault=faults)
    def charge(self, number: Msisdn, amount: Money, fault: Fault) -> None:
        note = f"charge-{len(self.charged)}"
        self.charged.append(note)
        self.step(fault, lambda: self.world.service.charge(number, amount, note))

    @rule(number=numbers, amount=amounts, fault=faults)
    def pay(self, number: Msisdn, amount: Money, fault: Fault) -> None:
        self.step(fault, lambda: pay(self.world.service, number, amount))

    @rule(number=numbers, beside=st.integers(-1, 0), fault=faults)
    def pay_what_is_due(self, number: Msisdn, beside: int, fault: Fault) -> None:
        """Or a fen too little."""
        due = self.run(self.world.service.status(number)).amount_due.minor + beside
        if due > 0:
            self.step(fault, lambda: pay(self.world.service, number, Money(due)))

    @rule(number=numbers, amount=amounts, hours=st.integers(1, 72), fault=faults)
    def grant(self, number: Msisdn, amount: Money, hours: int, fault: Fault) -> None:
        until = self.world.service.now() + timedelta(hours=hours)
        self.step(fault, lambda: self.world.service.grant_credit(number, amount, until))

    @rule(one=numbers, other=numbers, amount=amounts, minutes=st.integers(0, 200), fault=faults)
    def race(self, one: Msisdn, other: Msisdn, amount: Money, minutes: int, fault: Fault) -> None:
        self.charged.append(f"charge-{len(self.charged)}")
        note = self.charged[-1]
        self.step(
            fault,
            lambda: self.world.service.charge(one, amount, note),
            lambda: self.world.service.advance_clock(timedelta(minutes=minutes)),
            lambda: pay(self.world.service, other, amount),
        )

    # ---- time

    @rule(minutes=spans, fault=faults)
    def pass_time(self, minutes: int, fault: Fault) -> None:
        self.step(fault, lambda: self.world.service.advance_clock(timedelta(minutes=minutes)))

    @rule(day=st.integers(0, 1), hour=st.sampled_from([8, 20, 22]), beside=st.integers(-1, 1), fault=faults)
    def pass_time_until(self, day: int, hour: int, beside: int, fault: Fault) -> None:
        """The edges of the hours."""
        zone = DUNNING.hours.zone
        now = self.world.service.now().astimezone(zone)
        until = now.replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=day, minutes=beside)
        if until > now:
            self.step(fault, lambda: self.world.service.set_clock(until))

    @rule(minutes=spans, dead_for=spans, point=st.integers(0, 60))
    def outage(self, minutes: int, dead_for: int, point: int) -> None:
        """The process dies on the way, and business time goes on without it."""
        self.dead_for = timedelta(minutes=dead_for)
        self.step(("crash", point), lambda: self.world.service.advance_clock(timedelta(minutes=minutes)))
        self.dead_for = timedelta(0)

    async def _start_again(self) -> None:
        self.world.store._clock = self.world.service.now() + self.dead_for
        await super()._start_again()

    @rule()
    def restart(self) -> None:
        self.step(None, self.world.restart)

    @rule()
    def days_without_trouble(self) -> None:
        """Whoever has owed for so long, and still does, is stopped (S20 to S23)."""
        self._mend()
        self.step(None, lambda: self.world.service.advance_clock(LONGEST_DELAY))
        now = self.world.service.now()
        for owner in self.witness_now().owners.values():
            if owner.overdue_since is None or now - owner.overdue_since < LONGEST_DELAY:
                continue
            for line in self._lines(owner.account.id):
                assert line.subscription.ordered is not OrderedProfile.OPEN, "forgotten, and never stopped"

    # ---- what fails

    @rule(channel=st.sampled_from(Channel))
    def a_channel_fails(self, channel: Channel) -> None:
        self.world.notifier.says[channel] = Delivery.FAILED

    @rule(channel=st.sampled_from(Channel))
    def a_channel_works(self, channel: Channel) -> None:
        self.world.notifier.says.pop(channel, None)

    @rule(deaf=st.sets(numbers, max_size=3))
    def nothing_arrives_at(self, deaf: set[Msisdn]) -> None:
        """Whatever the channel: each card is told by itself (S11, S22)."""
        self.world.notifier.deaf = {imsi_of(number) for number in deaf}

    @rule(seconds=st.integers(1, 60), number=numbers, amount=amounts, fault=faults)
    def short_messages_wait(self, seconds: int, number: Msisdn, amount: Money, fault: Fault) -> None:
        """Their channel has no room for a while, and somebody pays meanwhile (S7)."""
        self.world.notifier.says[Channel.SMS] = Delivery.FULL
        self.step(
            fault,
            lambda: self.world.service.advance_clock(timedelta(seconds=seconds)),
            lambda: pay(self.world.service, number, amount),
        )
        self.world.notifier.says.clear()

    @rule(count=st.integers(1, 8))
    def network_elements_fail(self, count: int) -> None:
        self.world.service.orders.fail(count)

    @rule()
    def resubmit(self) -> None:
        self._mend()
        self.step(None, self.world.service.orders.resubmit_all)

    def _mend(self) -> None:
        self.world.notifier.says.clear()
        self.world.notifier.deaf.clear()
        self.world.service.orders.fail(0)

    # ---- what holds at rest

    def witness_now(self) -> Witness:
        self.witness.look(self.world.store.commits)
        return self.witness

    def _lines(self, account: str) -> Iterable[Line]:
        return (line for line in self.run(self.lines()) if line.subscriber.account == account)

    @invariant()
    def every_commit_was_right(self) -> None:
        self.witness_now()

    @invariant()
    def the_ledger_is_the_balance_and_money_is_conserved(self) -> None:
        """What was paid is booked once and nothing else is; a charge at most once, a fee of a month once."""
        entries = self.world.store._tables.entries
        for view in self.run(self.views()):
            own = [entry for entry in entries if entry.account == view.account.id]
            assert ledger.balance(own, "CNY") == view.balance == self.witness_now().owners[view.account.id].balance
        settled = [each for each in self.world.store._tables.payments.values() if each.state is PaymentState.PAID]
        booked = [entry for entry in entries if entry.kind is EntryKind.PAYMENT and entry.note != "opening"]
        assert sorted(each.amount.minor for each in settled) == sorted(each.amount.minor for each in booked)
        charges = [entry for entry in entries if entry.kind is EntryKind.CHARGE]
        notes = [entry.note for entry in charges if entry.note in self.charged]
        fees = [entry.trade_no for entry in charges if entry.note not in self.charged]
        assert len(notes) == len(set(notes))
        assert len(fees) == len(set(fees))
        assert all(number and number.startswith("fee/basic/") for number in fees)

    @invariant()
    def whoever_has_paid_is_open_or_about_to_be(self) -> None:
        """A covering payment always resumes (S27); its order may have to wait (S26)."""
        for view in self.run(self.views()):
            if self.witness_now().is_cleared(self.witness.owners[view.account.id]):
                for line in view.lines:
                    orders = [each for each in view.orders if each.imsi == line.subscriber.imsi]
                    resumes = any(each.kind is OrderKind.RESUME for each in orders)
                    assert line.subscription.ordered is OrderedProfile.OPEN or resumes, "paid, and not restored"

    @invariant()
    def a_stop_that_waits_may_still_come(self) -> None:
        """One that does not come in time is withdrawn (S22, S23)."""
        now = self.world.service.now()
        for view in self.run(self.views()):
            owner = self.witness_now().owners[view.account.id]
            for order in view.orders:
                if (
                    order.kind is OrderKind.STOP
                    and order.cause == Cause.DUNNING
                    and order.state is not OrderState.EXECUTED
                ):
                    assert self.witness.is_overdue(owner), "a stop waits for somebody who has paid"
                    assert not self.witness.is_night(owner, now), "a stop waits into the night"
                    assert self.witness.noticed(order, now), "a stop waits longer than two hours"

    @invariant()
    def nobody_who_owes_is_forgotten(self) -> None:
        """A stop that did not come is told anew: there is a next look at everybody who is overdue and open."""
        now = self.world.service.now()
        for view in self.run(self.views()):
            is_open = any(line.subscription.ordered is OrderedProfile.OPEN for line in view.lines)
            if self.witness_now().is_overdue(self.witness.owners[view.account.id]) and is_open:
                duties = self.run(self.world.store.duties(view.account.id))
                looks = [duty.due_at for duty in duties if duty.kind is DutyKind.DUNNING]
                assert looks, "overdue, and nobody will look"
                assert now < looks[0] <= now + LONGEST_DELAY


TestCreditControl = pytest.mark.filterwarnings("error")(CreditControl.TestCase)
TestCreditControl.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.long
def test_many_random_lives() -> None:
    long = settings(
        TestCreditControl.settings,
        max_examples=1_500,
        stateful_step_count=40,
        derandomize=False,
        phases=[Phase.generate],
    )
    run_state_machine_as_test(CreditControl, settings=long)
