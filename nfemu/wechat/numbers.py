"""The provider's own numbers. Each follows from what it is about and the provider's key, so that one order is one trade
for ever, whatever happens between deciding and recording it; nobody else can foretell one.
"""

import base64
import hashlib
import hmac
from datetime import datetime


def transaction_id(key: bytes, mchid: str, out_trade_no: str) -> str:
    """28 digits."""
    return "4200" + _digits(key, f"trade {mchid} {out_trade_no}", 24)


def refund_id(key: bytes, mchid: str, out_refund_no: str) -> str:
    """29 digits."""
    return "50300" + _digits(key, f"refund {mchid} {out_refund_no}", 24)


def prepay_id(key: bytes, mchid: str, out_trade_no: str, local: datetime) -> str:
    """36 characters; `local`: when it was ordered, in the provider's zone."""
    return f"wx{local:%d%H%M%S}" + _digest(key, f"prepay {mchid} {out_trade_no}").hex()[:26]


def notification_id(key: bytes, event: str, mchid: str, number: str) -> str:
    """Of the event about the trade or refund `number`; the same for every attempt."""
    return "EV-" + _digits(key, f"{event} {mchid} {number}", 20)


def openid(key: bytes, appid: str, payer: str) -> str:
    """28 characters: a payer as one app knows them."""
    return "o" + base64.urlsafe_b64encode(_digest(key, f"openid {appid} {payer}")).decode()[:27]


def _digits(key: bytes, about: str, count: int) -> str:
    return str(int.from_bytes(_digest(key, about)) % 10**count).zfill(count)


def _digest(key: bytes, about: str) -> bytes:
    return hmac.new(key, about.encode(), hashlib.sha256).digest()
