"""The whole use-case layer under random journeys, races, failing parts and crashes at any effect.

After every step the machine recovers (a crashed process starts again, a failed account is finished) and then
everything that must hold at rest is checked against the store alone.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nfemu.bss import ledger
from nfemu.bss.standing import is_cleared, standing
from nfemu.carrier import events
from nfemu.carrier.lines import line_state
from nfemu.carrier.ports import AccountView, Line
from nfemu.carrier.rules import CarrierRules
from nfemu.epc import pgw
from nfemu.epc.pools import Ipv4Slots, Ipv6Slots
from nfemu.model.account import Standing
from nfemu.model.errors import NfemuError
from nfemu.model.identity import AccountId, Imsi, Msisdn
from nfemu.model.money import Money
from nfemu.model.orders import NoticeKind, NoticeState, OrderKind, OrderState, Payment, PaymentState
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import Hold, OrderedProfile
from tests.fakes.faults import Crash
from tests.fakes.paying import pay
from tests.fakes.world import EVERYBODY, HOLD, World, catalogue, imsi_of, notification, rules

BACK = "http://portal.carrier.example/done"
ACCOUNTS = [AccountId(name) for name in ("zhang", "li", "wang", "acme", "static")]

numbers = st.sampled_from(EVERYBODY)
amounts = st.integers(1, 60_000).map(Money)
faults = st.one_of(
    st.none(),
    st.tuples(st.just("crash"), st.integers(0, 24)),
    st.tuples(st.sampled_from(["store", "enforcer", "notifier", "provider"]), st.integers(0, 3)),
)
configurations = st.builds(
    lambda restricted, reactivate, ipv4, resume: rules(
        restricted,
        shelves=catalogue(reactivate=reactivate, ipv4=ipv4),
        resume_balance=Money(resume),
    ),
    restricted=st.sampled_from([OrderedProfile.ARREARS, OrderedProfile.BARRED]),
    reactivate=st.booleans(),
    ipv4=st.sampled_from(["10.45.0.0/16", "10.45.3.0/29"]),
    resume=st.sampled_from([0, 1000, -1500]),
)


class Journeys(RuleBasedStateMachine):
    """Random people, random order."""

    @initialize(its_rules=configurations)
    def begin(self, its_rules: CarrierRules) -> None:
        self.loop = asyncio.new_event_loop()
        self.world = World(its_rules)
        self.run(self.world.start())
        self.payments: list[tuple[Payment, str]] = []
        self.versions: dict[Imsi, int] = {}
        self.before: dict[Imsi, OrderedProfile] = {}
        self.by_hand = False
        self.detached: set[Imsi] = set()

    def run(self, awaitable: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(awaitable)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.world.service.stop())
            self.loop.close()

    def step(self, fault: tuple[str, int] | None, *actions: Callable[[], Awaitable[Any]]) -> None:
        """All actions at once, under one fault; then whatever recovers from it."""
        self.run(self._step(fault, actions))

    async def _step(self, fault: tuple[str, int] | None, actions: tuple[Callable[[], Awaitable[Any]], ...]) -> None:
        self.before = {line.subscriber.imsi: line.subscription.ordered for line in await self._lines()}
        if fault is not None and fault[0] == "crash":
            self.world.faults.crash_at(fault[1])
        elif fault is not None:
            self.world.faults.fail(*fault)
        outcomes = await asyncio.gather(*(action() for action in actions), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, NfemuError | Crash):
                raise outcome
        crashed = self.world.faults.crashed
        self.world.faults.heal()
        if crashed:
            await self.world.restart()
        for account in ACCOUNTS:
            await self.world.service._finish(account)

    async def _lines(self) -> list[Line]:
        return [line for view in await self._views() for line in view.lines]

    async def _views(self) -> list[AccountView]:
        views = [await self.world.store.account(account) for account in ACCOUNTS]
        return [view for view in views if view is not None]

    # ---- what people do

    @rule(number=numbers, fault=faults)
    def attach(self, number: Msisdn, fault: tuple[str, int] | None) -> None:
        self.step(fault, lambda: self.world.service.attach(number))

    @rule(number=numbers, fault=faults)
    def detach(self, number: Msisdn, fault: tuple[str, int] | None) -> None:
        self.detached.add(imsi_of(number))
        self.step(fault, lambda: self.world.service.detach(number))

    @rule(number=numbers, amount=amounts, fault=faults)
    def charge(self, number: Msisdn, amount: Money, fault: tuple[str, int] | None) -> None:
        self.step(fault, lambda: self.world.service.charge(number, amount))

    @rule(number=numbers, amount=amounts, fault=faults)
    def pay(self, number: Msisdn, amount: Money, fault: tuple[str, int] | None) -> None:
        self.step(fault, lambda: pay(self.world.service, number, amount))

    @rule(number=numbers, fault=faults)
    def pay_what_is_due(self, number: Msisdn, fault: tuple[str, int] | None) -> None:
        due = self.run(self.world.service.status(number)).amount_due
        if due.minor:
            self.step(fault, lambda: pay(self.world.service, number, due))
            if fault is None:
                status = self.run(self.world.service.status(number))
                assert status.line.subscription.hold is Hold.RESTRICT or status.ordered is OrderedProfile.OPEN

    @rule(number=numbers, amount=amounts, fault=faults)
    def order(self, number: Msisdn, amount: Money, fault: tuple[str, int] | None) -> None:
        async def action() -> None:
            payment, _ = await self.world.service.order_payment(number, amount, BACK)
            self.payments.append((payment, f"trade-{len(self.payments)}"))

        self.step(fault, action)

    @rule(data=st.data(), times=st.integers(1, 4), fault=faults)
    def notify(self, data: st.DataObject, times: int, fault: tuple[str, int] | None) -> None:
        """Now, later, or again; possibly several at once."""
        if self.payments:
            payment, trade_no = data.draw(st.sampled_from(self.payments))
            self.step(fault, *[lambda: self.world.service.settle(notification(payment, trade_no))] * times)

    @rule(number=numbers, fault=faults)
    def restrict(self, number: Msisdn, fault: tuple[str, int] | None) -> None:
        self.by_hand = True
        self.step(fault, lambda: self.world.service.restrict(number))

    @rule(number=numbers, fault=faults)
    def restore(self, number: Msisdn, fault: tuple[str, int] | None) -> None:
        self.by_hand = True
        self.step(fault, lambda: self.world.service.restore(number))

    @rule(number=numbers, amount=amounts, fault=faults)
    def race(self, number: Msisdn, amount: Money, fault: tuple[str, int] | None) -> None:
        self.by_hand = True
        self.step(
            fault,
            lambda: self.world.service.restrict(number),
            lambda: pay(self.world.service, number, amount),
            lambda: self.world.service.charge(number, amount),
            lambda: self.world.service.attach(number),
            lambda: self.world.service.restore(number),
        )

    @rule(number=numbers, fault=faults)
    def page_delivered(self, number: Msisdn, fault: tuple[str, int] | None) -> None:
        self.step(fault, lambda: self.world.service.page_delivered(number))

    @rule(minutes=st.integers(1, 20), fault=faults)
    def pass_time(self, minutes: int, fault: tuple[str, int] | None) -> None:
        self.step(fault, lambda: self.world.service.advance_clock(timedelta(minutes=minutes)))

    @rule()
    def restart(self) -> None:
        before = self.run(self._views())
        held = self.world.service.line_states()
        self.run(self.world.restart())
        if not any(view.orders for view in before):
            assert sorted(self.world.service.line_states(), key=str) == sorted(held, key=str)

    # ---- what must hold at rest

    @invariant()
    def the_ledger_is_the_balance(self) -> None:
        for view in self.run(self._views()):
            entries = self.run(self.world.store.ledger(view.account.id, 10_000))
            assert ledger.balance(entries, "CNY") == view.balance
        numbers = [entry.trade_no for entry in self.world.store._tables.entries if entry.trade_no]
        assert len(numbers) == len(set(numbers))
        paid = [each for each in self.world.store._tables.payments.values() if each.state is PaymentState.PAID]
        assert Counter(f"{each.provider}/{each.trade_no}" for each in paid) == Counter(numbers)

    @invariant()
    def effective_follows_ordered_and_everybody_holds_it(self) -> None:
        for line in self.run(self._lines()):
            profile = self.world.rules.catalogue.meaning(line.subscription.ordered)
            session = line.session
            if session is None:
                continue
            assert pgw.is_acknowledged(session)
            assert self.world.service._pgw.latest(session.imsi) == session
            assert self.world.enforcer.lines[session.imsi] == line_state(session)
            if pgw.is_active(session):
                assert profile.gives_ip
                assert (session.profile, session.policy) == (profile.name, profile.policy)

    @invariant()
    def who_was_cut_off_is_attached_again_where_an_address_is_free(self) -> None:
        names = Counter((event.imsi, event.name) for event in self.world.store._tables.events)
        for line in self.run(self._lines()):
            session = line.session
            profile = self.world.rules.catalogue.meaning(line.subscription.ordered)
            if session is None or pgw.is_active(session):
                continue
            if session.profile == "barred" and profile.gives_ip:
                assert names[session.imsi, events.PGW_SESSION_REFUSED]
            elif session.profile != "barred":
                assert session.imsi in self.detached

    @invariant()
    def ordered_follows_the_transition_table(self) -> None:
        dunning = self.world.rules.dunning
        for view in self.run(self._views()):
            overdue = standing(view.balance, view.account.credit_limit) is Standing.OVERDUE
            cleared = is_cleared(view.balance, view.account.credit_limit, dunning.resume_balance)
            for line in view.lines:
                ordered, hold = line.subscription.ordered, line.subscription.hold
                open_ = ordered is OrderedProfile.OPEN
                assert open_ or ordered is dunning.restricted
                if hold is Hold.RESTRICT:
                    assert not open_
                elif hold is Hold.RESTORE:
                    assert open_
                    assert not cleared
                elif overdue:
                    assert not open_
                elif cleared:
                    assert open_
                elif not self.by_hand and self.before:
                    assert ordered is self.before[line.subscriber.imsi], "in between nothing changes"
        self.by_hand = False

    @invariant()
    def versions_never_fall(self) -> None:
        for session in self.run(self.world.store.sessions()):
            assert session.policy_version >= self.versions.get(session.imsi, 0)
            self.versions[session.imsi] = session.policy_version
        highest: dict[Imsi, int] = {}
        for state in self.world.enforcer.applied:
            assert state.version >= highest.get(state.imsi, 0)
            highest[state.imsi] = state.version

    @invariant()
    def every_stop_and_resume_is_told_once(self) -> None:
        orders = self.world.store.orders()
        waiting = [order for order in orders if order.state in (OrderState.CREATED, OrderState.EXECUTED)]
        assert all(order.kind is OrderKind.REACTIVATE for order in waiting)
        notices = self.world.store.all_notices()
        assert all(notice.state is NoticeState.SENT for notice in notices)
        assert set(self.world.notifier.sent) == {notice.id for notice in notices}
        told = Counter((notice.imsi, notice.kind) for notice in notices)
        done = Counter(
            (order.imsi, NoticeKind.STOPPED if order.kind is OrderKind.STOP else NoticeKind.RESTORED)
            for order in orders
            if order.state is OrderState.DONE and order.kind is not OrderKind.REACTIVATE
        )
        paid = Counter(
            (payment.imsi, NoticeKind.PAYMENT_CONFIRMED)
            for payment in self.world.store._tables.payments.values()
            if payment.state is PaymentState.PAID
        )
        assert told == done + paid
        names = Counter(event.name for event in self.world.store._tables.events)
        assert names[events.ORDER_DONE] == sum(order.state is OrderState.DONE for order in orders)
        assert names[events.NOTICE_SENT] == len(notices)

    @invariant()
    def nobody_shares_an_address_or_gets_one_on_hold(self) -> None:
        sessions = list(self.world.store._tables.sessions.values())
        for family in ("ue_ipv4", "ue_ipv6"):
            active = [getattr(each, family) for each in sessions if each.state is SessionState.ACTIVE]
            assert len(active) == len(set(active))
            for one in sessions:
                for other in sessions:
                    if one.imsi != other.imsi and getattr(one, family) == getattr(other, family):
                        self._apart(one, other)
        network = next(iter(self.world.rules.catalogue.pools.values())).ipv4
        assert isinstance(network, IPv4Network)
        kept_out = {network[0], network[1], network[-1]}
        assert not kept_out & {each.ue_ipv4 for each in sessions}

    @invariant()
    def only_active_sessions_own_addresses(self) -> None:
        """What was reserved and not committed came back."""
        table = self.world.service._pgw
        active = [session for session in table.sessions() if pgw.is_active(session)]
        spaces: list[Ipv4Slots | Ipv6Slots] = [*table._ipv4.values(), *table._ipv6.values()]
        for space in spaces:
            owned = {space.address(slot): imsi for slot, imsi in space.slots._owner.items()}
            addresses = {each.ue_ipv4 if isinstance(space, Ipv4Slots) else each.ue_ipv6: each.imsi for each in active}
            assert owned == addresses

    def _apart(self, one: PdnSession, other: PdnSession) -> None:
        """Between the two the address has been on hold (G12)."""
        first, second = sorted((one, other), key=lambda each: each.attached_at)
        assert first.released_at is not None
        assert second.attached_at >= first.released_at + HOLD


TestJourneys = pytest.mark.filterwarnings("error")(Journeys.TestCase)
TestJourneys.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
