"""The built-in provider behind the `PaymentProvider` port: orders in, signed notifications out."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nfemu.model.orders import Payment
from nfemu.web.provider.delivery import Deliver, Notifications
from nfemu.web.provider.orders import OrderBook, OrderSheet, Stage
from nfemu.web.provider.signature import SignedNotification, sign

HOST = "pay.provider.example"
"""Where the built-in provider's pages are."""


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


class BuiltinProvider:
    """Takes orders, verifies the payer, and tells the merchant.

    `now` is business time, `wall` wall time, both aware. `deliver` is the merchant's notification endpoint.
    Run `notifications.run()` as a task beside it.
    """

    def __init__(
        self,
        config: ProviderConfig,
        key: bytes,
        deliver: Deliver,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
    ) -> None:
        self.name = config.name
        self.config = config
        self._key = key
        self._now = now
        self._wall = wall
        self._book = OrderBook(hmac.new(key, b"orders", hashlib.sha256).digest(), config.pin, config.attempts)
        self.notifications = Notifications(deliver, now)

    async def create_order(self, payment: Payment, return_url: str) -> str:
        """The URL of the pay page (port `PaymentProvider`)."""
        return f"https://{self.config.host}/pay/{self._book.link(_sheet(payment, return_url))}"

    async def collect(self, payment: Payment) -> bool:
        """Pay an order without the page (`nfemu pay`): the same notification, True once the merchant accepted it.

        Raises Conflict when the order is no longer open.
        """
        sheet = _sheet(payment, "")
        self._book.collect(sheet, self._now())
        return await self._notify(sheet)

    def order(self, link: str) -> OrderSheet:
        """The order of a pay page. Raises NotFound."""
        return self._book.read(link)

    def stage(self, sheet: OrderSheet) -> Stage:
        return self._book.stage(sheet, self._now())

    def attempts_left(self, sheet: OrderSheet) -> int:
        return self._book.attempts_left(sheet)

    async def verify(self, sheet: OrderSheet, pin: str) -> Stage:
        """The payer's verification; on success the merchant is told before this returns, if it answers in time.

        Raises Conflict when the order is no longer open.
        """
        stage = self._book.enter_pin(sheet, pin, self._now())
        if stage is Stage.PAID:
            await self._notify(sheet)
        return stage

    def cancel(self, sheet: OrderSheet) -> None:
        """Raises Conflict when the order is no longer open."""
        self._book.cancel(sheet, self._now())

    async def _notify(self, sheet: OrderSheet) -> bool:
        fields = {
            "provider": self.name,
            "order_no": sheet.no,
            "trade_no": self._book.trade_no(sheet),
            "amount": sheet.amount.minor,
            "currency": sheet.amount.currency,
            "paid_at": self._book.paid_at(sheet).isoformat(),
        }
        body = json.dumps(fields).encode()
        key = merchant_key(self._key)

        def signed() -> SignedNotification:
            return sign(key, body, secrets.token_hex(16), self._wall())

        return await self.notifications.submit(sheet.no, signed)


def merchant_key(provider_key: bytes) -> bytes:
    """The key that provider and merchant share for notifications, derived from the provider's own."""
    return hmac.new(provider_key, b"notifications", hashlib.sha256).digest()


def _sheet(payment: Payment, return_url: str) -> OrderSheet:
    return OrderSheet(payment.no, payment.amount, payment.expires_at, return_url)
