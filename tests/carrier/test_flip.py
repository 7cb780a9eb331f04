"""Orders carried out, overtaken, resumed; notices once; nothing shown as effective before it is acknowledged."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from nfemu.carrier.ports import AppendEntry, PutOrder, PutSession
from nfemu.model import events
from nfemu.model.errors import Unavailable
from nfemu.model.identity import PolicyName
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind, NoticeState
from nfemu.model.orders import OrderKind, OrderState
from nfemu.model.subscriber import OrderedProfile
from tests.carrier.waiting import leave_order
from tests.fakes.faults import Crash
from tests.fakes.paying import pay
from tests.fakes.world import LI, ZHANG, World, catalogue, imsi_of, notification, rules


async def order_states(world: World) -> list[tuple[str, OrderState]]:
    return [(order.kind.value, order.state) for order in world.store.orders()]


async def test_a_profile_is_effective_only_once_acknowledged(world: World) -> None:
    await world.service.attach(ZHANG)
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.charge(ZHANG, Money(5900))
    status = await world.service.status(ZHANG)
    assert (status.ordered, status.effective) == (OrderedProfile.ARREARS, None)
    assert await world.service.inbox(ZHANG) == [], "a stop that nobody enforces yet is not announced"
    assert await order_states(world) == [("stop", OrderState.EXECUTED)]


async def test_a_stop_that_was_executed_is_overtaken_by_a_payment(world: World) -> None:
    """Its notice never goes out; the line that pays is told that it is restored."""
    await world.service.attach(ZHANG)
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.charge(ZHANG, Money(5900))
    with pytest.raises(Unavailable):
        await pay(world.service, ZHANG, Money(2900))
    world.faults.heal()
    settled = await pay(world.service, ZHANG, Money(1))
    assert settled.status.effective == "internet"
    assert await order_states(world) == [("stop", OrderState.SUPERSEDED), ("resume", OrderState.DONE)]
    kinds = [notice.kind for notice in await world.service.inbox(ZHANG)]
    assert NoticeKind.STOPPED not in kinds
    assert NoticeKind.RESTORED in kinds
    assert events.ORDER_SUPERSEDED in [event.name for event in await world.service.timeline(ZHANG)]


async def test_a_stop_that_was_never_executed_is_overtaken_too(world: World) -> None:
    """The HSS had not been changed: its version stays, and no stop is announced."""
    await world.service.attach(ZHANG)
    await leave_order(world, ZHANG, OrderKind.STOP, OrderedProfile.ARREARS)
    settled = await pay(world.service, ZHANG, Money(2900))
    assert (settled.status.effective, settled.status.line.subscription.version) == ("internet", 1)
    assert await order_states(world) == [("stop", OrderState.SUPERSEDED), ("resume", OrderState.DONE)]
    assert NoticeKind.STOPPED not in [notice.kind for notice in await world.service.inbox(ZHANG)]


async def test_no_stop_without_a_notice(world: World) -> None:
    """S22: stopped, paid and charged again while nothing could be finished; the stop that stays is announced."""
    await world.service.attach(ZHANG)
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.charge(ZHANG, Money(5900))
    with pytest.raises(Unavailable):
        await pay(world.service, ZHANG, Money(2900))
    world.faults.heal()
    status = await world.service.charge(ZHANG, Money(100))
    assert status.effective == "green"
    assert await order_states(world) == [
        ("stop", OrderState.SUPERSEDED),
        ("resume", OrderState.SUPERSEDED),
        ("stop", OrderState.DONE),
    ]
    assert (await world.service.inbox(ZHANG))[0].kind is NoticeKind.STOPPED


async def test_an_order_that_waits_counts_as_the_lines_aim(world: World) -> None:
    """A charge does not create a second stop order, and finishes the first."""
    await leave_order(world, ZHANG, OrderKind.STOP, OrderedProfile.ARREARS)
    status = await world.service.charge(ZHANG, Money(5900))
    assert status.ordered is OrderedProfile.ARREARS
    assert await order_states(world) == [("stop", OrderState.DONE)]


@pytest.mark.parametrize("cause", ["charge", "pay", "restrict", "restore", "profile"])
async def test_an_order_that_is_carried_out_at_once_is_stored_with_its_cause_as_executed(cause: str) -> None:
    """One commit, so one sync of the disk, comes before the enforcement points."""
    world = World()
    service = await world.start()
    await service.attach(ZHANG)
    if cause in {"pay", "restore"}:
        await service.charge(ZHANG, Money(5900))
    payment = await service.order_immediate(ZHANG, Money(2900))
    world.faults.fail("enforcer")
    before = len(world.store.commits)
    begin: dict[str, Callable[[], Awaitable[object]]] = {
        "charge": lambda: service.charge(ZHANG, Money(5900)),
        "pay": lambda: service.settle(notification(payment)),
        "restrict": lambda: service.restrict(ZHANG),
        "restore": lambda: service.restore(ZHANG),
        "profile": lambda: service.order_profile(ZHANG, "inflight"),
    }
    with pytest.raises(Unavailable):
        await begin[cause]()
    (changes,) = world.store.commits[before:]
    stored = [change.order.state for change in changes if isinstance(change, PutOrder)]
    assert stored == [OrderState.EXECUTED]
    assert sum(isinstance(change, AppendEntry) for change in changes) == (cause in {"charge", "pay"})
    assert sum(isinstance(change, PutSession) for change in changes) == 1
    world.faults.heal()
    service = await world.restart()
    assert [order.state for order in world.store.orders()][-1] is OrderState.DONE
    assert (await service.status(ZHANG)).effective is not None
    await service.stop()


async def test_a_channel_that_fails_delays_the_notice_and_nothing_else(world: World) -> None:
    world.faults.fail("notifier")
    status = await world.service.charge(ZHANG, Money(5900))
    assert status.ordered is OrderedProfile.ARREARS
    assert await world.service.inbox(ZHANG) == []
    assert (await world.service.timeline(ZHANG))[-1].name == events.NOTICE_DELAYED
    world.faults.heal()
    await world.restart()
    assert [notice.kind for notice in await world.service.inbox(ZHANG)] == [NoticeKind.STOPPED]
    assert (await world.service.timeline(ZHANG))[-1].name == events.NOTICE_SENT


async def test_a_crash_at_any_point_of_a_charge_is_resumed_without_repeating_anything() -> None:
    for point in range(100):
        world = World()
        service = await world.start()
        await service.attach(ZHANG)
        world.faults.crash_at(point)
        try:
            await service.charge(ZHANG, Money(5900), key="november")
        except Crash:
            service = await world.restart()
            status = await service.charge(ZHANG, Money(5900), key="november")
        else:
            break
        assert (status.balance, status.effective) == (Money(-2900), "green")
        assert await order_states(world) == [("stop", OrderState.DONE)]
        assert [notice.state for notice in world.store.all_notices()] == [NoticeState.SENT]
        assert [notice.kind for notice in world.notifier.sent.values()] == [NoticeKind.STOPPED]
        names = [event.name for event in await service.timeline(ZHANG)]
        assert (
            names.count(events.LEDGER_ENTRY) == names.count(events.ORDER_DONE) == names.count(events.NOTICE_SENT) == 1
        )
        assert world.enforcer.lines[imsi_of(ZHANG)].policy == "arrears"
        await service.stop()
    else:
        pytest.fail("a charge has fewer than 100 points")
    await service.stop()


async def test_after_a_restart_elapsed_time_goes_on_from_the_trigger(world: World) -> None:
    await world.service.attach(ZHANG)
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.charge(ZHANG, Money(5900))
    world.faults.heal()
    service = await world.restart()
    story = [event for event in await service.timeline(ZHANG) if "order" in event.detail]
    created, done = story[0], story[-1]
    assert (created.name, done.name) == (events.ORDER_CREATED, events.ORDER_DONE)
    assert created.correlation == done.correlation
    assert done.elapsed_ms > created.elapsed_ms


async def test_an_order_whose_events_are_lost_starts_a_new_count(world: World) -> None:
    await world.service.attach(ZHANG)
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.charge(ZHANG, Money(5900))
    world.faults.heal()
    world.store._tables.events.clear()
    service = await world.restart()
    assert (await service.status(ZHANG)).effective == "green"


async def test_a_changed_catalogue_reaches_the_sessions_at_the_next_start(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.attach(LI)
    await world.service.detach(LI)
    profiles = {
        name: replace(each, policy=PolicyName("open-2")) if name == "internet" else each
        for name, each in catalogue().profiles.items()
    }
    world.rules = rules(shelves=replace(catalogue(), profiles=profiles))
    service = await world.restart()
    status = await service.status(ZHANG)
    assert (status.effective, world.enforcer.lines[imsi_of(ZHANG)].policy) == ("internet", "open-2")
    assert status.line.session is not None
    assert status.line.session.policy_version == 2
