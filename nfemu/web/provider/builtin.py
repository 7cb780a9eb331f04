"""The built-in provider behind the `PaymentProvider` port: orders in, signed notifications out."""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from nfemu.model.agreements import Agreement, Deduction, DeductionAnswer
from nfemu.model.destination import IpAddress
from nfemu.model.orders import Payment, Receipt, RefundAnswer, Refunded
from nfemu.model.provider import ProviderOrder, ProviderStage
from nfemu.web.provider.book import OrderBook, ProviderRecords
from nfemu.web.provider.contracts import Contracts
from nfemu.web.provider.delivery import Deliver, Later, Notifications
from nfemu.web.provider.host import HOST
from nfemu.web.provider.orders import OrderLinks, OrderSheet
from nfemu.web.provider.signature import SignedNotification, sign


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """`merchant`: the carrier's name per language. `pin` stands in for the payer's real verification."""

    merchant: Mapping[str, str]
    name: str = "ExamplePay"
    """Names the provider in payments, and is what the phone shows as sender of the confirmation (G13)."""
    title: Mapping[str, str] = field(default_factory=lambda: {"zh": "示例支付", "en": "Example Pay"})
    host: str = HOST
    pin: str = "123456"
    attempts: int = 3
    timezone: tzinfo = UTC
    """In which it writes the time of payment."""
    language: str = "zh"
    """Of its pages, where neither the merchant nor the browser asks for one."""


class BuiltinProvider:
    """Takes orders, verifies the payer, and tells the merchant.

    `now` is business time, `wall` wall time, both aware. `deliver` is the merchant's notification endpoint, `later`
    the business clock's agenda. After a start call `notifications.resume()`.
    """

    def __init__(
        self,
        config: ProviderConfig,
        key: bytes,
        records: ProviderRecords,
        deliver: Deliver,
        later: Later,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
        contracts: Contracts,
    ) -> None:
        self.name = config.name
        self.config = config
        self.contracts = contracts
        self._merchant_key = merchant_key(key)
        self._wall = wall
        self._links = OrderLinks(hmac.new(key, b"orders", hashlib.sha256).digest())
        self._book = OrderBook(records, now, config.pin, config.attempts)
        self._steps: set[asyncio.Task[tuple[ProviderStage, bool]]] = set()
        self.notifications = Notifications(records, self._signed, deliver, later, now)

    def follow(self, merchant: Mapping[str, str], timezone: tzinfo, language: str) -> None:
        """The carrier has another name, is elsewhere, or speaks another language."""
        self.config = replace(self.config, merchant=merchant, timezone=timezone, language=language)

    async def create_order(
        self,
        payment: Payment,
        return_url: str,
        language: str,
        address: IpAddress | None,  # noqa: ARG002 - the port's
    ) -> str:
        """The URL of the pay page (port `PaymentProvider`)."""
        return f"https://{self.config.host}/pay/{self._links.link(_sheet(payment, return_url, language))}"

    async def find_order(self, payment: Payment) -> Receipt | None:
        """See `PaymentProvider`."""
        paid_at = await self._book.paid_at(payment.no)
        return None if paid_at is None else Receipt(self._links.trade_no(payment.no), payment.amount, paid_at)

    async def close_order(self, payment: Payment) -> Receipt | None:
        """The same: an order whose time is over is closed by that alone."""
        return await self.find_order(payment)

    async def refund(self, payment: Payment) -> RefundAnswer:
        """Its payers have no accounts, so nothing has to be written: the number is that of the payment."""
        return Refunded(self._links.trade_no(payment.no), payment.amount)

    async def sign(self, agreement: Agreement) -> str:
        """See `PaymentProvider`, as the next three."""
        return await self.contracts.sign(agreement)

    async def revoke(self, contract: str) -> None:
        await self.contracts.end(contract)

    async def deduct(self, deduction: Deduction, contract: str) -> DeductionAnswer:
        return await self.contracts.deduct(deduction, contract)

    async def close_deduction(self, deduction: Deduction) -> DeductionAnswer:
        return await self.contracts.close(deduction)

    async def collect(self, payment: Payment) -> bool:
        """Pay an order without the page (`nfemu pay`): the same notification, True once the merchant accepted it.

        Raises Conflict when the order is no longer open; Unavailable: nothing was paid.
        """
        _, accepted = await self._to_the_end(self._book.collect(_sheet(payment, "", "")))
        return accepted

    def order(self, link: str) -> OrderSheet:
        """The order of a pay page. Raises NotFound."""
        return self._links.read(link)

    async def stage(self, sheet: OrderSheet) -> ProviderStage:
        """Raises Unavailable."""
        return await self._book.stage(sheet)

    async def attempts_left(self, sheet: OrderSheet) -> int:
        """Raises Unavailable."""
        return await self._book.attempts_left(sheet)

    async def verify(self, sheet: OrderSheet, pin: str) -> ProviderStage:
        """The payer's verification; on success the merchant is told before this returns, if it answers in time.

        Raises Conflict when the order is no longer open; Unavailable: nothing was paid.
        """
        stage, _ = await self._to_the_end(self._book.enter_pin(sheet, pin))
        return stage

    async def cancel(self, sheet: OrderSheet) -> None:
        """Raises Conflict when the order is no longer open; Unavailable."""
        await self._book.cancel(sheet)

    async def _to_the_end(self, step: Coroutine[Any, Any, ProviderOrder]) -> tuple[ProviderStage, bool]:
        """A step, and the notification where it paid, also for a payer who hangs up in between. True: accepted."""
        task = asyncio.create_task(self._step(step))
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    async def _step(self, step: Coroutine[Any, Any, ProviderOrder]) -> tuple[ProviderStage, bool]:
        order = await step
        accepted = order.stage is ProviderStage.PAID and await self.notifications.submit(order)
        return order.stage, accepted

    def _signed(self, order: ProviderOrder) -> SignedNotification:
        paid_at = order.paid_at.astimezone(self.config.timezone).isoformat() if order.paid_at is not None else None
        fields = {
            "provider": self.name,
            "order_no": order.no,
            "trade_no": self._links.trade_no(order.no),
            "amount": order.amount.minor,
            "currency": order.amount.currency,
            "paid_at": paid_at,
        }
        return sign(self._merchant_key, json.dumps(fields).encode(), secrets.token_hex(16), self._wall())


def merchant_key(provider_key: bytes) -> bytes:
    """The key that provider and merchant share for notifications, derived from the provider's own."""
    return hmac.new(provider_key, b"notifications", hashlib.sha256).digest()


def _sheet(payment: Payment, return_url: str, language: str) -> OrderSheet:
    return OrderSheet(payment.no, payment.amount, payment.expires_at, return_url, language)
