"""WeChat Pay behind the port `PaymentProvider`: orders by its API. Agreements stay with the built-in provider."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from nfemu.carrier.ports import PaymentProvider
from nfemu.model.agreements import Agreement, Deduction, DeductionAnswer
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Imsi, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import NotRefunded, Payment, Receipt, RefundAnswer, Refunded
from nfemu.web.portal.wechat.account import MerchantAccount
from nfemu.web.portal.wechat.client import WechatClient, WechatRefused
from nfemu.web.portal.wechat.transaction import receipt_of
from nfemu.wechat.documents import moment

NAME = "WeChat Pay"
"""In payments, and what the phone shows as sender of the confirmation (G13)."""
NOTIFY_PATH = "/notify/wechat"
_DESCRIPTION = "话费充值"
_ORDERS = "/v3/pay/transactions/h5"
_PAID_TWICE = "重复缴费退款"
_NOWHERE = "127.0.0.1"
"""The payer's address where the line has none: nobody pays from there."""


class WechatProvider:
    """`client` gives the one of this merchant; it may take a while at first. `address_of`: the phone's, None where it
    has none: what is named where nobody came by a page. `agreements` are kept there."""

    def __init__(
        self,
        client: Callable[[], Awaitable[WechatClient]],
        notify_url: str,
        address_of: Callable[[Imsi], IpAddress | None],
        agreements: PaymentProvider,
    ) -> None:
        self.name = NAME
        self._client = client
        self._notify_url = notify_url
        self._address_of = address_of
        self._agreements = agreements

    async def create_order(
        self,
        payment: Payment,
        return_url: str,
        language: str,  # noqa: ARG002 - the port's
        address: IpAddress | None,
    ) -> str:
        """See `PaymentProvider`. The same payment gives the same order, however often the same phone asks for it.

        The payer's address is the one by which the phone came here: on a line of both families it goes to the provider
        by the same one, since both names have addresses of both.
        """
        client = await self._client()
        document = {
            "appid": client.account.appid,
            "mchid": client.account.mchid,
            "description": _DESCRIPTION,
            "out_trade_no": payment.no,
            "time_expire": moment(payment.expires_at),
            "notify_url": self._notify_url,
            "amount": {"total": fen(payment.amount), "currency": payment.amount.currency},
            "scene_info": {
                "payer_client_ip": str(address or self._address_of(payment.imsi) or _NOWHERE),
                "h5_info": {"type": "Wap"},
            },
        }
        answer = await _ordered(client, document)
        page = str(answer["h5_url"])
        return f"{page}&redirect_url={quote(_back(return_url, payment), safe='')}" if return_url else page

    async def find_order(self, payment: Payment) -> Receipt | None:
        """See `PaymentProvider`, as the next."""
        client = await self._client()
        return receipt_of(client.account, await client.find(order_path(client.account, payment.no)))

    async def close_order(self, payment: Payment) -> Receipt | None:
        client = await self._client()
        try:
            await client.post(f"{_path(payment.no)}/close", {"mchid": client.account.mchid})
        except WechatRefused as refusal:
            if refusal.code not in {"ORDERPAID", "ORDER_NOT_EXIST"}:
                raise
        return await self.find_order(payment)

    async def refund(self, payment: Payment) -> RefundAnswer:
        """See `PaymentProvider`. The refund has the payment's number: there is one at the most."""
        client = await self._client()
        total = fen(payment.amount)
        document = {
            "out_trade_no": payment.no,
            "out_refund_no": payment.no,
            "reason": _PAID_TWICE,
            "notify_url": self._notify_url,
            "amount": {"refund": total, "total": total, "currency": payment.amount.currency},
        }
        try:
            answer = await client.post("/v3/refund/domestic/refunds", document)
        except WechatRefused as refusal:
            if refusal.is_final:
                return NotRefunded(str(refusal))
            raise
        return Refunded(str(answer["refund_id"]), payment.amount)

    async def sign(self, agreement: Agreement) -> str:
        """See `PaymentProvider`, as the next three."""
        return await self._agreements.sign(agreement)

    async def revoke(self, contract: str) -> None:
        await self._agreements.revoke(contract)

    async def deduct(self, deduction: Deduction, contract: str) -> DeductionAnswer:
        return await self._agreements.deduct(deduction, contract)

    async def close_deduction(self, deduction: Deduction) -> DeductionAnswer:
        return await self._agreements.close_deduction(deduction)


def fen(amount: Money) -> int:
    """Of yuan with two decimals, which is all that WeChat Pay takes."""
    return amount.minor


async def _ordered(client: WechatClient, document: Mapping[str, object]) -> dict[str, Any]:
    """What was answered with the provider's own trouble may have been taken: it is ordered once more, under the same
    number. Raises WechatRefused, Unavailable."""
    try:
        return await client.post(_ORDERS, document)
    except WechatRefused as refusal:
        if refusal.is_final:
            raise
    return await client.post(_ORDERS, document)


def order_path(account: MerchantAccount, no: PaymentNo) -> str:
    """Where an order is asked about."""
    return f"{_path(no)}?{urlencode({'mchid': account.mchid})}"


def _path(no: PaymentNo) -> str:
    return f"/v3/pay/transactions/out-trade-no/{quote(no, safe='')}"


def _back(return_url: str, payment: Payment) -> str:
    """The portal's page, told which order it is about; what it shows it asks its own books."""
    return f"{return_url}{'&' if '?' in return_url else '?'}{urlencode({'payment': payment.no})}"
