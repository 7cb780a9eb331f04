"""Refunds of a trade: whole or in parts, each once under the merchant's own number.

A refund is PROCESSING until the money has reached the payer, by its time alone, and SUCCESS from then on.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from nfemu.wechat.errors import Refused
from nfemu.wechat.trade import Trade, TradeInput, advance

TAKES = timedelta(seconds=10)
"""Business time until the payer has it back."""
KEPT_FOR = timedelta(days=365)
"""After a payment it can be refunded for so long."""
MOST = 50
"""Parts of one trade."""


class RefundStatus(Enum):
    """As the API names them."""

    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount` in fen; times are business time. `digest` as of a trade. `notify_url` empty: nobody is told."""

    mchid: str
    out_refund_no: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    amount: int
    digest: str
    created_at: datetime
    arrives_at: datetime
    reason: str = ""
    notify_url: str = ""

    def status(self, now: datetime) -> RefundStatus:
        return RefundStatus.SUCCESS if now >= self.arrives_at else RefundStatus.PROCESSING


@dataclass(frozen=True, slots=True)
class WantedRefund:
    """What a merchant asks for, or the provider itself."""

    out_refund_no: str
    amount: int
    total: int
    currency: str
    digest: str
    reason: str = ""
    notify_url: str = ""


def begin(trade: Trade, wanted: WantedRefund, parts: int, refund_id: str, now: datetime) -> tuple[Trade, Refund]:
    """The trade with the refund, and the refund; `parts`: how many it has already. Raises Refused."""
    if not trade.is_paid or trade.paid_at is None or trade.transaction_id is None:
        raise Refused("INVALID_REQUEST", "订单状态不正确，订单未支付")
    if (wanted.total, wanted.currency) != (trade.total, trade.currency):
        raise Refused("INVALID_REQUEST", "订单金额或币种与支付时不一致，请核实后再试")
    if wanted.amount > trade.total - trade.refunded:
        raise Refused("INVALID_REQUEST", "申请退款金额大于订单可退金额")
    if now - trade.paid_at > KEPT_FOR:
        raise Refused("INVALID_REQUEST", "订单已超过可退款的最大期限")
    if parts >= MOST:
        raise Refused("INVALID_REQUEST", f"一笔订单最多支持{MOST}次部分退款")
    refund = Refund(
        mchid=trade.mchid,
        out_refund_no=wanted.out_refund_no,
        refund_id=refund_id,
        out_trade_no=trade.out_trade_no,
        transaction_id=trade.transaction_id,
        amount=wanted.amount,
        digest=wanted.digest,
        created_at=now,
        arrives_at=now + TAKES,
        reason=wanted.reason,
        notify_url=wanted.notify_url,
    )
    return replace(advance(trade, TradeInput.REFUND, now), refunded=trade.refunded + wanted.amount), refund


def check_repeat(refund: Refund, wanted: WantedRefund) -> None:
    """Raises Refused unless `wanted` is what that number was used for."""
    if refund.digest != wanted.digest:
        raise Refused("INVALID_REQUEST", "订单金额或退款金额与之前请求不一致，请核实后再试")
