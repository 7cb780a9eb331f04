"""The provider's books outlive the provider."""

import asyncio
from datetime import datetime, timedelta

import pytest

from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.model.provider import ProviderOrder, ProviderStage
from nfemu.web.provider.book import OrderBook
from nfemu.web.provider.orders import OrderSheet
from tests.fakes.faults import Faults
from tests.fakes.store import MemoryStore
from tests.fakes.world import START

SHEET = OrderSheet(PaymentNo("pay-1"), Money(100), START + timedelta(minutes=15), "https://x.example/")


def book(store: MemoryStore, now: datetime = START) -> OrderBook:
    """A provider that has just started."""
    return OrderBook(store, lambda: now, "123456", 3)


async def test_wrong_pins_are_counted_over_restarts() -> None:
    store = MemoryStore()
    for left in (2, 1):
        assert (await book(store).enter_pin(SHEET, "000000")).stage is ProviderStage.OPEN
        assert await book(store).attempts_left(SHEET) == left
    assert (await book(store).enter_pin(SHEET, "000000")).stage is ProviderStage.FAILED
    with pytest.raises(Conflict, match="failed"):
        await book(store).enter_pin(SHEET, "123456")


async def test_a_payment_is_recorded_with_the_duty_to_tell() -> None:
    store = MemoryStore()
    paid = await book(store).enter_pin(SHEET, "123456")
    assert paid == ProviderOrder(SHEET.no, SHEET.amount, ProviderStage.PAID, 0, START, 0, START)
    assert await store.provider_orders_to_notify() == [paid]
    assert await book(store, SHEET.expires_at).stage(SHEET) is ProviderStage.PAID


async def test_closed_orders_take_nothing_more() -> None:
    store = MemoryStore()
    await book(store).cancel(SHEET)
    for attempt in (book(store).cancel(SHEET), book(store).collect(SHEET), book(store).enter_pin(SHEET, "123456")):
        with pytest.raises(Conflict, match="cancelled"):
            await attempt


async def test_an_order_expires_without_a_record() -> None:
    store = MemoryStore()
    assert await book(store, SHEET.expires_at).stage(SHEET) is ProviderStage.EXPIRED
    with pytest.raises(Conflict, match="expired"):
        await book(store, SHEET.expires_at).collect(SHEET)
    assert await store.provider_order(SHEET.no) is None


async def test_one_step_at_a_time() -> None:
    """Ten payers and a canceller at once: one of them is in time."""
    store = MemoryStore()
    one = book(store)
    outcomes = await asyncio.gather(*(one.collect(SHEET) for _ in range(10)), one.cancel(SHEET), return_exceptions=True)
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 10
    assert len(await store.provider_orders_to_notify()) == 1


async def test_nothing_happens_that_cannot_be_recorded() -> None:
    faults = Faults()
    store = MemoryStore(faults)
    faults.fail("store")
    with pytest.raises(Unavailable):
        await book(store).enter_pin(SHEET, "123456")
    faults.heal()
    assert await book(store).stage(SHEET) is ProviderStage.OPEN
