"""Orders that find no room wait, have their turn, are refused, given up and resubmitted (S26, S28)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.bss.order_queue import Capacity, OrderRules, Stage
from nfemu.bss.orders import RetryRules
from nfemu.model import events
from nfemu.model.errors import Conflict, InvalidInput, NotFound, Unavailable
from nfemu.model.identity import Msisdn, OrderId
from nfemu.model.money import Money
from nfemu.model.orders import OrderKind, OrderState
from nfemu.model.subscriber import Hold, OrderedProfile
from tests.fakes.paying import pay
from tests.fakes.world import ACME_ONE, LI, START, STATIC, WANG, ZHANG, World, rules

SECOND = timedelta(seconds=1)
NARROW = OrderRules(billing=Capacity(60, 2), network=Capacity(60, 1), retry=RetryRules(attempts=2, pause=10 * SECOND))
"""One order a second; two pass billing at once."""


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Everybody attached; the network elements are full until the next second."""
    world = World(replace(rules(), orders=NARROW))
    await world.start()
    for number in (ZHANG, LI, WANG, STATIC, ACME_ONE):
        await world.service.attach(number)
    await world.service.charge(STATIC, Money(5000))
    yield world
    await world.service.stop()


async def ordered(world: World, number: Msisdn) -> OrderedProfile:
    return (await world.service.status(number)).ordered


async def names(world: World, number: Msisdn) -> list[str]:
    return [event.name for event in await world.service.timeline(number) if event.name.startswith("order.")]


async def test_a_stop_waits_in_both_stages_and_the_clock_carries_it_out(world: World) -> None:
    assert await ordered(world, STATIC) is OrderedProfile.ARREARS
    await world.service.charge(ZHANG, Money(5000))
    await world.service.charge(WANG, Money(5000))
    assert await ordered(world, ZHANG) is OrderedProfile.OPEN
    report = await world.service.orders.report()
    assert report.waiting[Stage.NETWORK, OrderKind.STOP] == 1
    assert report.waiting[Stage.BILLING, OrderKind.STOP] == 2, "both lines of an account"
    happened = await world.service.advance_clock(3 * SECOND)
    assert [(each.at - START, each.text) for each in happened] == [
        (SECOND, "orders: 1 stop executed; 2 wait"),
        (2 * SECOND, "orders: 1 stop executed; 1 wait"),
        (3 * SECOND, "orders: 1 stop executed; 0 wait"),
    ]
    assert await names(world, ZHANG) == [events.ORDER_CREATED, events.ORDER_WAITS, events.ORDER_DONE]
    (waits, done) = [each for each in await world.service.timeline(ZHANG) if each.name[6:] in ("waits", "done")]
    assert waits.detail["stage"] == "network"
    assert (done.detail["waited_s"], done.detail["took_s"]) == ("1.000", "1.000")


async def test_a_covering_payment_overtakes_the_stops_of_others(world: World) -> None:
    for number in (ZHANG, WANG, LI):
        await world.service.charge(number, Money(13000))
    settled = await pay(world.service, STATIC, Money(4000))
    assert settled.status.ordered is OrderedProfile.ARREARS, "no room yet"
    await world.service.advance_clock(SECOND)
    assert await ordered(world, STATIC) is OrderedProfile.OPEN
    assert await ordered(world, ZHANG) is OrderedProfile.OPEN, "its stop came first, and waits"


async def test_a_stop_that_waits_is_superseded_by_the_resume_of_its_line(world: World) -> None:
    await world.service.charge(ZHANG, Money(5000))
    await pay(world.service, ZHANG, Money(2000))
    await world.service.advance_clock(5 * SECOND)
    assert await ordered(world, ZHANG) is OrderedProfile.OPEN
    own = [(each.kind, each.state) for each in world.store.orders()[1:]]
    assert own == [(OrderKind.STOP, OrderState.SUPERSEDED), (OrderKind.RESUME, OrderState.DONE)]


