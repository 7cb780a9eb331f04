"""Trades, refunds and notifications as the API writes them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from nfemu.wechat.faults import Deviation
from nfemu.wechat.notification import Notification
from nfemu.wechat.refunds import Refund
from nfemu.wechat.trade import Trade, TradeState

ZONE = timezone(timedelta(hours=8))
"""The provider's, whatever the carrier's is."""
CURRENCY = "CNY"
"""Of all amounts, whether a document names it or not."""
Document = dict[str, object]
_DESCRIPTIONS = {
    TradeState.NOTPAY: "订单未支付",
    TradeState.USERPAYING: "用户支付中，需要输入密码",
    TradeState.PAYERROR: "支付失败",
    TradeState.SUCCESS: "支付成功",
    TradeState.REFUND: "转入退款",
    TradeState.CLOSED: "订单已关闭",
}


def moment(time: datetime) -> str:
    """RFC 3339 in whole seconds, in the provider's zone."""
    return time.astimezone(ZONE).isoformat(timespec="seconds")


def encoded(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def trade_document(trade: Trade) -> Document:
    """What a query answers, and what a notification of a payment holds."""
    document: Document = {
        "mchid": trade.mchid,
        "appid": trade.appid,
        "out_trade_no": trade.out_trade_no,
        "trade_state": trade.state.value,
        "trade_state_desc": _DESCRIPTIONS[trade.state],
        "attach": trade.attach,
        "amount": {"total": trade.total, "currency": trade.currency},
        "payer": {},
        "promotion_detail": [],
    }
    if trade.paid_at is not None:
        document |= {
            "transaction_id": trade.transaction_id,
            "trade_type": trade.kind.value,
            "bank_type": "OTHERS",
            "success_time": moment(trade.paid_at),
            "payer": {"openid": trade.openid},
            "amount": {
                "total": trade.total,
                "payer_total": trade.total,
                "currency": trade.currency,
                "payer_currency": trade.currency,
            },
        }
    return document


def refund_document(refund: Refund, trade: Trade, now: datetime) -> Document:
    """What applying for a refund answers, and asking about it."""
    status = refund.status(now)
    document: Document = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": moment(refund.created_at),
        "status": status.value,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": trade.total,
            "refund": refund.amount,
            "payer_total": trade.total,
            "payer_refund": refund.amount,
            "settlement_refund": refund.amount,
            "settlement_total": trade.total,
            "discount_refund": 0,
            "currency": trade.currency,
            "from": [],
        },
        "promotion_detail": [],
    }
    if status.value == "SUCCESS":
        document["success_time"] = moment(refund.arrives_at)
    return document


def refund_event(refund: Refund, trade: Trade) -> Document:
    """What a notification of a refund holds."""
    return {
        "mchid": refund.mchid,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "refund_status": "SUCCESS",
        "success_time": moment(refund.arrives_at),
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": trade.total,
            "refund": refund.amount,
            "payer_total": trade.total,
            "payer_refund": refund.amount,
        },
    }


def deviating(document: Document, trade: Trade, deviation: Deviation) -> Document:
    """The same with what is wrong in it by order."""
    match deviation:
        case Deviation.AMOUNT:
            amount = {"total": trade.total + 1, "payer_total": trade.total + 1}
            return {**document, "amount": amount | {"currency": trade.currency, "payer_currency": trade.currency}}
        case Deviation.MERCHANT:
            return {**document, "mchid": _other(trade.mchid)}
        case Deviation.ORDER:
            return {**document, "out_trade_no": _other(trade.out_trade_no)}
    return document


def notice_document(notification: Notification, kind: str, summary: str, resource: Mapping[str, str]) -> Document:
    """A notification's body. `kind` of what is in the `resource`: transaction, refund."""
    return {
        "id": notification.id,
        "create_time": moment(notification.created_at),
        "resource_type": "encrypt-resource",
        "event_type": notification.event.value,
        "summary": summary,
        "resource": {"original_type": kind, **resource},
    }


def _other(number: str) -> str:
    """One that differs in its last character."""
    return number[:-1] + ("1" if number.endswith("0") else "0")
