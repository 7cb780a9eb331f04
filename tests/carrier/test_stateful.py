"""The whole use-case layer under random journeys, races, failing parts, forgeries, reloads and crashes at any effect.

`machine.py` is how a step is taken and recovered from, `at_rest.py` what must hold after it; here is what people,
providers and operators do.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from nfemu.bss import auto_deduct
from nfemu.bss.order_queue import Capacity, OrderRules
from nfemu.bss.orders import RetryRules
from nfemu.bss.standing import is_cleared
from nfemu.carrier.rules import CarrierRules
from nfemu.model.errors import NfemuError
from nfemu.model.identity import Msisdn, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import OrderKind, Payment, PaymentState
from nfemu.model.subscriber import Hold, OrderedProfile
from tests.carrier.at_rest import AtRest
from tests.carrier.machine import Fault, Machine
from tests.fakes.faults import Crash
from tests.fakes.paying import pay
from tests.fakes.world import EVERYBODY, LI, catalogue, imsi_of, notification, rules

BACK = "http://portal.carrier.example/done"
LONG_STEPS = 10_000

numbers = st.sampled_from((*EVERYBODY, LI, LI, LI))
"""Whose account may fall below zero comes more often: it has the most states."""
amounts = st.integers(1, 60_000).map(Money)
faults = st.one_of(
    st.none(),
    st.tuples(st.just("crash"), st.integers(0, 24)),
    st.tuples(st.just("store"), st.integers(0, 8)),
    st.tuples(st.sampled_from(["enforcer", "notifier", "provider"]), st.integers(0, 3)),
)
IMPATIENT = RetryRules(attempts=2, pause=timedelta(seconds=2))
narrow = st.builds(Capacity, st.sampled_from([20, 60]), st.integers(1, 3))
"""Stages so slow that orders wait."""
networks = st.sampled_from(["10.45.0.0/16", "10.45.3.0/29"])
operators = st.fixed_dictionaries(
    {
        "restricted": st.sampled_from([OrderedProfile.ARREARS, OrderedProfile.BARRED]),
        "reactivate": st.booleans(),
        "resume": st.sampled_from([0, 1000, -1500]),
        "policy": st.sampled_from(["arrears", "stricter"]),
        "orders": st.one_of(st.just(OrderRules()), st.builds(OrderRules, narrow, narrow, st.just(IMPATIENT))),
    }
)


def configured(network: str, operator: dict[str, object]) -> CarrierRules:
    """What an operator may have written; the pool's network is never changed under sessions. Orders that nobody pays
    never keep a line from paying what is due."""
    written = rules(
        OrderedProfile(operator["restricted"]),
        shelves=catalogue(
            reactivate=bool(operator["reactivate"]), ipv4=network, restricted_policy=str(operator["policy"])
        ),
        resume_balance=Money(int(str(operator["resume"]))),
    )
    orders = operator["orders"]
    assert isinstance(orders, OrderRules)
    return replace(written, open_orders=1_000, orders=orders)


class Journeys(AtRest):
    """Random people, random order."""

    @initialize(network=networks, operator=operators, attached=st.sets(numbers, max_size=4))
    def begin(self, network: str, operator: dict[str, object], attached: set[Msisdn]) -> None:
        self.network = network
        self.payments: list[tuple[Payment, str]] = []
        self.charges = 0
        self.set_up(configured(network, operator))
        for number in sorted(attached, key=str):
            self.run(self.world.service.attach(number))

    # ---- sessions

    @rule(number=numbers, fault=faults)
    def attach(self, number: Msisdn, fault: Fault) -> None:
        self.step(fault, lambda: self.world.service.attach(number))

    @rule(number=numbers, fault=faults)
    def detach(self, number: Msisdn, fault: Fault) -> None:
        self.detached.add(imsi_of(number))
        self.step(fault, lambda: self.world.service.detach(number))

    @rule(one=numbers, other=numbers, fault=faults)
    def change_places(self, one: Msisdn, other: Msisdn, fault: Fault) -> None:
        """Somebody comes as soon as somebody goes: the address that became free must not be theirs."""

        async def action() -> None:
            self.detached.add(imsi_of(one))
            await self.world.service.detach(one)
            await self.world.service.attach(other)

        self.step(fault, action)

    # ---- money

    @rule(number=numbers, cap=st.integers(1, 60_000).map(Money), fault=faults)
    def sign(self, number: Msisdn, cap: Money, fault: Fault) -> None:
        self.step(fault, lambda: self.world.service.sign_agreement(number, cap))

    @rule(number=numbers, fault=faults)
    def revoke(self, number: Msisdn, fault: Fault) -> None:
        self.step(fault, lambda: self.world.service.revoke_agreement(number))

    @rule(word=st.sampled_from(["accept", "accept", "decline", "revoked"]))
    def the_bank_says(self, word: str) -> None:
        self.world.provider.bank = word

    @rule(number=numbers, amount=amounts)
    def charge_by_agreement(self, number: Msisdn, amount: Money) -> None:
        """Never restricted while the agreement pays (G19)."""
        before = self.run(self.world.service.status(number))
        view = self.run(self.world.store.account(before.account.id))
        stops = self.stops()
        self.step(None, lambda: self.world.service.charge(number, amount))
        resume = self.world.rules.dunning.resume_balance
        due = auto_deduct.wanted(view.account, view.balance - amount, resume)
        pays = self.world.provider.bank == "accept" and view.agreement is not None and view.deduction is None
        if pays and 0 < due.minor <= view.agreement.cap.minor:
            assert self.stops() == stops
            after = self.run(self.world.service.status(number))
            assert is_cleared(after.balance, after.account.credit_limit, resume)

    def stops(self) -> int:
        return sum(order.kind is OrderKind.STOP for order in self.world.store.orders())

    @rule(number=numbers, amount=amounts, fault=faults)
    def charge(self, number: Msisdn, amount: Money, fault: Fault) -> None:
        """Booked once where it says so, and never twice."""
        self.charges += 1
        note = f"charge-{self.charges}"
        (raised,) = self.step(fault, lambda: self.world.service.charge(number, amount, note))
        booked = sum(entry.note == note for entry in self.world.store._tables.entries)
        assert booked == 1 if raised is None else booked <= 1

    @rule(number=numbers, amount=amounts, key=st.sampled_from("abc"), times=st.integers(1, 3), fault=faults)
    def charge_under_a_key(self, number: Msisdn, amount: Money, key: str, times: int, fault: Fault) -> None:
        """Again, possibly at once, possibly for another amount or card: the first counts."""
        self.step(fault, *[lambda: self.world.service.charge(number, amount, key=key)] * times)

    @rule(number=numbers, amount=amounts, fault=faults)
    def pay(self, number: Msisdn, amount: Money, fault: Fault) -> None:
        self.step(fault, lambda: pay(self.world.service, number, amount))

    @rule(number=numbers, edge=st.sampled_from(["0", "limit", "resume"]), beside=st.integers(-1, 0), fault=faults)
    def move_to_an_edge(self, number: Msisdn, edge: str, beside: int, fault: Fault) -> None:
        """The balance exactly on, or one below, what some rule compares it with."""
        status = self.run(self.world.service.status(number))
        limit, resume = status.account.credit_limit, self.world.rules.dunning.resume_balance
        by = {"0": 0, "limit": -limit.minor, "resume": resume.minor}[edge] + beside - status.balance.minor
        if by > 0:
            self.step(fault, lambda: pay(self.world.service, number, Money(by)))
        elif by < 0:
            self.step(fault, lambda: self.world.service.charge(number, Money(-by)))

    @rule(number=numbers, fault=faults)
    def pay_what_is_due(self, number: Msisdn, fault: Fault) -> None:
        due = self.run(self.world.service.status(number)).amount_due
        if due.minor:
            self.step(fault, lambda: pay(self.world.service, number, due))
            if fault is None:
                status = self.run(self.world.service.status(number))
                assert status.line.subscription.hold is Hold.RESTRICT or status.ordered is OrderedProfile.OPEN

    @rule(number=numbers, amount=amounts, fault=faults)
    def order(self, number: Msisdn, amount: Money, fault: Fault) -> None:
        async def action() -> None:
            payment, _ = await self.world.service.order_payment(number, amount, BACK)
            self.payments.append((payment, f"trade-{len(self.payments)}"))

        self.step(fault, action)

    @rule(data=st.data(), times=st.integers(1, 4), fault=faults)
    def notify(self, data: st.DataObject, times: int, fault: Fault) -> None:
        """Now, later, again, in any order; possibly several at once."""
        if self.payments:
            payment, trade_no = data.draw(st.sampled_from(self.payments))
            self.step(fault, *[lambda: self.world.service.settle(notification(payment, trade_no))] * times)

    @rule(data=st.data(), amount=amounts, fault=faults)
    def forge(self, data: st.DataObject, amount: Money, fault: Fault) -> None:
        """Another amount, an order that nobody placed, the number of a trade that paid for something else."""
        if not self.payments:
            return
        payment, trade_no = data.draw(st.sampled_from(self.payments))
        used = [other.trade_no for other in self._paid() if other.no != payment.no]
        forged = [notification(payment, trade_no, payment.amount + amount)]
        forged += [notification(_unknown(payment), "trade-unknown")]
        forged += [notification(payment, number) for number in used if number]
        chosen = data.draw(st.sampled_from(forged))
        before = list(self.world.store._tables.entries)
        (raised,) = self.step(fault, lambda: self.world.service.settle(chosen))
        assert isinstance(raised, NfemuError | Crash)
        assert self.world.store._tables.entries == before

    def _paid(self) -> list[Payment]:
        return [each for each in self.world.store._tables.payments.values() if each.state is PaymentState.PAID]

    @rule(
        owing=st.sets(numbers, min_size=2),
        payers=st.lists(numbers, max_size=4),
        seconds=st.integers(0, 8),
        fault=faults,
    )
    def month_start(self, owing: set[Msisdn], payers: list[Msisdn], seconds: int, fault: Fault) -> None:
        """Many are stopped at a time, and while their orders wait some pay what is due: whoever has is open in the end,
        and nobody's resume is left behind by a stop (`no_resume_is_left_behind_by_a_stop`)."""

        async def action() -> None:
            for number in sorted(owing, key=str):
                await self.world.service.charge(number, Money(60_000))
            for payer in payers:
                await self.world.service.advance_clock(timedelta(seconds=seconds))
                due = (await self.world.service.status(payer)).amount_due
                if due.minor:
                    await pay(self.world.service, payer, due)

        self.step(fault, action)

    # ---- people at the carrier

    @rule(number=numbers, fault=faults)
    def restrict(self, number: Msisdn, fault: Fault) -> None:
        self.by_hand = True
        self.step(fault, lambda: self.world.service.restrict(number))

    @rule(number=numbers, fault=faults)
    def restore(self, number: Msisdn, fault: Fault) -> None:
        self.by_hand = True
        self.step(fault, lambda: self.world.service.restore(number))

    @rule(number=numbers, name=st.sampled_from(["open", "inflight"]), fault=faults)
    def order_profile(self, number: Msisdn, name: str, fault: Fault) -> None:
        self.step(fault, lambda: self.world.service.order_profile(number, name))

    @rule(number=numbers, amount=amounts, turns=st.integers(0, 30), fault=faults)
    def race(self, number: Msisdn, amount: Money, turns: int, fault: Fault) -> None:
        """Everything at once, and a worker that starts in the middle of it."""
        self.by_hand = True
        self.step(
            fault,
            lambda: self.world.service.restrict(number),
            lambda: pay(self.world.service, number, amount),
            lambda: self.world.service.charge(number, amount),
            lambda: self.world.service.attach(number),
            lambda: self.world.service.order_profile(number, "inflight"),
            lambda: self.world.service.restore(number),
            lambda: self._replace_worker(turns),
        )

    @rule(number=numbers, amount=amounts, turns=st.integers(0, 30), fault=faults)
    def lose_a_worker(self, number: Msisdn, amount: Money, turns: int, fault: Fault) -> None:
        self.step(fault, lambda: self.world.service.charge(number, amount), lambda: self._replace_worker(turns))

    async def _replace_worker(self, turns: int) -> None:
        """What it held is gone; it starts from what is committed, while updates come in."""
        for _ in range(turns):
            await asyncio.sleep(0)
        self.world.enforcer.restart(self.world.service.line_states())

    @rule(number=numbers, times=st.integers(1, 3), fault=faults)
    def request_blocked(self, number: Msisdn, times: int, fault: Fault) -> None:
        self.step(fault, *[lambda: self.world.service._request_blocked(number)] * times)

    @rule(number=numbers, fault=faults)
    def page_delivered(self, number: Msisdn, fault: Fault) -> None:
        self.step(fault, lambda: self.world.service.page_delivered(number))

    @rule(minutes=st.integers(1, 400), fault=faults)
    def pass_time(self, minutes: int, fault: Fault) -> None:
        self.step(fault, lambda: self.world.service.advance_clock(timedelta(minutes=minutes)))

    # ---- operators

    @rule(count=st.integers(0, 3))
    def network_elements_fail(self, count: int) -> None:
        self.world.service.orders.fail(count)

    @rule()
    def restart(self) -> None:
        before = self.run(self.views())
        held = self.world.service.line_states()
        self.step(None, self.world.restart)
        if not any(view.orders for view in before):
            assert sorted(self.world.service.line_states(), key=str) == sorted(held, key=str)

    @rule(operator=operators, fault=faults)
    def reload(self, operator: dict[str, object], fault: Fault) -> None:
        """Other rules, in force from a start that may itself be cut short."""
        self.world.rules = configured(self.network, operator)
        self.step(fault, self.world.restart)
        self.rules_changed()


def _unknown(payment: Payment) -> Payment:
    return replace(payment, no=PaymentNo("pay-nobody"))


TestJourneys = pytest.mark.filterwarnings("error")(Journeys.TestCase)
TestJourneys.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.long
def test_ten_thousand_steps(capsys: pytest.CaptureFixture[str]) -> None:
    Machine.steps = 0
    long = settings(TestJourneys.settings, max_examples=600, stateful_step_count=60, phases=[Phase.generate])
    run_state_machine_as_test(Journeys, settings=long)
    with capsys.disabled():
        print(f"\nuse cases: {Machine.steps} steps", end="")  # noqa: T201  (the figure is what the run is for)
    assert Machine.steps >= LONG_STEPS