async def test_a_persons_word_and_a_garden_come_before_everything(world: World) -> None:
    for number in (ZHANG, WANG):
        await world.service.charge(number, Money(5000))
    await world.service.restrict(LI)
    await world.service.order_profile(ACME_ONE, "inflight")
    await world.service.advance_clock(2 * SECOND)
    status = await world.service.status(LI)
    assert (status.ordered, status.line.subscription.hold) == (OrderedProfile.ARREARS, Hold.RESTRICT)
    assert (await world.service.status(ACME_ONE)).effective == "inflight"
    assert await ordered(world, ZHANG) is OrderedProfile.OPEN


async def test_a_process_that_is_gone_loses_no_order_and_no_used_capacity(world: World) -> None:
    for number in (ZHANG, WANG):
        await world.service.charge(number, Money(5000))
    await world.restart()
    assert len(world.service._pump.queue.waiting) == 3
    assert await ordered(world, ZHANG) is OrderedProfile.OPEN, "this second's capacity is used"
    await world.service.advance_clock(3 * SECOND)
    assert not world.service._pump.queue.waiting
    assert await ordered(world, WANG) is OrderedProfile.ARREARS


async def test_a_start_carries_out_what_has_its_turn(world: World) -> None:
    await world.service.charge(ZHANG, Money(5000))
    await world.service.stop()
    await world.store.write_clock(START + SECOND)
    await world.restart()
    assert await ordered(world, ZHANG) is OrderedProfile.ARREARS


async def test_an_order_that_is_refused_is_tried_again_and_nobody_waits_for_it(world: World) -> None:
    await world.service.charge(ZHANG, Money(5000))
    assert world.service.orders.fail(1) == 1
    await world.service.charge(LI, Money(13000))
    await world.service.advance_clock(2 * SECOND)
    assert await ordered(world, ZHANG) is OrderedProfile.OPEN
    assert await ordered(world, LI) is OrderedProfile.ARREARS
    await world.service.advance_clock(9 * SECOND)
    assert await ordered(world, ZHANG) is OrderedProfile.ARREARS
    assert events.ORDER_REFUSED in await names(world, ZHANG)


async def dead_stop(world: World) -> OrderId:
    """Of ZHANG, whose account owes 20 yuan."""
    world.service.orders.fail(2)
    await world.service.charge(ZHANG, Money(5000))
    happened = await world.service.advance_clock(30 * SECOND)
    assert [each.text for each in happened] == ["orders: 1 stop refused; 1 wait", "orders: 1 stop dead; 0 wait"]
    (dead,) = await world.service.orders.unfinished()
    assert dead.state is OrderState.DEAD
    return dead.id


async def test_an_order_that_was_refused_too_often_waits_for_a_person(world: World) -> None:
    await dead_stop(world)
    assert await ordered(world, ZHANG) is OrderedProfile.OPEN
    assert (await world.service.orders.report()).dead == 1
    with pytest.raises(NotFound, match="no dead order has the number `ord-nobody`"):
        await world.service.orders.resubmit(OrderId("ord-nobody"))
    with pytest.raises(NotFound, match="no dead order"):
        await world.service._resubmit((await world.service.status(ZHANG)).account.id, OrderId("ord-nobody"))


async def test_a_start_orders_anew_what_is_dead_and_still_wanted(world: World) -> None:
    await dead_stop(world)
    await world.restart()
    assert await ordered(world, ZHANG) is OrderedProfile.ARREARS
    assert await world.service.orders.unfinished() == []


async def test_a_dead_order_is_resubmitted(world: World) -> None:
    number = await dead_stop(world)
    await world.service.orders.resubmit(number)
    assert await ordered(world, ZHANG) is OrderedProfile.ARREARS
    assert (await names(world, ZHANG))[-2:] == [events.ORDER_RESUBMITTED, events.ORDER_DONE]
    assert await world.service.orders.resubmit_all() == []


async def test_all_dead_orders_are_resubmitted(world: World) -> None:
    number = await dead_stop(world)
    assert await world.service.orders.resubmit_all() == [number]
    assert await ordered(world, ZHANG) is OrderedProfile.ARREARS


