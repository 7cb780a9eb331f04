"""Who may ask: a merchant that signed this very request, just now, and has not sent it before."""

from collections.abc import Callable, Mapping
from datetime import datetime

from nfemu.web.nonces import Nonces
from nfemu.web.wechat.merchants import Merchant, Merchants
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.errors import Refused
from nfemu.wechat.signing import FRESHNESS, is_fresh, is_signed, request_message

_USED = "nonce_str was used before, or the request was signed before the provider started; sign it anew"
_SHOWN_OF_BODY = 8
"""Octets of it in what a refusal shows of the signed message."""


class Gate:
    """`wall` is aware wall time."""

    def __init__(self, merchants: Merchants, wall: Callable[[], datetime]) -> None:
        self._merchants = merchants
        self._wall = wall
        self._nonces = Nonces(wall, FRESHNESS)

    def admit(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Merchant:
        """Header names in lower case. Raises Refused."""
        signed = Authorization.parse(headers.get("authorization"))
        merchant = self._merchants.find(signed.mchid)
        if merchant is None:
            raise Refused("MCH_NOT_EXISTS")
        if signed.serial != merchant.serial:
            raise _unsigned("商户API证书序列号有误", "serial_no", "serial_no is not that of the merchant's certificate")
        if not is_fresh(signed.timestamp, self._wall()):
            raise _unsigned(
                "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟",
                "timestamp",
                "timestamp is not within 5 minutes",
            )
        message = request_message(method, target, signed.timestamp, signed.nonce, body)
        if not is_signed(merchant.public_key, message, signed.signature):
            raise _wrong_signature(method, target, message, len(body))
        if self._nonces.is_replay(f"{signed.mchid} {signed.nonce}", int(signed.timestamp)):
            raise _unsigned("Http头Authorization中的nonce_str已被使用", "nonce_str", _USED)
        _check_form(headers, body)
        return merchant


def _check_form(headers: Mapping[str, str], body: bytes) -> None:
    """What the API asks of every request's head. Raises Refused."""
    if not headers.get("user-agent"):
        raise Refused("PARAM_ERROR", "Http头缺少User-Agent")
    accepted = headers.get("accept", "")
    if "application/json" not in accepted and "*/*" not in accepted:
        raise Refused("PARAM_ERROR", "Http头Accept必须包含application/json")
    if body and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused("PARAM_ERROR", "Http头Content-Type必须为application/json")


def _unsigned(message: str, field: str, issue: str) -> Refused:
    return Refused("SIGN_ERROR", message, {"location": "authorization", "field": field, "issue": issue})


def _wrong_signature(method: str, target: str, message: bytes, body: int) -> Refused:
    shown = message[: len(message) - 1 - max(0, body - _SHOWN_OF_BODY)] if body > _SHOWN_OF_BODY else message
    information = {
        "method": method,
        "url": target,
        "truncated_sign_message": shown.decode("utf-8", "replace"),
        "sign_message_length": len(message),
    }
    detail = {"location": "authorization", "field": "signature", "issue": "sign not match"}
    return Refused("SIGN_ERROR", "错误的签名，验签失败", {**detail, "sign_information": information})
