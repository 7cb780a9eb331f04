"""The facade: the clock, and what a start brings back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from nfemu.model.errors import Conflict, InvalidInput, Unavailable
from nfemu.model.money import Money
from nfemu.model.orders import PaymentState
from nfemu.runtime import clocks
from nfemu.runtime.service import CarrierService
from tests.fakes.faults import Crash
from tests.fakes.paying import pay
from tests.fakes.world import LI, START, ZHANG, World, imsi_of, notification

BACK = "http://portal.carrier.example/done"


async def test_a_restart_brings_back_ledger_sessions_and_addresses(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.attach(LI)
    await world.service.charge(ZHANG, Money(5900))
    before = (world.service.line_states(), await world.service.status(ZHANG), await world.service.ledger(ZHANG))
    service = await world.restart()
    assert (service.line_states(), await service.status(ZHANG), await service.ledger(ZHANG)) == before
    await pay(service, ZHANG, Money(2900))
    assert world.enforcer.lines[imsi_of(ZHANG)].policy == "open"


async def test_business_time_moves_when_told(world: World) -> None:
    assert world.service.now() == START
    assert await world.service.advance_clock(timedelta(days=3)) == []
    assert world.service.now() == START + timedelta(days=3)
    await world.service.set_clock(datetime(2026, 12, 1, tzinfo=UTC))
    service = await world.restart()
    assert service.now() == datetime(2026, 12, 1, tzinfo=UTC)


async def test_business_time_never_moves_back_or_beyond_the_calendar(world: World) -> None:
    with pytest.raises(InvalidInput, match="only moves forward"):
        await world.service.advance_clock(timedelta(seconds=-1))
    with pytest.raises(Conflict, match="only moves forward"):
        await world.service.set_clock(START - timedelta(days=1))
    with pytest.raises(InvalidInput, match="beyond the year 9999"):
        await world.service.advance_clock(timedelta(days=3_000_000))


async def test_moves_at_one_time_add_up(world: World) -> None:
    """Each meets duties on its way, so that they would overtake each other."""
    await world.service.order_payment(ZHANG, Money(2900), BACK)
    happened = await asyncio.gather(*(world.service.advance_clock(timedelta(days=5)) for _ in range(4)))
    assert (world.service.now(), sum(map(len, happened))) == (START + timedelta(days=20), 1)


async def test_payments_that_expired_while_the_clock_stood_at_a_crash_are_closed_at_start(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    await world.service.advance_clock(timedelta(minutes=14))
    world.faults.crash_at(2)
    with pytest.raises(Crash):
        await world.service.advance_clock(timedelta(hours=1))
    service = await world.restart()
    assert (await service.payment(payment.no)).state is PaymentState.CLOSED


async def test_a_payment_order_survives_a_restart_and_expires(world: World) -> None:
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    service = await world.restart()
    assert (await service.payment(payment.no)).state is PaymentState.CREATED
    assert len(await service.advance_clock(timedelta(hours=1))) == 1


async def test_each_open_order_expires_at_its_own_time_and_paid_ones_leave_nothing(world: World) -> None:
    """Three ordered a minute apart; the second is paid."""
    orders = []
    for _ in range(3):
        orders.append((await world.service.order_payment(ZHANG, Money(2900), BACK))[0])
        await world.service.advance_clock(timedelta(minutes=1))
    first, second, third = orders
    await world.service.settle(notification(second))
    happened = await world.service.advance_clock(timedelta(hours=1))
    assert [(each.at, each.text) for each in happened] == [
        (first.expires_at, f"payment {first.no} expired"),
        (third.expires_at, f"payment {third.no} expired"),
    ]
    assert await world.service.advance_clock(timedelta(days=1)) == []


async def test_the_wall_clock_does_not_take_business_time_back(world: World) -> None:
    await world.service.set_clock(datetime(2999, 1, 1, tzinfo=UTC))
    with pytest.raises(Conflict, match="the test clock of this state stands at 2999-01-01"):
        await on_the_wall_clock(world).start()


async def test_on_the_wall_clock_nobody_moves_time() -> None:
    world = World()
    world.service = service = on_the_wall_clock(world)
    await world.start()
    with pytest.raises(Conflict, match="business time is the wall clock"):
        await service.advance_clock(timedelta(days=1))
    await service.charge(ZHANG, Money(5900))
    payment, _ = await service.order_payment(ZHANG, Money(2900), BACK)
    assert (await service.settle(notification(payment))).status.balance == Money(0)
    await service.stop()


def on_the_wall_clock(world: World) -> CarrierService:
    """A service on the world's store."""
    return CarrierService(
        store=world.store,
        enforcer=world.enforcer,
        notifier=world.notifier,
        provider=world.provider,
        clock=clocks.WallClock(),
        ids=world.ids,
        rules=world.rules,
    )


async def test_whoever_waits_when_the_service_is_abandoned_is_refused(world: World) -> None:
    """Another life has begun on what is stored: nothing is done any more in this one's name."""
    service = world.service
    async with service.at_rest():
        waiting = asyncio.create_task(service.charge(ZHANG, Money(100)))
        await asyncio.sleep(0)
        await service.abandon()
    with pytest.raises(Unavailable, match="gone over to another state meanwhile, nothing was done"):
        await waiting
    with pytest.raises(Unavailable, match="another state"):
        await service.attach(ZHANG)


async def test_at_rest_the_clock_stands_and_no_use_case_runs(world: World) -> None:
    service = world.service
    async with service.at_rest():
        moving = asyncio.create_task(service.advance_clock(timedelta(hours=1)))
        charging = asyncio.create_task(service.charge(ZHANG, Money(100)))
        await asyncio.sleep(0)
        assert (service.now(), (await service.status(ZHANG)).balance) == (START, Money(3000))
    await asyncio.gather(moving, charging)
    assert (service.now(), (await service.status(ZHANG)).balance) == (START + timedelta(hours=1), Money(2900))
