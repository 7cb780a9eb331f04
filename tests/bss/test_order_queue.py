"""Who has its turn when: examples, and a model of the whole queue under random traffic."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.bss.order_queue import (
    MOST_PER_MINUTE,
    Admission,
    Bucket,
    Capacity,
    OrderQueue,
    OrderRules,
    Stage,
    urgency,
)
from nfemu.bss.orders import OrderInput, RetryRules, advance, billed, refused
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import CorrelationId, Imsi, OrderId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.model.subscriber import OrderedProfile

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
STOP, RESUME, PROFILE = OrderKind.STOP, OrderKind.RESUME, OrderKind.PROFILE


def order(number: int, kind: OrderKind = STOP, cause: str = "ledger", at: datetime = NOW) -> WorkOrder:
    target = OrderedProfile.ARREARS if kind is STOP else OrderedProfile.OPEN
    return WorkOrder(
        OrderId(f"ord-{number}"), Imsi(f"46000{number:010}"), kind, target, cause, CorrelationId("cor"), at
    )


def queue(billing: Capacity = Capacity(60, 10), network: Capacity = Capacity(60, 1)) -> OrderQueue:  # noqa: B008 - a value
    return OrderQueue({Stage.BILLING: billing, Stage.NETWORK: network})


def crowded(*orders: WorkOrder) -> OrderQueue:
    """What the network elements have no room for waits there."""
    made = queue()
    assert made.admit(order(0), NOW) is Admission.EXECUTES
    for each in orders:
        assert made.admit(each, NOW) is Admission.BILLED
        made.follow(billed(each, NOW))
    return made


def names(orders: list[WorkOrder]) -> list[str]:
    return [each.id for each in orders]


def test_an_order_that_meets_empty_queues_is_executed_at_once() -> None:
    made = queue()
    assert made.admit(order(1), NOW) is Admission.EXECUTES
    assert made.next_at(NOW) is None


def test_without_room_it_waits_and_its_time_is_known() -> None:
    made = queue(billing=Capacity(60, 1))
    assert made.admit(order(1), NOW) is Admission.EXECUTES
    assert made.admit(order(2), NOW) is Admission.WAITS
    made.follow(order(2))
    assert made.ready(NOW, 10) == []
    assert made.next_at(NOW) == NOW + SECOND
    assert names(made.ready(NOW + SECOND, 10)) == ["ord-2"]
    assert made.admit(order(2), NOW + SECOND) is Admission.EXECUTES


def test_people_and_profiles_come_first_then_resumes_then_stops() -> None:
    stop, resume, hand, garden = order(1), order(2, RESUME), order(3, STOP, "by hand"), order(4, PROFILE, "profile")
    made = crowded(stop, resume, hand, garden)
    later = NOW + 10 * SECOND
    made._buckets[Stage.NETWORK] = Bucket(Capacity(60, 10))
    assert names(made.ready(later, 10)) == ["ord-3", "ord-4", "ord-2", "ord-1"]
    assert names(made.ready(later, 2)) == ["ord-3", "ord-4"]
    assert made.backlog() == {(Stage.NETWORK, STOP): 2, (Stage.NETWORK, RESUME): 1, (Stage.NETWORK, PROFILE): 1}


def test_a_fresh_resume_overtakes_stops_and_a_fresh_stop_overtakes_nobody() -> None:
    made = crowded(order(1))
    later = NOW + SECOND
    assert made.admit(order(2, STOP, at=later), later) is Admission.BILLED
    assert made.admit(order(3, RESUME, at=later), later) is Admission.EXECUTES
    assert made.admit(billed(order(1), NOW), later) is Admission.WAITS, "the resume took the room"


def test_a_stop_that_billing_has_dealt_with_leaves_no_resume_behind_that_is_about_to_pass_it() -> None:
    stop, resume = order(1), order(2, RESUME)
    made = queue(billing=Capacity(60, 2))
    assert [made.admit(each, NOW) for each in (order(0), stop)] == [Admission.EXECUTES, Admission.BILLED]
    made.follow(billed(stop, NOW))
    assert made.admit(resume, NOW) is Admission.WAITS
    made.follow(resume)
    later = NOW + SECOND
    assert made.admit(billed(stop, NOW), later) is Admission.WAITS
    assert made.admit(resume, later) is Admission.EXECUTES


def test_what_was_admitted_and_not_committed_keeps_its_place() -> None:
    made = crowded(order(1), order(2))
    later = NOW + SECOND
    assert made.admit(billed(order(1), NOW), later) is Admission.EXECUTES
    assert names(made.ready(later + SECOND, 10)) == ["ord-2"], "somebody is at the first one"
    made.give_back(OrderId("ord-1"))
    made.give_back(OrderId("ord-1"))
    assert names(made.ready(later + SECOND, 10)) == ["ord-1"]


def test_what_was_never_stored_does_not_come_back() -> None:
    made = crowded()
    made.admit(order(1), NOW + SECOND)
    made.give_back(OrderId("ord-1"))
    assert not made.waiting


def test_an_armed_fault_refuses_the_next_one_and_its_pause_blocks_nobody() -> None:
    made = crowded(order(1), order(2))
    made.armed = 1
    later = NOW + SECOND
    assert made.admit(billed(order(1), NOW), later) is Admission.REFUSED
    tried = refused(RetryRules(pause=5 * SECOND), billed(order(1), NOW), later)
    made.follow(tried)
    assert made.admit(tried, later) is Admission.WAITS
    assert made.admit(billed(order(2), NOW), later + SECOND) is Admission.EXECUTES
    made.follow(advance(order(2), OrderInput.EXECUTE, later))
    assert made.next_at(later + SECOND) == later + 5 * SECOND
    assert names(made.ready(later + 5 * SECOND, 10)) == ["ord-1"]
    assert made.admit(tried, later + 5 * SECOND) is Admission.EXECUTES


def test_a_pause_of_an_order_that_was_overtaken_is_forgotten() -> None:
    made = crowded(order(1))
    tried = refused(RetryRules(), billed(order(1), NOW), NOW)
    made.follow(tried)
    made.follow(replace(tried, state=OrderState.SUPERSEDED))
    assert made.next_at(NOW) is None
    made.forget(OrderId("ord-1"))


@pytest.mark.parametrize("state", [OrderState.EXECUTED, OrderState.DONE, OrderState.DEAD, OrderState.SUPERSEDED])
def test_what_is_not_created_does_not_wait(state: OrderState) -> None:
    made = crowded(order(1))
    made.follow(replace(order(1), state=state))
    made.follow(replace(order(2), kind=OrderKind.REACTIVATE))
    assert made.ready(NOW + SECOND, 10) == []


def test_capacity_that_was_used_before_a_start_counts() -> None:
    made = queue()
    made.used(Stage.NETWORK, NOW)
    assert made.admit(order(1), NOW) is Admission.BILLED


def test_a_larger_capacity_counts_at_once() -> None:
    made = queue(network=Capacity(1, 1))
    made.admit(order(0), NOW)
    made.resize(OrderRules(network=Capacity(60, 6)).capacities, NOW)
    assert made.room(Stage.NETWORK, NOW) == 0
    assert made.room(Stage.NETWORK, NOW + SECOND) == 1


@pytest.mark.parametrize(
    ("per_minute", "burst", "expected"),
    [
        (0, 1, "write 1 to"),
        (MOST_PER_MINUTE + 1, MOST_PER_MINUTE, "write 1 to"),
        (1, 0, "1 or more at once"),
        (6001, 10, "write at least `11`"),
    ],
)
def test_capacities_that_make_no_sense_are_refused(per_minute: int, burst: int, expected: str) -> None:
    with pytest.raises(InvalidInput, match=expected):
        Capacity(per_minute, burst)


@given(
    capacity=st.builds(Capacity, st.integers(1, 100), st.integers(1, 5)),
    gaps=st.lists(st.integers(0, 100_000).map(lambda each: timedelta(milliseconds=each)), max_size=40),
)
def test_a_stage_never_deals_with_more_than_it_can(capacity: Capacity, gaps: list[timedelta]) -> None:
    """In any stretch of time: the burst, and one for each interval of it; and with no less than that."""
    bucket, at, taken = Bucket(capacity), NOW, []
    for gap in gaps:
        at += gap
        assert (bucket.room(at) > 0) is (bucket.opens_at <= at)
        if bucket.room(at):
            bucket = bucket.taken(at)
            taken.append(at)
    for first, begin in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            assert last - first < capacity.burst + (end - begin) / capacity.interval


class Shop:
    """One queue and what the store would hold, driven by hand."""

    def __init__(self, made: OrderQueue) -> None:
        self.queue = made
        self.now = NOW
        self.stored: dict[str, WorkOrder] = {}
        self.passed: list[WorkOrder] = []

    def offer(self, each: WorkOrder) -> None:
        match self.queue.admit(each, self.now):
            case Admission.EXECUTES:
                each = advance(each, OrderInput.EXECUTE, self.now)
                self.passed.append(each)
            case Admission.BILLED:
                each = billed(each, self.now)
            case Admission.REFUSED:
                each = refused(RetryRules(attempts=100, pause=SECOND), each, self.now)
        self.stored[each.id] = each
        self.queue.follow(each)

    def pump(self) -> None:
        """Every one whose turn has come."""
        while ready := self.queue.ready(self.now, 3):
            for each in ready:
                overtaken = self._ready_resumes() if each.kind is STOP else []
                before = len(self.passed)
                self.offer(each)
                assert len(self.passed) == before or not overtaken, "a stop passed a resume"

    def _ready_resumes(self) -> list[str]:
        waiting = [each for each in self.queue.waiting.values() if each.billed_at and each.kind is RESUME]
        return [each.id for each in waiting if each.next_attempt_at is None or each.next_attempt_at <= self.now]


capacities = st.builds(Capacity, st.integers(1, 100), st.integers(1, 5))
traffic = st.lists(
    st.tuples(st.sampled_from([STOP, STOP, RESUME, PROFILE]), st.integers(0, 3_000), st.integers(0, 2)), max_size=40
)


@given(billing=capacities, network=capacities, traffic=traffic)
def test_nothing_is_lost_and_no_resume_waits_behind_a_stop(
    billing: Capacity, network: Capacity, traffic: list[tuple[OrderKind, int, int]]
) -> None:
    shop = Shop(queue(billing, network))
    for number, (kind, gap, faults) in enumerate(traffic):
        shop.now += timedelta(milliseconds=gap)
        shop.queue.armed += faults
        shop.offer(order(number, kind, at=shop.now))
        shop.pump()
    for _ in range(10 * len(traffic) + 1):
        at = shop.queue.next_at(shop.now)
        if at is None:
            break
        assert at >= shop.now
        shop.now = at
        shop.pump()
    assert sorted(each.id for each in shop.passed) == sorted(shop.stored)
    assert not shop.queue.waiting
    for one in shop.passed:
        for other in shop.passed:
            if urgency(one) == urgency(other) and not (one.attempts or other.attempts) and one.id != other.id:
                assert one.created_at >= other.created_at or (one.executed_at or NOW) <= (other.executed_at or NOW)
