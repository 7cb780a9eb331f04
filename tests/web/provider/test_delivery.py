"""The provider's outbox, on an agenda that the test reads."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.model.provider import ProviderOrder, ProviderStage
from nfemu.web.provider import delivery
from nfemu.web.provider.delivery import LADDER, Duty, Notifications
from nfemu.web.provider.signature import SignedNotification
from tests.fakes.faults import Faults
from tests.fakes.store import MemoryStore
from tests.fakes.world import START

PAID = ProviderOrder(PaymentNo("pay-1"), Money(100), ProviderStage.PAID, paid_at=START, notify_at=START)


class Provider:
    """An outbox between its books, a merchant that answers as told, and business time."""

    def __init__(self, store: MemoryStore, *answers: int) -> None:
        self.store = store
        self.answers = list(answers)
        self.told: list[bytes] = []
        self.now = START
        self.duties: list[tuple[datetime, Duty]] = []
        self.gate: asyncio.Event | None = None
        self.outbox = Notifications(store, self.sign, self.deliver, self.later, lambda: self.now)

    def sign(self, order: ProviderOrder) -> SignedNotification:
        return SignedNotification(order.no.encode(), {})

    async def deliver(self, body: bytes, headers: object) -> int:
        self.told.append(body)
        if self.gate is not None:
            await self.gate.wait()
        return self.answers.pop(0) if self.answers else 200

    def later(self, due_at: datetime, duty: Duty) -> None:
        self.duties.append((due_at, duty))

    async def run_next(self) -> str | None:
        self.now, duty = self.duties.pop(0)
        return await duty()


async def test_after_the_last_rung_the_provider_gives_up() -> None:
    store = MemoryStore()
    provider = Provider(store, *[500] * (len(LADDER) + 1))
    assert not await provider.outbox.submit(PAID)
    for number, wait in enumerate(LADDER, 2):
        before = provider.now
        assert await provider.run_next() == f"notification of payment pay-1: attempt {number} not accepted"
        assert provider.now == before + wait
    assert (provider.duties, len(provider.told)) == ([], len(LADDER) + 1)
    assert await store.provider_orders_to_notify() == []


async def test_a_new_process_takes_up_what_is_due() -> None:
    store = MemoryStore()
    await store.put_provider_order(PAID)
    await store.put_provider_order(replace(PAID, no=PaymentNo("pay-0"), notify_at=START + LADDER[0]))
    await store.put_provider_order(replace(PAID, no=PaymentNo("pay-2"), notify_at=None))
    provider = Provider(store, 503)
    await provider.outbox.resume()
    assert [due_at for due_at, _ in provider.duties] == [START, START + LADDER[0]]
    assert await provider.run_next() == "notification of payment pay-1: attempt 1 not accepted"
    again = Provider(store)
    await again.outbox.resume()
    assert {await again.run_next() for _ in range(2)} == {
        "notification of payment pay-0: attempt 1 accepted",
        "notification of payment pay-1: attempt 2 accepted",
    }
    assert await store.provider_orders_to_notify() == []


async def test_a_slow_merchant_does_not_keep_the_payer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "ANSWER_WITHIN", 0)
    provider = Provider(MemoryStore())
    provider.gate = asyncio.Event()
    assert not await provider.outbox.submit(PAID)
    provider.gate.set()
    await provider.outbox.settle_attempts()
    assert provider.told == [b"pay-1"]
    assert await provider.store.provider_orders_to_notify() == []


async def test_an_outcome_that_cannot_be_recorded_is_kept_until_the_process_ends() -> None:
    faults = Faults()
    provider = Provider(MemoryStore(faults), 500)
    await provider.store.put_provider_order(PAID)
    faults.fail("store")
    assert not await provider.outbox.submit(PAID)
    assert await provider.run_next() == "notification of payment pay-1: attempt 2 accepted"
    faults.heal()
    assert await provider.store.provider_orders_to_notify() == [PAID], "told once more after a start"