async def test_a_dead_order_is_overtaken_by_what_comes_later(world: World) -> None:
    """Resubmitting it could stop who has paid."""
    await dead_stop(world)
    await pay(world.service, ZHANG, Money(2000))
    assert await world.service.orders.unfinished() == []
    assert await ordered(world, ZHANG) is OrderedProfile.OPEN


async def test_what_is_wanted_again_is_ordered_anew(world: World) -> None:
    number = await dead_stop(world)
    await world.service.charge(ZHANG, Money(100))
    assert await ordered(world, ZHANG) is OrderedProfile.ARREARS
    assert {each.id: each.state for each in world.store.orders()}[number] is OrderState.SUPERSEDED


async def test_a_dead_resume_is_ordered_anew_by_hand(world: World) -> None:
    await world.service.advance_clock(5 * SECOND)
    world.service.orders.fail(2)
    await pay(world.service, STATIC, Money(4000))
    await world.service.advance_clock(30 * SECOND)
    assert await ordered(world, STATIC) is OrderedProfile.ARREARS
    assert (await world.service.restore(STATIC)).ordered is OrderedProfile.OPEN


async def test_a_dead_profile_order_is_ordered_anew(world: World) -> None:
    await world.service.advance_clock(5 * SECOND)
    world.service.orders.fail(2)
    await world.service.order_profile(LI, "inflight")
    await world.service.advance_clock(30 * SECOND)
    with pytest.raises(Conflict, match="has profile `open` already"):
        await world.service.order_profile(LI, "open")
    assert (await world.service.order_profile(LI, "inflight")).effective == "inflight"


async def test_what_the_store_does_not_take_keeps_its_place(world: World) -> None:
    await world.service.charge(ZHANG, Money(5000))
    world.faults.fail("store", after=1)
    with pytest.raises(Unavailable):
        await world.service.advance_clock(SECOND)
    world.faults.heal()
    assert len(world.service._pump.queue.waiting) == 1
    await world.service.advance_clock(2 * SECOND)
    assert await ordered(world, ZHANG) is OrderedProfile.ARREARS


async def test_what_nobody_acknowledges_yet_has_had_its_turn(world: World) -> None:
    """The clock goes on; the acknowledgement is asked for again."""
    await world.service.charge(ZHANG, Money(5000))
    world.faults.fail("enforcer")
    await world.service.advance_clock(SECOND)
    status = await world.service.status(ZHANG)
    assert (status.ordered, status.effective) == (OrderedProfile.ARREARS, None)
    assert status.account.id in world.service._unfinished.finishing


async def test_other_capacities_are_in_force_at_once(world: World) -> None:
    await world.service.charge(WANG, Money(5000))
    wide = replace(world.rules, orders=OrderRules())
    async with world.service.paused():
        world.service.take_over(await world.service.plan(wide))
    await world.service.advance_clock(timedelta(milliseconds=100))
    assert await ordered(world, WANG) is OrderedProfile.ARREARS


async def test_the_report_says_how_long_orders_and_top_ups_took(world: World) -> None:
    await world.service.charge(ZHANG, Money(5000))
    await world.service.advance_clock(2 * SECOND)
    await pay(world.service, ZHANG, Money(2000))
    report = await world.service.orders.report()
    stop, resume, profile = report.done
    assert (stop.done, resume.done, profile.done) == (2, 1, 0)
    assert stop.waited is not None
    assert (stop.waited.median, stop.waited.longest) == (timedelta(0), SECOND)
    assert report.posting is not None
    assert (report.oldest, report.begun, report.armed) == (None, 0, 0)
    await world.service.advance_clock(timedelta(hours=2))
    assert [each.done for each in (await world.service.orders.report()).done] == [0, 0, 0]


@pytest.mark.parametrize("count", [-1, 1_000_001])
async def test_a_number_of_faults_that_makes_no_sense_is_refused(world: World, count: int) -> None:
    with pytest.raises(InvalidInput, match="cannot be refused"):
        world.service.orders.fail(count)
