"""The portal's ear for the provider: authentic, fresh, never heard before, about a known order; then settled.

Refusals say which check failed. 2xx means booked: the provider stops repeating. 503 means: nothing is lost, send
it again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from nfemu.carrier.payments import PaymentNotification
from nfemu.model.errors import InvalidInput, NfemuError
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.runtime.service import CarrierService
from nfemu.web.nonces import Nonces
from nfemu.web.pages import status_of
from nfemu.web.portal.expected import Expected
from nfemu.web.provider.signature import FRESHNESS, TIMESTAMP, verify

_LOG = logging.getLogger(__name__)
SIGN_ANEW = "sign every attempt anew, none from before the start"


@dataclass(frozen=True, slots=True)
class NotifyAnswer:
    """HTTP status, a stable code, and a sentence for the provider's developer."""

    status: int
    code: str
    message: str


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    provider: Annotated[str, Field(max_length=64)]
    order_no: Annotated[str, Field(min_length=1, max_length=64)]
    trade_no: Annotated[str, Field(min_length=1, max_length=64)]
    amount: Annotated[int, Field(strict=True, gt=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    paid_at: AwareDatetime


class NotificationReceiver:
    """`key` is shared with the provider (`provider.builtin.merchant_key`); `wall` is aware wall time."""

    def __init__(self, carrier: CarrierService, key: bytes, wall: Callable[[], datetime], expected: Expected) -> None:
        self._carrier = carrier
        self._key = key
        self._wall = wall
        self._nonces = Nonces(wall, FRESHNESS)
        self._expected = expected

    async def deliver(self, body: bytes, headers: Mapping[str, str]) -> int:
        """`notify` as the provider's `Deliver`: the status alone."""
        return (await self.notify(body, headers)).status

    async def notify(self, body: bytes, headers: Mapping[str, str]) -> NotifyAnswer:
        """Check and settle. Header names in lower case. Never raises a refusal; it answers it."""
        try:
            nonce = verify(self._key, body, headers, self._wall())
        except InvalidInput as error:
            return NotifyAnswer(401, "SIGN_ERROR", str(error))
        if self._nonces.is_replay(nonce, int(headers[TIMESTAMP])):
            return NotifyAnswer(409, "REPLAY", f"nonce `{nonce}` was used, or may have been: {SIGN_ANEW}")
        try:
            fields = _Body.model_validate_json(body)
            notification = PaymentNotification(
                provider=fields.provider,
                payment_no=PaymentNo(fields.order_no),
                trade_no=fields.trade_no,
                amount=Money(fields.amount, fields.currency),
                paid_at=fields.paid_at,
            )
            settlement = await self._carrier.settle(notification)
        except (ValidationError, NfemuError) as error:
            return refused(error)
        self._expected.settled(notification.payment_no, settlement)
        return NotifyAnswer(200, "SUCCESS", "booked before" if settlement.repeated else "booked")


def refused(error: ValidationError | NfemuError) -> NotifyAnswer:
    """To a provider whose signature is right, and whose notification is not."""
    if isinstance(error, ValidationError):
        places = ", ".join(".".join(map(str, each["loc"])) or "body" for each in error.errors())
        return NotifyAnswer(422, "PARAM_ERROR", f"wrong or missing: {places}")
    _LOG.warning("notification refused: %s", error)
    return NotifyAnswer(status_of(error), type(error).__name__.upper(), str(error))
