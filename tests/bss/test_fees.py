"""What falls due when (S1, S1b): months, days and hours in the carrier's zone, drawn moments, and nothing twice."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.bss.fees import FeeRules, due_at, due_between, next_fees, next_moment
from nfemu.model.identity import AccountId, Imsi, Msisdn, PlanName, ServiceName
from nfemu.model.money import Money
from nfemu.model.plans import Period, Plan, PriceList, Service
from nfemu.model.subscriber import Subscriber

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
ZHANG = AccountId("zhang")
RINGBACK = Service(ServiceName("ringback"), Money(500), at=time(0, 30), day=15)
RENT = Service(ServiceName("rent"), Money(100), Period.DAY, time(1))
GRATIS = Service(ServiceName("gratis"), Money(0), Period.DAY)
BASIC = Plan(PlanName("basic"), Money(2900))
RICH = Plan(PlanName("rich"), Money(5900), (RINGBACK.name, GRATIS.name))
FREE = Plan(PlanName("free"), Money(0), (RENT.name,))
PRICES = PriceList(
    {plan.name: plan for plan in (BASIC, RICH, FREE)},
    {service.name: service for service in (RINGBACK, RENT, GRATIS)},
)
RULES = FeeRules(PRICES, SHANGHAI)
CARD = Subscriber(Imsi("460001380013800"), Msisdn("8613800138000"), ZHANG, plan=BASIC.name)
SECOND = replace(CARD, imsi=Imsi("460001380013801"), msisdn=Msisdn("8613800138001"), plan=RICH.name)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone)


def test_a_plan_s_fee_falls_due_in_the_first_hours_of_the_next_month() -> None:
    """What is left of a month that has begun is free."""
    moment = next_moment(RULES, ZHANG, [CARD], local(2026, 11, 1, 6))
    assert moment is not None
    assert local(2026, 12, 1) <= moment < local(2026, 12, 1, 6)
    (fee,) = due_at(RULES, ZHANG, [CARD], moment)
    assert (fee.number, fee.amount, fee.due_at) == ("fee/basic/460001380013800/2026-12", Money(2900), moment)
    assert fee.note == "plan basic, 2026-12"
    assert next_moment(RULES, ZHANG, [CARD], moment) != moment
    assert due_at(RULES, ZHANG, [CARD], moment + timedelta(seconds=1)) == []


def test_cards_of_an_account_pay_at_one_moment_and_accounts_at_different_ones() -> None:
    after = local(2026, 11, 20)
    moment = next_moment(RULES, ZHANG, [CARD, SECOND], after)
    assert moment is not None
    assert [fee.imsi for fee in due_at(RULES, ZHANG, [CARD, SECOND], moment)] == [CARD.imsi, SECOND.imsi]
    others = {next_moment(RULES, AccountId(f"account-{number}"), [CARD], after) for number in range(50)}
    assert len(others) > 45


def test_services_fall_due_at_their_own_hour() -> None:
    rented = replace(CARD, plan=None, services=(RENT.name, RINGBACK.name))
    found = due_between(RULES, ZHANG, [rented], local(2026, 11, 14, 1), local(2026, 11, 16, 1))
    assert [(fee.number, fee.due_at.astimezone(SHANGHAI)) for fee in found] == [
        ("service/ringback/460001380013800/2026-11", local(2026, 11, 15, 0, 30)),
        ("service/rent/460001380013800/2026-11-15", local(2026, 11, 15, 1)),
        ("service/rent/460001380013800/2026-11-16", local(2026, 11, 16, 1)),
    ]


def test_a_service_of_plan_and_card_is_charged_once() -> None:
    twice = replace(SECOND, services=(RINGBACK.name,))
    assert len(due_at(RULES, ZHANG, [twice], local(2026, 11, 15, 0, 30))) == 1


@pytest.mark.parametrize("plan", [None, PlanName("gone")])
def test_nothing_falls_due_without_a_plan_or_by_one_that_is_gone(plan: PlanName | None) -> None:
    nobody = replace(CARD, plan=plan, services=(ServiceName("gone"), GRATIS.name))
    now = local(2026, 11, 20)
    assert next_moment(RULES, ZHANG, [nobody], now) is None
    assert next_fees(RULES, ZHANG, [nobody], now) is None
    assert due_between(RULES, ZHANG, [nobody], now, local(2028, 1, 1)) == []


def test_the_next_month_s_fees_are_those_of_its_first_day() -> None:
    """S2, S8: plans of all cards and a day's rent, as of the first of them."""
    cards = [CARD, replace(SECOND, plan=FREE.name)]
    found = next_fees(RULES, ZHANG, cards, local(2026, 11, 29))
    assert found is not None
    amount, at = found
    assert amount == Money(2900 + 100)
    assert at == min(local(2026, 12, 1, 1), next_moment(RULES, ZHANG, [CARD], local(2026, 11, 29)) or local(2027, 1, 1))


def test_other_seeds_draw_other_moments() -> None:
    other = replace(RULES, prices=replace(PRICES, seed=2))
    now = local(2026, 11, 20)
    assert next_moment(RULES, ZHANG, [CARD], now) != next_moment(other, ZHANG, [CARD], now)


def test_a_year_has_twelve_fees_and_a_rent_for_each_day_also_over_summer_time() -> None:
    """In Berlin 02:30 does not exist on 29 March 2026 and comes twice on 25 October: one rent on each of these days."""
    night = replace(RENT, at=time(2, 30))
    rules = FeeRules(replace(PRICES, services={RENT.name: night}), BERLIN)
    card = replace(CARD, services=(RENT.name,))
    found = due_between(rules, ZHANG, [card], local(2026, 1, 1, 12, zone=BERLIN), local(2027, 1, 1, 12, zone=BERLIN))
    numbers = [fee.number for fee in found]
    assert len(numbers) == len(set(numbers))
    assert [number.partition("/")[0] for number in numbers].count("fee") == 12
    assert [number.partition("/")[0] for number in numbers].count("service") == 365
    assert [fee.due_at for fee in found] == sorted(fee.due_at for fee in found)


@given(
    st.integers(0, 365 * 86_400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.lists(st.timedeltas(timedelta(seconds=1), timedelta(days=20)), max_size=5),
)
def test_it_does_not_matter_in_which_steps_time_goes_by(start: datetime, steps: list[timedelta]) -> None:
    cards = [replace(CARD, services=(RENT.name,)), SECOND]
    end = start + sum(steps, start=timedelta(0))
    pieces, at = [], start
    for step in steps:
        pieces += due_between(RULES, ZHANG, cards, at, at + step)
        at += step
    assert pieces == due_between(RULES, ZHANG, cards, start, end)
