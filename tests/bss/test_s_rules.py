"""Every S rule of the requirements has a test that passes with it and fails without it.

Those that dunning decides by have a switch each (`tests.bss.dunning.test_switches`). The others are numbers of the
configuration or stamps on a record, and here they are taken away: no limit, no spreading, one urgency for all, nothing
stamped.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest

from nfemu.bss.channels import ChannelRules, Pace, admit
from nfemu.bss.credit import DEFAULT_CARD, CreditInput, Scorecard, bands, score
from nfemu.bss.dunning import Rule
from nfemu.bss.fees import FeeRules, due_between
from nfemu.bss.order_queue import MOST_PER_MINUTE, Admission, Capacity, OrderQueue, OrderRules
from nfemu.bss.order_report import of_kinds, posting
from nfemu.bss.orders import OrderInput, advance
from nfemu.bss.urgency import URGENCY, Urgency
from nfemu.model.identity import AccountId, CorrelationId, Imsi, Msisdn, OrderId, PaymentNo, PlanName, ServiceName
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.orders import OrderKind, Payment, PaymentState, WorkOrder
from nfemu.model.plans import Plan, PriceList, Service
from nfemu.model.subscriber import OrderedProfile, Subscriber

REMINDING = {"S1", "S1b", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12"}
STOPPING = {"S20", "S21", "S22", "S23", "S24", "S25", "S26", "S27", "S28"}
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
CARD = Imsi("460001380013800")
PLAN = Plan(PlanName("basic"), Money(5900))
RENT = Service(ServiceName("ringback"), Money(500), day=15)
PRICES = PriceList({PLAN.name: PLAN}, {RENT.name: RENT})
AT_MIDNIGHT = replace(PRICES, window=timedelta(0))
MANY = 1_000_000


def fees(prices: PriceList) -> list[tuple[int, timedelta]]:
    """Of twenty accounts in December: the day, and how far into it."""
    found = []
    for number in range(20):
        account = AccountId(f"account-{number}")
        card = Subscriber(CARD, Msisdn("8613800138000"), account, plan=PLAN.name, services=(RENT.name,))
        found += due_between(FeeRules(prices), account, [card], NOW + 30 * DAY, NOW + 60 * DAY)
    return [(fee.due_at.day, fee.due_at - fee.due_at.replace(hour=0, minute=0, second=0)) for fee in found]


def s1_fees_fall_due_on_the_first_day_spread_over_its_first_hours(prices: PriceList) -> None:
    first = [moment for day, moment in fees(prices) if day == 1]
    assert len(first) == 20
    assert max(first) < 6 * HOUR
    assert max(Counter(first).values()) < 3, "bunched"


def s1b_services_are_charged_at_their_own_time(prices: PriceList) -> None:
    assert [moment for day, moment in fees(prices) if day == RENT.day] == 20 * [timedelta(0)]


def taken_in_a_second(rules: ChannelRules, urgencies: Mapping[NoticeKind, Urgency]) -> Counter[NoticeKind]:
    """Of a wave, and of the stop notices that come behind it."""
    taken: Counter[NoticeKind] = Counter()
    pace: Pace | None = None
    for kind in [NoticeKind.DUNNING] * 600 + [NoticeKind.STOP_NOTICE] * 10:
        after = admit(rules, pace, urgencies[kind], NOW)
        if after is not None:
            pace, taken[kind] = after, taken[kind] + 1
    return taken


def s7_a_channel_takes_so_many_in_a_second(rules: ChannelRules) -> None:
    assert taken_in_a_second(rules, URGENCY).total() <= 500


def s7_what_is_urgent_is_not_late_for_a_wave(urgencies: Mapping[NoticeKind, Urgency]) -> None:
    assert taken_in_a_second(ChannelRules(), urgencies)[NoticeKind.STOP_NOTICE] == 10


def s20_levels_follow_from_what_people_do(card: Scorecard) -> None:
    regular = dict.fromkeys(CreditInput, 100) | {CreditInput.STOPS: 0, CreditInput.STOPPED_DAYS: 0}
    stopped = regular | {CreditInput.STOPS: 4, CreditInput.STOPPED_DAYS: 20, CreditInput.PAID_AHEAD: 0}
    assert score(card, regular, 5).level > score(card, stopped, 5).level


def order(number: int, kind: OrderKind = OrderKind.STOP, cause: str = "dunning") -> WorkOrder:
    target = OrderedProfile.ARREARS if kind is OrderKind.STOP else OrderedProfile.OPEN
    return WorkOrder(OrderId(f"ord-{number}"), CARD, kind, target, cause, CorrelationId("cor"), NOW + number * SECOND)


def s26_orders_wait_where_capacity_is_used_and_the_backlog_is_known(rules: OrderRules) -> None:
    queue = OrderQueue(rules.capacities)
    for number in range(3):
        found = queue.admit(order(number), NOW)
        if found is not Admission.EXECUTES:
            queue.follow(order(number))
    assert queue.backlog().total() == 2


def s26_resumes_come_first(cause: str) -> None:
    """`cause`: of the orders. A person's word is carried out in the order in which it was given."""
    queue = OrderQueue(OrderRules(Capacity(60, 1), Capacity(60, 1)).capacities)
    queue.admit(order(0), NOW)
    for each in (order(1, cause=cause), order(2, OrderKind.RESUME, cause)):
        queue.follow(each)
    assert [each.kind for each in queue.ready(NOW + SECOND, 2)] == [OrderKind.RESUME]


