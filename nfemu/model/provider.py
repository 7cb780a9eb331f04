"""A payment order as the payment provider's own books have it. The carrier's side of it is `orders.Payment`."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money


class ProviderStage(Enum):
    """`EXPIRED` follows from the time and is never stored."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ProviderOrder:
    """What became of an order. Times are business time.

    `attempts`: notifications that the merchant did not accept. `notify_at`: when the merchant is told next; None:
    there is nothing to tell, it has accepted, or the provider has given up.
    """

    no: PaymentNo
    amount: Money
    stage: ProviderStage = ProviderStage.OPEN
    wrong_pins: int = 0
    paid_at: datetime | None = None
    attempts: int = 0
    notify_at: datetime | None = None
