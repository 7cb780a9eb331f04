"""What must hold whenever nothing is under way, checked against the store alone."""

from collections import Counter
from datetime import datetime
from ipaddress import IPv4Network

from hypothesis.stateful import invariant

from nfemu.bss import ledger
from nfemu.bss.standing import is_cleared, standing
from nfemu.carrier.lines import line_state
from nfemu.carrier.orders import Cause
from nfemu.carrier.ports import AccountView
from nfemu.carrier.rules import CarrierRules
from nfemu.epc import pgw
from nfemu.epc.pools import Ipv4Slots, Ipv6Slots
from nfemu.model import events
from nfemu.model.account import EntryKind, Standing
from nfemu.model.agreements import Deduction, DeductionState
from nfemu.model.identity import AccountId, Imsi
from nfemu.model.notices import NoticeKind, NoticeState
from nfemu.model.orders import OrderKind, OrderState, PaymentState, WorkOrder
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import Hold, OrderedProfile
from nfemu.model.timeline import TimelineEvent
from tests.carrier.machine import Machine
from tests.fakes.world import EVERYBODY, HOLD


class AtRest(Machine):
    """The invariants. `by_hand`: a person took part in the last step. `detached`: whom somebody ever detached."""

    def set_up(self, its_rules: CarrierRules) -> None:
        super().set_up(its_rules)
        self.by_hand = False
        self.detached: set[Imsi] = set()
        self.versions: dict[Imsi, int] = {}
        self._judged: dict[AccountId, int] = {}
        self._written: list[object] = []

    def rules_changed(self) -> None:
        """A start under new rules brings free lines to where they want them; a hold ends with the next movement."""
        self._judged = {view.account.id: self._entries(view) for view in self.run(self.views())}

    def _entries(self, view: AccountView) -> int:
        return sum(entry.account == view.account.id for entry in self.world.store._tables.entries)

    @invariant()
    def the_ledger_is_the_balance(self) -> None:
        for view in self.run(self.views()):
            entries = self.run(self.world.store.ledger(view.account.id, 10_000))
            assert ledger.balance(entries, "CNY") == view.balance
            assert sum(entry.amount.minor for entry in entries) == view.balance.minor

    @invariant()
    def the_ledger_only_grows(self) -> None:
        entries = self.world.store._tables.entries
        assert entries[: len(self._written)] == self._written
        self._written = list(entries)

    @invariant()
    def one_effect_for_each_trade_number(self) -> None:
        entries = [entry for entry in self.world.store._tables.entries if entry.trade_no]
        numbers = Counter(entry.trade_no for entry in entries)
        assert set(numbers.values()) <= {1}
        paid = [each for each in self.world.store._tables.payments.values() if each.state is PaymentState.PAID]
        booked = {entry.trade_no: entry.amount for entry in entries if entry.kind is EntryKind.PAYMENT}
        known = {f"{each.provider}/{each.trade_no}": each.amount for each in paid}
        known |= {f"{each.provider}/{each.trade_no}": each.amount for each in self.deducted()}
        assert known == booked

    def deducted(self) -> list[Deduction]:
        deductions = self.world.store._tables.deductions.values()
        return [each for each in deductions if each.state is DeductionState.DEDUCTED]

    @invariant()
    def what_a_provider_took_is_booked_once(self) -> None:
        """Or is being asked about; and at rest nobody waits for an answer (G19)."""
        waiting = self.run(self.world.store.open_deductions())
        assert all(each.state is DeductionState.UNANSWERED for each in waiting)
        open_ = {each.no for each in waiting}
        taken = {no: amount for no, amount in self.world.provider.taken.items() if no not in open_}
        assert taken == {each.no: each.amount for each in self.deducted()}

    @invariant()
    def standing_is_a_function_of_the_balance(self) -> None:
        for number in EVERYBODY:
            status = self.run(self.world.service.status(number))
            assert status == self.run(self.world.service.status(number))
            balance, limit = status.balance.minor, status.account.credit_limit.minor
            assert (status.standing is Standing.IN_CREDIT) == (balance >= 0)
            assert (status.standing is Standing.OVERDUE) == (balance < 0 and balance + limit < 0)

    @invariant()
    def effective_follows_ordered_and_everybody_holds_it(self) -> None:
        for line in self.run(self.lines()):
            profile = self.world.rules.catalogue.granted(line.subscription)
            session = line.session
            if session is None:
                continue
            assert pgw.is_acknowledged(session)
            assert self.world.service._in_force.pgw.latest(session.imsi) == session
            assert self.world.enforcer.lines[session.imsi] == line_state(session, self.world.rules.catalogue)
            if pgw.is_active(session):
                assert profile.gives_ip
                assert (session.profile, session.policy) == (profile.name, profile.policy)

    @invariant()
    def who_was_cut_off_is_attached_again_where_an_address_is_free(self) -> None:
        names = Counter((event.imsi, event.name) for event in self.world.store._tables.events)
        for line in self.run(self.lines()):
            session = line.session
            profile = self.world.rules.catalogue.granted(line.subscription)
            if session is None or pgw.is_active(session):
                continue
            if session.profile == "barred" and profile.gives_ip:
                assert names[session.imsi, events.PGW_SESSION_REFUSED]
            elif session.profile != "barred":
                assert session.imsi in self.detached

    @invariant()
    def ordered_changes_by_executed_orders_alone(self) -> None:
        last = {
            order.imsi: order.target
            for order in self.world.store.orders()
            if order.state is OrderState.DONE and order.kind in (OrderKind.STOP, OrderKind.RESUME)
        }
        for line in self.run(self.lines()):
            assert line.subscription.ordered is last.get(line.subscriber.imsi, OrderedProfile.OPEN)

    @invariant()
    def ordered_follows_the_transition_table(self) -> None:
        for view in self.run(self.views()):
            self._check_lines(view, moved=self._entries(view) > self._judged.get(view.account.id, -1))
        self.by_hand = False
        self.before = {}

    def _check_lines(self, view: AccountView, *, moved: bool) -> None:
        """`moved`: since the rules changed, the ledger has."""
        overdue = standing(view.balance, view.account.credit_limit) is Standing.OVERDUE
        resume_balance = self.world.rules.dunning.resume_balance
        cleared = is_cleared(view.balance, view.account.credit_limit, resume_balance)
        for line in view.lines:
            ordered, hold = line.subscription.ordered, line.subscription.hold
            open_ = ordered is OrderedProfile.OPEN
            if hold is Hold.RESTRICT:
                assert not open_, "restricted by hand"
            elif hold is Hold.RESTORE:
                assert open_, "restored by hand"
                assert not (moved and cleared), "nothing is left to hold"
            elif overdue:
                assert not open_, "open while overdue, and nobody restored it"
            elif cleared:
                assert open_, "paid means restored"
            elif not self.by_hand and self.before:
                was_open = self.before[line.subscriber.imsi] is OrderedProfile.OPEN
                assert open_ is was_open, "in between nothing changes"
            if not open_:
                assert ordered is self.world.rules.dunning.restricted, "as the rules of the last start want it"

    @invariant()
    def no_resume_is_left_behind_by_a_stop(self) -> None:
        """In neither stage, unless the network elements refused it (S26). A person's word comes before both."""
        refused = {event.detail["order"] for event in self.world.store._tables.events if _is_refusal(event)}
        orders = [order for order in self.world.store.orders() if order.executed_at]
        resumes = [order for order in orders if order.kind is OrderKind.RESUME and order.id not in refused]
        stops = [order for order in orders if order.kind is OrderKind.STOP and order.cause != Cause.BY_HAND]
        for created, billed, executed in map(_passages, resumes):
            for _, stop_billed, stop_executed in map(_passages, stops):
                assert not created < stop_billed < billed
                assert not billed < stop_executed < executed

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
            if order.state is OrderState.DONE and order.kind in (OrderKind.STOP, OrderKind.RESUME)
        )
        paid = Counter(
            (payment.imsi, NoticeKind.PAYMENT_CONFIRMED)
            for payment in self.world.store._tables.payments.values()
            if payment.state is PaymentState.PAID
        )
        detected = [notice for notice in notices if notice.kind is NoticeKind.DETECTED]
        days = Counter((notice.imsi, notice.sent_at and notice.sent_at.date()) for notice in detected)
        assert all(times == 1 for times in days.values()), "once a day (G20)"
        deducted = Counter((each.imsi, NoticeKind.DEDUCTED) for each in self.deducted())
        failed = Counter({key: times for key, times in told.items() if key[1] is NoticeKind.DEDUCTION_FAILED})
        assert told == done + paid + deducted + failed + Counter((notice.imsi, notice.kind) for notice in detected)
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
                        _check_apart(one, other)
        network = next(iter(self.world.rules.catalogue.pools.values())).ipv4
        assert isinstance(network, IPv4Network)
        kept_out = {network[0], network[1], network[-1]}
        assert not kept_out & {each.ue_ipv4 for each in sessions}

    @invariant()
    def only_active_sessions_own_addresses(self) -> None:
        """What was reserved and not committed came back."""
        table = self.world.service._in_force.pgw
        active = [session for session in table.sessions() if pgw.is_active(session)]
        spaces: list[Ipv4Slots | Ipv6Slots] = [*table._ipv4.values(), *table._ipv6.values()]
        for space in spaces:
            owned = {space.address(slot): imsi for slot, imsi in space.slots._owner.items()}
            addresses = {each.ue_ipv4 if isinstance(space, Ipv4Slots) else each.ue_ipv6: each.imsi for each in active}
            assert owned == addresses


def _passages(order: WorkOrder) -> tuple[datetime, datetime, datetime]:
    """When it was created, billed and executed."""
    return order.created_at, order.billed_at or order.created_at, order.executed_at or order.created_at


def _is_refusal(event: TimelineEvent) -> bool:
    return event.name in (events.ORDER_REFUSED, events.ORDER_DEAD)


def _check_apart(one: PdnSession, other: PdnSession) -> None:
    """Between the two the address has been on hold (G12)."""
    first, second = sorted((one, other), key=lambda each: each.attached_at)
    assert first.released_at is not None
    assert second.attached_at >= first.released_at + HOLD
