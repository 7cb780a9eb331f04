"""Notifications as they go out: sealed for the merchant, signed by the provider, and wrong by order."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nfemu.web.wechat.keys import SigningKey
from nfemu.web.wechat.merchants import Merchant, Merchants
from nfemu.wechat.documents import Document, encoded, notice_document
from nfemu.wechat.faults import AGE, Deviation
from nfemu.wechat.notification import Event, Notification
from nfemu.wechat.resource import NONCE_OCTETS, seal
from nfemu.wechat.signing import ALGORITHM, PROBE, answer_message, sign

_ABOUT = {Event.PAID: ("transaction", "支付成功"), Event.REFUNDED: ("refund", "退款成功")}


@dataclass(frozen=True, slots=True)
class Signed:
    """A body, and the headers by which it is believed."""

    body: bytes
    headers: dict[str, str]


def signed(key: SigningKey, body: bytes, wall: datetime, over: bytes | None = None) -> Signed:
    """`body` with a fresh nonce; `over`: what is signed instead of it."""
    timestamp, nonce = str(int(wall.timestamp())), secrets.token_hex(16)
    headers = {
        "Wechatpay-Serial": key.serial,
        "Wechatpay-Signature-Type": ALGORITHM,
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": sign(key.private, answer_message(timestamp, nonce, body if over is None else over)),
    }
    return Signed(body, headers)


class Envelopes:
    """`wall` is aware wall time. Nonces and timestamps are fresh in each."""

    def __init__(self, merchants: Merchants, wall: Callable[[], datetime]) -> None:
        self._merchants = merchants
        self._wall = wall

    def make(self, merchant: Merchant, notification: Notification, document: Document, deviation: Deviation) -> Signed:
        """`document`: what is sealed."""
        kind, summary = _ABOUT[notification.event]
        nonce = secrets.token_hex(NONCE_OCTETS // 2)
        resource = seal(merchant.api_v3_key, encoded(document), kind, nonce)
        body = encoded(notice_document(notification, kind, summary, resource))
        key, wall = self._merchants.signer(merchant), self._wall()
        match deviation:
            case Deviation.SIGNATURE:
                made = signed(key, body, wall, over=body + b" ")
            case Deviation.TIMESTAMP:
                made = signed(key, body, wall - AGE)
            case _:
                made = signed(key, body, wall)
        if deviation is Deviation.PROBE:
            made.headers["Wechatpay-Signature"] = PROBE + made.headers["Wechatpay-Signature"]
        return Signed(made.body, {**made.headers, "Content-Type": "application/json"})