def s28_an_order_says_how_long_it_waited_and_took(stamped: Callable[[WorkOrder], WorkOrder]) -> None:
    executed = advance(order(0), OrderInput.EXECUTE, NOW + SECOND)
    done = stamped(advance(executed, OrderInput.ACKNOWLEDGE, NOW + 3 * SECOND))
    (report,) = [each for each in of_kinds([done], NOW) if each.kind is OrderKind.STOP]
    assert (report.waited is not None, report.took is not None) == (True, True)


def s28_posting_of_a_top_up_is_measured(posted_at: datetime | None) -> None:
    payment = Payment(PaymentNo("p"), AccountId("zhang"), CARD, Money(100), "sandbox", NOW, NOW, PaymentState.PAID)
    found = posting([replace(payment, paid_at=NOW, posted_at=posted_at)])
    assert found is not None
    assert found.longest == SECOND


def unstamped(done: WorkOrder) -> WorkOrder:
    return replace(done, billed_at=None, executed_at=None)


FLAT = replace(DEFAULT_CARD, bands=dict.fromkeys(CreditInput, bands({0: 0})))
NARROW = OrderRules(Capacity(1, 1), Capacity(1, 1))
WIDE = OrderRules(Capacity(MOST_PER_MINUTE, MANY), Capacity(MOST_PER_MINUTE, MANY))
Test = Callable[[], None]
T = TypeVar("T")


def case(rule: str, test: Callable[[T], None], with_it: T, without_it: T) -> tuple[str, Test, Test]:
    return rule, partial(test, with_it), partial(test, without_it)


TAKEN_AWAY = [
    case("S1", s1_fees_fall_due_on_the_first_day_spread_over_its_first_hours, PRICES, AT_MIDNIGHT),
    case("S1b", s1b_services_are_charged_at_their_own_time, PRICES, replace(PRICES, services={})),
    case("S7", s7_a_channel_takes_so_many_in_a_second, ChannelRules(), ChannelRules(MANY)),
    case("S7", s7_what_is_urgent_is_not_late_for_a_wave, URGENCY, dict.fromkeys(NoticeKind, Urgency.WAVE)),
    case("S20", s20_levels_follow_from_what_people_do, DEFAULT_CARD, FLAT),
    case("S26", s26_orders_wait_where_capacity_is_used_and_the_backlog_is_known, NARROW, WIDE),
    case("S26", s26_resumes_come_first, "ledger", "by hand"),
    case("S28", s28_an_order_says_how_long_it_waited_and_took, lambda done: done, unstamped),
    case("S28", s28_posting_of_a_top_up_is_measured, NOW + SECOND, None),
]


@pytest.mark.parametrize(("rule", "with_it", "without_it"), TAKEN_AWAY)
def test_the_rule_is_what_makes_it_so(rule: str, with_it: Test, without_it: Test) -> None:
    with_it()
    with pytest.raises(AssertionError):
        without_it()


def test_no_rule_is_missing() -> None:
    """`tests.bss.dunning.test_switches` has one for each `Rule`."""
    switched = {rule.value for rule in Rule}
    assert switched | {rule for rule, _, _ in TAKEN_AWAY} == REMINDING | STOPPING
