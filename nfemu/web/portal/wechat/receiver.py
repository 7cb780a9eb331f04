"""The portal's ear for WeChat Pay: authentic, fresh, never heard before, ours, about a known order; then settled.

200 means booked: the provider stops repeating. Anything else says which check failed, in the form that the provider
documents; 503 means: nothing is lost, send it again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nfemu.carrier.payments import PaymentNotification
from nfemu.carrier.refunds import RefundNotification
from nfemu.model.errors import InvalidInput, NfemuError
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.runtime.service import CarrierService
from nfemu.web.nonces import Nonces
from nfemu.web.portal.expected import Expected
from nfemu.web.portal.notify import SIGN_ANEW, NotifyAnswer, refused
from nfemu.web.portal.wechat.account import MerchantAccount
from nfemu.web.portal.wechat.provider import NAME
from nfemu.web.portal.wechat.transaction import Transaction
from nfemu.wechat.documents import CURRENCY
from nfemu.wechat.resource import unseal
from nfemu.wechat.signing import FRESHNESS


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Resource(_Model):
    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""


class _Notice(_Model):
    event_type: str
    resource: _Resource


class _Paid(Transaction):
    trade_state: Literal["SUCCESS"]


class _RefundAmount(_Model):
    refund: Annotated[int, Field(strict=True, gt=0)]


class _Refund(_Model):
    mchid: str
    out_trade_no: Annotated[str, Field(min_length=1, max_length=32)]
    refund_id: Annotated[str, Field(min_length=1, max_length=32)]
    refund_status: Literal["SUCCESS"]
    amount: _RefundAmount


class WechatReceiver:
    """`account` None: not a merchant yet, so nothing is believed. `wall` is aware wall time."""

    def __init__(
        self,
        carrier: CarrierService,
        account: Callable[[], MerchantAccount | None],
        expected: Expected,
        wall: Callable[[], datetime],
    ) -> None:
        self._carrier = carrier
        self._account = account
        self._expected = expected
        self._wall = wall
        self._nonces = Nonces(wall, FRESHNESS)

    async def notify(self, body: bytes, headers: Mapping[str, str]) -> NotifyAnswer:
        """Check and settle. Header names in lower case. Never raises a refusal; it answers it."""
        account = self._account()
        if account is None:
            return NotifyAnswer(401, "SIGN_ERROR", "no order was ever made here")
        try:
            nonce = account.check(headers, body, self._wall())
        except InvalidInput as error:
            return NotifyAnswer(401, "SIGN_ERROR", str(error))
        if self._nonces.is_replay(nonce, int(headers["wechatpay-timestamp"])):
            return NotifyAnswer(409, "REPLAY", f"nonce `{nonce}` was used, or may have been: {SIGN_ANEW}")
        try:
            return await self._believed(account, body)
        except (ValidationError, NfemuError) as error:
            return refused(error)

    async def _believed(self, account: MerchantAccount, body: bytes) -> NotifyAnswer:
        """Raises ValidationError, NfemuError."""
        notice = _Notice.model_validate_json(body)
        plain = unseal(account.api_v3_key, notice.resource.model_dump())
        if notice.event_type == "REFUND.SUCCESS":
            return await self._refunded(account, plain)
        if notice.event_type != "TRANSACTION.SUCCESS":
            return NotifyAnswer(200, "SUCCESS", f"`{notice.event_type}` changes nothing here")
        transaction = _Paid.model_validate_json(plain)
        receipt, number = transaction.receipt(account), PaymentNo(transaction.out_trade_no)
        notification = PaymentNotification(NAME, number, receipt.trade_no, receipt.amount, receipt.paid_at)
        settlement = await self._carrier.settle(notification)
        self._expected.settled(number, settlement)
        return NotifyAnswer(200, "SUCCESS", "booked before" if settlement.repeated else "booked")

    async def _refunded(self, account: MerchantAccount, plain: bytes) -> NotifyAnswer:
        """Raises ValidationError, NfemuError."""
        refund = _Refund.model_validate_json(plain)
        if refund.mchid != account.mchid:
            raise InvalidInput(f"merchant `{refund.mchid}`: the refund is not ours")
        number, amount = PaymentNo(refund.out_trade_no), Money(refund.amount.refund, CURRENCY)
        repeated = await self._carrier.refunded(RefundNotification(NAME, number, refund.refund_id, amount))
        return NotifyAnswer(200, "SUCCESS", "booked before" if repeated else "booked")
