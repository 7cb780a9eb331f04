"""Orders at the provider. The link to the pay page *is* the order: what was ordered, signed by the provider.

So an order outlives the process without a store of its own, and nobody can make one up. Only what happens on the
pay page is remembered in memory; the trade number follows from the order number, so that even an order paid twice
across a restart is one trade, which the merchant books once.

    OPEN ──right PIN──▶ PAID        OPEN ──third wrong PIN──▶ FAILED
    OPEN ──cancel────▶ CANCELLED    OPEN ──expiry passed────▶ EXPIRED
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nfemu.model.errors import Conflict, NotFound
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class OrderSheet:
    """What the merchant ordered. `expires_at` is business time."""

    no: PaymentNo
    amount: Money
    expires_at: datetime
    return_url: str


class Stage(Enum):
    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(slots=True)
class _Progress:
    stage: Stage = Stage.OPEN
    wrong_pins: int = 0
    paid_at: datetime | None = None


class OrderBook:
    """Reads and writes signed order links, and keeps what became of the orders."""

    def __init__(self, key: bytes, pin: str, attempts: int) -> None:
        self._key = key
        self._pin = pin
        self._attempts = attempts
        self._progress: OrderedDict[PaymentNo, _Progress] = OrderedDict()

    def link(self, sheet: OrderSheet) -> str:
        """The order as a URL path segment."""
        fields = {
            "no": sheet.no,
            "minor": sheet.amount.minor,
            "currency": sheet.amount.currency,
            "expires": sheet.expires_at.isoformat(),
            "return": sheet.return_url,
        }
        payload = _encode(json.dumps(fields, separators=(",", ":")).encode())
        return f"{payload}.{_encode(self._seal(payload))}"

    def read(self, link: str) -> OrderSheet:
        """The order behind a link. Raises NotFound unless this provider signed it."""
        payload, _, seal = link.partition(".")
        try:
            genuine = hmac.compare_digest(_decode(seal), self._seal(payload))
        except (binascii.Error, ValueError):
            genuine = False
        if not genuine:
            raise NotFound("no such order; start again at the merchant")
        fields = json.loads(_decode(payload))
        return OrderSheet(
            no=PaymentNo(fields["no"]),
            amount=Money(fields["minor"], fields["currency"]),
            expires_at=datetime.fromisoformat(fields["expires"]),
            return_url=fields["return"],
        )

    def stage(self, sheet: OrderSheet, now: datetime) -> Stage:
        """Where the order stands at business time `now`."""
        stage = self._of(sheet).stage
        return Stage.EXPIRED if stage is Stage.OPEN and now >= sheet.expires_at else stage

    def attempts_left(self, sheet: OrderSheet) -> int:
        return self._attempts - self._of(sheet).wrong_pins

    def enter_pin(self, sheet: OrderSheet, pin: str, now: datetime) -> Stage:
        """The payer's verification. Raises Conflict when the order is no longer open."""
        progress = self._open(sheet, now)
        if hmac.compare_digest(pin.encode(), self._pin.encode()):
            self._pay(progress, now)
        else:
            progress.wrong_pins += 1
            if progress.wrong_pins >= self._attempts:
                progress.stage = Stage.FAILED
        return progress.stage

    def collect(self, sheet: OrderSheet, now: datetime) -> None:
        """Pay without the page (a till, `nfemu pay`). Raises Conflict when the order is no longer open."""
        self._pay(self._open(sheet, now), now)

    def cancel(self, sheet: OrderSheet, now: datetime) -> None:
        """The payer gave up. Raises Conflict when the order is no longer open."""
        self._open(sheet, now).stage = Stage.CANCELLED

    def paid_at(self, sheet: OrderSheet) -> datetime:
        """Business time of payment. Raises Conflict when the order is not paid."""
        paid_at = self._of(sheet).paid_at
        if paid_at is None:
            raise Conflict(f"order `{sheet.no}` is not paid")
        return paid_at

    def trade_no(self, sheet: OrderSheet) -> str:
        """The provider's number of the payment; one per order, for ever."""
        return "bp" + hmac.new(self._key, b"trade " + sheet.no.encode(), hashlib.sha256).hexdigest()[:26]

    def _pay(self, progress: _Progress, now: datetime) -> None:
        progress.stage, progress.paid_at = Stage.PAID, now

    def _open(self, sheet: OrderSheet, now: datetime) -> _Progress:
        stage = self.stage(sheet, now)
        if stage is not Stage.OPEN:
            raise Conflict(f"order `{sheet.no}` is {stage.value}; start a new payment at the merchant")
        return self._of(sheet)

    def _of(self, sheet: OrderSheet) -> _Progress:
        progress = self._progress.setdefault(sheet.no, _Progress())
        self._progress.move_to_end(sheet.no)
        if len(self._progress) > _REMEMBERED:
            self._progress.popitem(last=False)
        return progress

    def _seal(self, payload: str) -> bytes:
        return hmac.new(self._key, b"order " + payload.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
