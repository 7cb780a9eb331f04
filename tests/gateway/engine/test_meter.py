"""Counters, caps and the token bucket, on a clock that the test moves."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nfemu.gateway.engine.judge import Line
from nfemu.gateway.engine.limiter import MAX_WAITING, Counter, Limiter
from nfemu.gateway.engine.meter import Meters
from nfemu.gateway.ports import GatewayRules
from nfemu.model.identity import GroupName
from nfemu.model.policy import UNLIMITED, Limits
from nfemu.model.usage import Allowance, Usage
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import CAP, CAPPED, OPEN, line, policies, rules

MEGABIT = Limits(0, 1_000_000)
"""125,000 octets a second, as many in one burst."""


DAY = datetime(2026, 11, 2, tzinfo=UTC)


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def capped() -> Line:
    return Line(line("13800138004", CAPPED), policies().profile(CAPPED), rules())


def unlimited() -> Line:
    """The same line by the rules before there was a cap."""
    was = replace(policies().profile(CAPPED), limits=UNLIMITED)
    return Line(line("13800138004", CAPPED), was, rules())


async def waits(limiter: Limiter) -> bool:
    """Whether somebody who has just passed something has to wait."""
    pacing = asyncio.create_task(limiter.pace(1))
    for _ in range(5):
        await asyncio.sleep(0)
    done = pacing.done()
    pacing.cancel()
    await asyncio.gather(pacing, return_exceptions=True)
    return not done


def limited(limits: Limits = MEGABIT) -> tuple[Limiter, Counter, Time]:
    time = Time()
    limiter, counter = Limiter(limits, time), Counter()
    limiter.add(counter)
    return limiter, counter, time


async def test_a_burst_passes_and_then_the_rate_holds() -> None:
    limiter, counter, time = limited()
    counter.down += 125_000
    assert not await waits(limiter)
    counter.up += 31_250
    assert await waits(limiter)
    time.now += 0.125
    assert await waits(limiter), "half of what is owed is there"
    time.now += 0.125
    assert not await waits(limiter)


async def test_workers_share_the_rate_evenly() -> None:
    limiter, counter, time = limited()
    limiter.allow(0, 2)
    counter.down += 125_000 + 62_500
    assert await waits(limiter)
    time.now += 0.5
    assert await waits(limiter)
    time.now += 0.5
    assert not await waits(limiter)


async def test_whoever_waits_goes_on_at_once_when_the_limit_goes() -> None:
    limiter, counter, _ = limited(Limits(0, 8))
    counter.down += 10_000_000
    pacing = asyncio.create_task(limiter.pace(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    limiter.limit(UNLIMITED)
    await asyncio.wait_for(pacing, 5)


async def test_the_wait_ends_by_itself() -> None:
    limiter, counter, time = limited(Limits(0, 8_000_000))
    counter.down += 1_000_000 + 1_000
    pacing = asyncio.create_task(limiter.pace(1))
    await asyncio.sleep(0)
    time.now += 1.0
    await asyncio.wait_for(pacing, 5)


@pytest.mark.parametrize(("own", "others", "exceeded"), [(CAP, 0, True), (1, CAP - 1, True), (1, CAP - 2, False)])
def test_the_cap_is_of_all_together(own: int, others: int, exceeded: bool) -> None:
    limiter, counter, _ = limited(Limits(CAP))
    counter.up += own
    limiter.allow(others, 1)
    assert limiter.exceeded() is exceeded
    assert limiter.limits == Limits(CAP)
    limiter.start_day()
    assert not limiter.exceeded()


async def test_past_the_cap_an_hour_of_greed_is_bounded() -> None:
    """Before it nothing waits; past it, one read and then what the slow rate gives."""
    limiter, counter, time = limited(Limits(CAP, 0, 32_000))
    counter.up += CAP - 1
    assert not await waits(limiter)
    counter.up += 1
    start, began = counter.down, time.now
    while time.now < began + 3600:
        if await waits(limiter):
            time.now += 1.0
        else:
            counter.down += 65_536
    assert 3600 * 4000 <= counter.down - start <= 3600 * 4000 + 2 * 65_536
    limiter.start_day()
    assert not await waits(limiter)


async def test_connections_have_their_turn_one_after_another() -> None:
    """Each is charged for what it brings before the next is looked at, and they keep their order."""
    limiter, counter, time = limited(Limits(CAP, 0, 32_000))
    counter.up += CAP
    limiter.spend()
    counter.up += 65_536 - CAP + 4000
    passed: list[int] = []

    async def enters(number: int) -> None:
        assert await limiter.enter(100)
        passed.append(number)
        counter.up += 4000

    entering = [asyncio.create_task(enters(number)) for number in range(MAX_WAITING)]
    await asyncio.sleep(0)
    assert not await limiter.enter(100), "no place is left"
    for number in range(MAX_WAITING):
        time.now += 1.0
        limiter.allow(0, 1)
        for _ in range(5):
            await asyncio.sleep(0)
        assert passed == list(range(number + 1))
    await asyncio.gather(*entering)


async def test_the_slow_rate_gets_nothing_back_of_what_the_fast_one_has_lent() -> None:
    limiter, counter, time = limited(Limits(1_000_000, 1_000_000, 32_000))
    counter.up += 16 * 65_536 - 100_000
    assert await waits(limiter)
    counter.up += 100_000
    assert limiter.exceeded()
    assert not await waits(limiter), "a payment goes on at once"
    counter.up += 4_000
    assert await waits(limiter), "the slow rate holds from here on"
    time.now += 1.0
    assert not await waits(limiter)


async def test_nobody_waits_for_the_last_reads_of_connections_that_end_at_the_cap() -> None:
    limiter, counter, _ = limited(Limits(1_000_000, 1_000_000, 32_000))
    counter.up += 999_999
    assert not limiter.ends(65_536)
    for _ in range(16):
        counter.up += 65_536
        assert limiter.ends(65_536)
    assert not await waits(limiter)
    counter.up += 65_536
    assert await waits(limiter), "of a site that is essential"


async def test_past_the_cap_bulk_alone_waits_for_what_bulk_has_read() -> None:
    """Twenty uploads to the payment's own sites, whose reads are larger than those that they have waited for."""
    limiter, counter, time = limited(Limits(CAP, 0, 32_000))
    counter.up += CAP
    limiter.spend()
    began, start = time.now, counter.up
    uploads = []
    for _ in range(20):
        counter.up += 65_536
        uploads.append(asyncio.create_task(limiter.pace(65_536)))
        await asyncio.sleep(0)
    for _ in range(5):
        assert not await waits(limiter), "a payment goes on"
        counter.up += 4_000
        assert await waits(limiter)
        time.now += 1.0
    while not all(each.done() for each in uploads):
        time.now += 1.0
        limiter.allow(0, 1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert counter.up - start <= (time.now - began) * 4000, "all of it is paid for in the end"


async def test_an_hour_of_connections_that_end_before_they_have_paid_is_bounded() -> None:
    limiter, counter, time = limited(Limits(CAP, 0, 32_000))
    counter.up += CAP
    limiter.spend()
    began, start = time.now, counter.up
    while time.now < began + 3600:
        if await waits(limiter):
            time.now += 1.0
            continue
        counter.up += 65_536
        passing = asyncio.create_task(limiter.pace(65_536))
        await asyncio.sleep(0)
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
    assert counter.up - start <= 3600 * 4000 + (32 + 2) * 65_536


async def test_an_upload_that_gives_up_before_it_has_begun_pays_for_nobody() -> None:
    """It has passed nothing: what is light goes on waiting for what is light has passed."""
    limiter, counter, time = limited(Limits(CAP, 0, 32_000))
    counter.up += CAP
    limiter.spend()
    counter.up += 65_536 - CAP + 4_000
    entering = asyncio.create_task(limiter.enter(64_000))
    for _ in range(5):
        await asyncio.sleep(0)
    assert await waits(limiter)
    entering.cancel()
    await asyncio.gather(entering, return_exceptions=True)
    assert await waits(limiter)
    time.now += 1.0
    assert not await waits(limiter)


async def test_what_bulk_owes_is_paid_while_nothing_passes_too() -> None:
    limiter, counter, time = limited(Limits(CAP, 0, 32_000))
    counter.up += CAP
    limiter.spend()
    for _ in range(20):
        counter.up += 65_536
        passing = asyncio.create_task(limiter.pace(65_536))
        await asyncio.sleep(0)
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
    time.now += (20 * 65_536 + 64_000) / 4_000
    async with asyncio.timeout(5):
        assert await limiter.enter(64_000)


async def test_past_the_cap_the_kernel_puts_others_off_for_a_second_at_the_most() -> None:
    limiter, counter, time = limited(Limits(CAP, 0, 32_000))
    counter.up += CAP
    limiter.spend()
    counter.down += 1_000_000
    limiter.spend()
    assert await waits(limiter)
    time.now += 1.01
    assert not await waits(limiter)


async def test_a_payment_does_not_wait_for_uploads() -> None:
    limiter, counter, time = limited(Limits(CAP, 0, 32_000))
    counter.up += CAP
    limiter.spend()
    counter.up += 65_536 - CAP + 64_000
    passed: list[str] = []

    async def enters(name: str, octets: int) -> None:
        assert await limiter.enter(octets)
        passed.append(name)
        counter.up += octets

    entering = [asyncio.create_task(enters("upload", 64_000)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    assert not await limiter.enter(64_000), "no place is left for further uploads"
    entering += [asyncio.create_task(enters("payment", 4_000)) for _ in range(2)]
    for _ in range(3):
        time.now += 16.0
        limiter.allow(0, 1)
        for _ in range(10):
            await asyncio.sleep(0)
    assert passed[:3] == ["payment", "payment", "upload"]
    limiter.limit(UNLIMITED)
    await asyncio.gather(*entering)
    assert passed[3:] == ["upload"] * (MAX_WAITING - 1)


async def test_before_the_cap_nobody_is_sent_away() -> None:
    limiter, counter, _ = limited(Limits(1 << 40, 8))
    counter.up += 1_000_000
    entering = [asyncio.create_task(limiter.enter(100)) for _ in range(2 * MAX_WAITING)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(each.done() for each in entering)
    limiter.limit(UNLIMITED)
    assert all(await asyncio.gather(*entering))


def test_zero_is_no_limit() -> None:
    limiter, counter, _ = limited(UNLIMITED)
    counter.up += 1 << 40
    assert not limiter.exceeded()


def test_growth_is_told_once_and_what_is_not_used_is_forgotten() -> None:
    meters = Meters(Time())
    it = capped()
    counter = meters.counter(it, GroupName("help"))
    counter.flows += 1
    counter.up += 3
    assert meters.growth() == [Usage(it.state.imsi, CAPPED, "help", 3, 0)]
    assert meters.growth() == []
    assert meters.counter(it, GroupName("help")) is counter
    counter.flows -= 1
    assert meters.growth() == []
    assert meters.counter(it, GroupName("help")) is not counter
    limiter = meters.limiter(it)
    assert limiter is not None
    limiter.allow(CAP - 3, 1)
    assert limiter.exceeded(), "what a forgotten counter has counted still counts"


def test_what_was_used_before_the_first_flow_is_known() -> None:
    meters = Meters(Time())
    it = capped()
    assert meters.allow([Allowance(it.state.imsi, CAPPED, CAP, 1)]) == []
    limiter = meters.limiter(it)
    assert limiter is not None
    assert limiter.exceeded()
    assert meters.allow([Allowance(it.state.imsi, CAPPED, CAP, 1)]) == [(it.state.imsi, CAPPED)]


def test_the_first_octets_of_a_line_count_once() -> None:
    """Whether its limiter or its counter is made first: traffic to an essential group asks for no limiter before."""
    for limiter_first in (True, False):
        meters = Meters(Time())
        it = capped()
        if limiter_first:
            meters.limiter(it)
        counter = meters.counter(it, GroupName("portal"))
        limiter = meters.limiter(it)
        assert limiter is not None
        counter.down += CAP - 1
        assert not limiter.exceeded()
        counter.up += 1
        assert limiter.exceeded()


def test_what_was_used_before_there_was_a_limit_counts() -> None:
    """Of this day: also what connections have used that are long gone."""
    for day_between in (False, True):
        meters = Meters(Time())
        meters.start_day(DAY)
        it = unlimited()
        meters.counter(it, GroupName("help")).up += CAP - 2
        lasting = meters.counter(it, GroupName("portal"))
        lasting.flows += 1
        lasting.down += 1
        for _ in range(2):
            meters.growth()
        if day_between:
            meters.start_day(DAY + timedelta(days=1))
        lasting.down += 1
        limiter = meters.limiter(capped())
        assert limiter is not None
        assert limiter.exceeded() is not day_between


def test_new_rules_bring_new_limits() -> None:
    meters = Meters(Time())
    it = capped()
    meters.counter(it, None).up += CAP
    meters.rules_changed(rules())
    limiter = meters.limiter(it)
    assert limiter is not None
    assert limiter.exceeded()
    meters.rules_changed(GatewayRules(PolicySet.build([], []), rules().enricher))
    assert not limiter.exceeded()
    open_ = Line(line("13800138000", OPEN), policies().profile(OPEN), rules())
    assert meters.limiter(open_) is None


def test_what_is_used_while_rules_set_no_limit_counts_when_others_set_one_again() -> None:
    meters = Meters(Time())
    assert meters.limiter(capped()) is not None
    meters.rules_changed(GatewayRules(PolicySet.build([], []), rules().enricher))
    meters.counter(unlimited(), GroupName("help")).up += CAP
    for _ in range(2):
        meters.growth()
    meters.rules_changed(rules())
    assert meters.past_cap(rules()) == {(capped().state.imsi, CAPPED)}


def test_what_others_carry_for_a_line_counts_with_what_it_carries_here() -> None:
    meters = Meters(Time())
    limits = Limits(daily_cap=1000)
    there = line("13800138004", CAPPED)
    here = Line(there, replace(policies().profile(CAPPED), limits=limits), rules())
    meters.counter(here, GroupName("aid")).up += 400
    meters.add(Usage(there.imsi, CAPPED, "", 100, 499), limits)
    assert meters.growth() == [Usage(there.imsi, CAPPED, "aid", 400, 0), Usage(there.imsi, CAPPED, "", 100, 499)]
    limiter = meters.limiter(here)
    assert limiter is not None
    assert not limiter.exceeded()
    meters.add(Usage(there.imsi, CAPPED, "", 1, 0), limits)
    assert limiter.exceeded()


def test_without_limits_it_is_only_counted() -> None:
    meters = Meters(Time())
    free = line("13800138001", OPEN)
    meters.add(Usage(free.imsi, OPEN, "", 7, 8), UNLIMITED)
    assert meters.growth() == [Usage(free.imsi, OPEN, "", 7, 8)]
    assert meters.past_cap(rules()) == set()


def test_past_its_cap_by_what_was_carried_here_or_by_what_is_told() -> None:
    meters = Meters(Time())
    here, told, within = (line(f"1380013800{number}", CAPPED).imsi for number in (4, 5, 6))
    limits = policies().profile(CAPPED).limits
    meters.add(Usage(here, CAPPED, "", 0, CAP), limits)
    meters.allow([Allowance(told, CAPPED, CAP, 1), Allowance(within, CAPPED, CAP - 1, 1)])
    assert meters.past_cap(rules()) == {(here, CAPPED), (told, CAPPED)}
    meters.start_day(DAY)
    meters.start_day(DAY + timedelta(days=1))
    assert meters.past_cap(rules()) == set()


async def test_who_does_not_wait_puts_others_off_for_one_bucket_at_the_most() -> None:
    limiter, counter, time = limited()
    counter.down += 125_000 * 60
    limiter.spend()
    assert await waits(limiter)
    time.now += 1.01
    assert not await waits(limiter)


def test_other_people_have_used_nothing() -> None:
    """Whatever was counted, told, or kept for a limit to come."""
    meters = Meters(Time())
    meters.start_day(DAY)
    counter = meters.counter(capped(), None)
    counter.up = CAP
    meters.counter(unlimited(), GroupName("portal")).down = 5
    meters.allow([Allowance(capped().state.imsi, CAPPED, CAP, 2)])
    assert meters.past_cap(rules())
    meters.forget()
    assert (meters.growth(), meters.past_cap(rules()), meters.day_ends) == ([], set(), None)
    limiter = meters.limiter(capped())
    assert limiter is not None
    assert not limiter.exceeded()
