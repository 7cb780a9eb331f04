"""Rows of the emulated WeChat Pay, to values and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from nfemu.store.times import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from nfemu.wechat.faults import Armed, Deviation, Fault
from nfemu.wechat.notification import Attempt, Event, Notification
from nfemu.wechat.refunds import Refund
from nfemu.wechat.trade import Trade, TradeState, TradeType

Values = Mapping[str, Any]


def trade_values(trade: Trade) -> Values:
    return {
        "mchid": trade.mchid,
        "out_trade_no": trade.out_trade_no,
        "appid": trade.appid,
        "kind": trade.kind.value,
        "description": trade.description,
        "total": trade.total,
        "currency": trade.currency,
        "notify_url": trade.notify_url,
        "prepay_id": trade.prepay_id,
        "digest": trade.digest,
        "created_at": to_micros(trade.created_at),
        "expires_at": to_micros(trade.expires_at),
        "attach": trade.attach,
        "client_ip": trade.client_ip,
        "openid": trade.openid,
        "state": trade.state.value,
        "transaction_id": trade.transaction_id,
        "paid_at": to_micros_or_none(trade.paid_at),
        "refunded": trade.refunded,
        "fault": None if trade.fault is None else str(trade.fault),
    }


def trade_from(row: Row[Any]) -> Trade:
    return Trade(
        mchid=row.mchid,
        out_trade_no=row.out_trade_no,
        appid=row.appid,
        kind=TradeType(row.kind),
        description=row.description,
        total=row.total,
        currency=row.currency,
        notify_url=row.notify_url,
        prepay_id=row.prepay_id,
        digest=row.digest,
        created_at=from_micros(row.created_at),
        expires_at=from_micros(row.expires_at),
        attach=row.attach,
        client_ip=row.client_ip,
        openid=row.openid,
        state=TradeState(row.state),
        transaction_id=row.transaction_id,
        paid_at=from_micros_or_none(row.paid_at),
        refunded=row.refunded,
        fault=None if row.fault is None else Fault.parse(row.fault),
    )


def refund_values(refund: Refund) -> Values:
    return {
        "mchid": refund.mchid,
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "out_trade_no": refund.out_trade_no,
        "transaction_id": refund.transaction_id,
        "amount": refund.amount,
        "digest": refund.digest,
        "created_at": to_micros(refund.created_at),
        "arrives_at": to_micros(refund.arrives_at),
        "reason": refund.reason,
        "notify_url": refund.notify_url,
    }


def refund_from(row: Row[Any]) -> Refund:
    return Refund(
        mchid=row.mchid,
        out_refund_no=row.out_refund_no,
        refund_id=row.refund_id,
        out_trade_no=row.out_trade_no,
        transaction_id=row.transaction_id,
        amount=row.amount,
        digest=row.digest,
        created_at=from_micros(row.created_at),
        arrives_at=from_micros(row.arrives_at),
        reason=row.reason,
        notify_url=row.notify_url,
    )


def notification_values(notification: Notification) -> Values:
    return {
        "id": notification.id,
        "mchid": notification.mchid,
        "event": notification.event.value,
        "out_trade_no": notification.out_trade_no,
        "url": notification.url,
        "created_at": to_micros(notification.created_at),
        "due_at": to_micros_or_none(notification.due_at),
        "out_refund_no": notification.out_refund_no,
        "attempts": notification.attempts,
        "accepted": int(notification.accepted),
        "held": int(notification.held),
    }


def notification_from(row: Row[Any]) -> Notification:
    return Notification(
        id=row.id,
        mchid=row.mchid,
        event=Event(row.event),
        out_trade_no=row.out_trade_no,
        url=row.url,
        created_at=from_micros(row.created_at),
        due_at=from_micros_or_none(row.due_at),
        out_refund_no=row.out_refund_no,
        attempts=row.attempts,
        accepted=bool(row.accepted),
        held=bool(row.held),
    )


def attempt_values(attempt: Attempt) -> Values:
    return {
        "notification": attempt.notification,
        "number": attempt.number,
        "at": to_micros(attempt.at),
        "wall": to_micros(attempt.wall),
        "deviation": attempt.deviation.value,
        "status": attempt.status,
        "answer": attempt.answer,
    }


def attempt_from(row: Row[Any]) -> Attempt:
    return Attempt(
        notification=row.notification,
        number=row.number,
        at=from_micros(row.at),
        wall=from_micros(row.wall),
        deviation=Deviation(row.deviation),
        status=row.status,
        answer=row.answer,
    )


def armed_values(armed: Armed) -> Values:
    return {
        "no": armed.no,
        "fault": str(armed.fault),
        "mchid": armed.mchid,
        "out_trade_no": armed.out_trade_no,
        "remaining": armed.left,
    }


def armed_from(row: Row[Any]) -> Armed:
    return Armed(row.no, Fault.parse(row.fault), row.mchid, row.out_trade_no, row.remaining)
