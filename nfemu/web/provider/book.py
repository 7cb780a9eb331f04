"""The provider's books: what happened to its orders, recorded before anybody is told.

    OPEN ──right PIN──▶ PAID        OPEN ──third wrong PIN──▶ FAILED
    OPEN ──cancel────▶ CANCELLED    OPEN ──expiry passed────▶ EXPIRED

A payment enters the books together with the duty to notify the merchant of it. When they cannot be written (a full
disk) nothing has happened, and the payer is told to try again. One order takes one step at a time.
"""

import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from nfemu.model.errors import Conflict
from nfemu.model.identity import PaymentNo
from nfemu.model.provider import ProviderOrder, ProviderStage
from nfemu.runtime.locks import KeyedLocks
from nfemu.web.provider.orders import OrderSheet


class ProviderRecords(Protocol):
    """Where the provider keeps its books. Every method raises Unavailable: nothing was written."""

    async def provider_order(self, no: PaymentNo) -> ProviderOrder | None:
        """None: nothing has happened to it."""

    async def put_provider_order(self, order: ProviderOrder) -> None: ...

    async def provider_orders_to_notify(self) -> list[ProviderOrder]:
        """Those with a `notify_at`, by that time."""


class OrderBook:
    """`now` is business time. `pin` stands in for the payer's real verification, with so many `attempts`."""

    def __init__(self, records: ProviderRecords, now: Callable[[], datetime], pin: str, attempts: int) -> None:
        self._records = records
        self._now = now
        self._pin = pin
        self._attempts = attempts
        self._locks: KeyedLocks[PaymentNo] = KeyedLocks()

    async def stage(self, sheet: OrderSheet) -> ProviderStage:
        """Where the order stands now. Raises Unavailable."""
        return self._stage(sheet, await self._of(sheet))

    async def paid_at(self, no: PaymentNo) -> datetime | None:
        """None: nobody has paid it. Raises Unavailable."""
        order = await self._records.provider_order(no)
        return None if order is None else order.paid_at

    async def attempts_left(self, sheet: OrderSheet) -> int:
        """Raises Unavailable."""
        return self._attempts - (await self._of(sheet)).wrong_pins

    async def enter_pin(self, sheet: OrderSheet, pin: str) -> ProviderOrder:
        """The payer's verification. Raises Conflict when the order is no longer open; Unavailable."""
        async with self._open(sheet) as order:
            if hmac.compare_digest(pin.encode(), self._pin.encode()):
                return await self._pay(order)
            wrong = order.wrong_pins + 1
            stage = ProviderStage.FAILED if wrong >= self._attempts else ProviderStage.OPEN
            return await self._put(replace(order, stage=stage, wrong_pins=wrong))

    async def collect(self, sheet: OrderSheet) -> ProviderOrder:
        """Pay without the page (a till, `nfemu pay`). Raises as `enter_pin` does."""
        async with self._open(sheet) as order:
            return await self._pay(order)

    async def cancel(self, sheet: OrderSheet) -> None:
        """The payer gave up. Raises as `enter_pin` does."""
        async with self._open(sheet) as order:
            await self._put(replace(order, stage=ProviderStage.CANCELLED))

    async def _pay(self, order: ProviderOrder) -> ProviderOrder:
        now = self._now()
        return await self._put(replace(order, stage=ProviderStage.PAID, paid_at=now, notify_at=now))

    async def _put(self, order: ProviderOrder) -> ProviderOrder:
        await self._records.put_provider_order(order)
        return order

    async def _of(self, sheet: OrderSheet) -> ProviderOrder:
        return await self._records.provider_order(sheet.no) or ProviderOrder(sheet.no, sheet.amount)

    def _stage(self, sheet: OrderSheet, order: ProviderOrder) -> ProviderStage:
        expired = order.stage is ProviderStage.OPEN and self._now() >= sheet.expires_at
        return ProviderStage.EXPIRED if expired else order.stage

    @asynccontextmanager
    async def _open(self, sheet: OrderSheet) -> AsyncIterator[ProviderOrder]:
        """The order, for one step. Raises Conflict unless it is open."""
        await self._locks.acquire(sheet.no)
        try:
            order = await self._of(sheet)
            stage = self._stage(sheet, order)
            if stage is not ProviderStage.OPEN:
                raise Conflict(f"order `{sheet.no}` is {stage.value}; start a new payment at the merchant")
            yield order
        finally:
            self._locks.release(sheet.no)
