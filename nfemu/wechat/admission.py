"""What the provider asks of a merchant's request, one check after the other: the first that fails is the answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from nfemu.wechat.authorization import Authorization
from nfemu.wechat.errors import Refused
from nfemu.wechat.signing import is_fresh, is_signed, request_message, strict_base64

_USED = "nonce_str was used before, or the request was signed before the provider started; sign it anew"
_SHOWN_OF_BODY = 8
"""Octets of it in what a refusal shows of the signed message."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """As it came: `target` is path and query of the request line; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def message(self, signed: Authorization) -> bytes:
        """What must have been signed."""
        return request_message(self.method, self.target, signed.timestamp, signed.nonce, self.body)


class Signatory(Protocol):
    """A merchant, as far as its signatures go; `serial` is its certificate's."""

    @property
    def mchid(self) -> str: ...

    @property
    def serial(self) -> str: ...

    @property
    def public_key(self) -> RSAPublicKey: ...


class CheckName(Enum):
    AUTHORIZATION = "authorization"
    MERCHANT = "merchant"
    SERIAL = "serial"
    TIMESTAMP = "timestamp"
    BASE64 = "base64"
    SIGNATURE = "signature"
    NONCE = "nonce"
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class Check:
    """`refusal` None: it holds."""

    name: CheckName
    refusal: Refused | None = None


IsReplay = Callable[[Authorization], bool]


def checks(
    request: SignedRequest, signed: Authorization, merchant: Signatory | None, wall: datetime, is_replay: IsReplay
) -> Iterator[Check]:
    """In their order, each made when it is asked for, so `is_replay` hears of what is signed only. The header's form
    was the first. `merchant` None: nobody has that number, and nothing more can be said."""
    yield Check(CheckName.AUTHORIZATION)
    if merchant is None:
        yield Check(CheckName.MERCHANT, Refused("MCH_NOT_EXISTS"))
        return
    yield Check(CheckName.MERCHANT)
    yield Check(CheckName.SERIAL, _serial(signed, merchant))
    yield Check(CheckName.TIMESTAMP, _timestamp(signed, wall))
    message = request.message(signed)
    wrong = _wrong_signature(request, message)
    yield Check(CheckName.BASE64, None if strict_base64(signed.signature) is not None else wrong)
    yield Check(CheckName.SIGNATURE, None if is_signed(merchant.public_key, message, signed.signature) else wrong)
    yield Check(CheckName.NONCE, _replayed() if is_replay(signed) else None)
    yield Check(CheckName.HEAD, _head(request.headers, request.body))


def _serial(signed: Authorization, merchant: Signatory) -> Refused | None:
    if signed.serial == merchant.serial:
        return None
    return _unsigned("商户API证书序列号有误", "serial_no", "serial_no is not that of the merchant's certificate")


def _timestamp(signed: Authorization, wall: datetime) -> Refused | None:
    if is_fresh(signed.timestamp, wall):
        return None
    return _unsigned(
        "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟",
        "timestamp",
        "timestamp is not within 5 minutes",
    )


def _replayed() -> Refused:
    return _unsigned("Http头Authorization中的nonce_str已被使用", "nonce_str", _USED)


def _head(headers: Mapping[str, str], body: bytes) -> Refused | None:
    """What the API asks of every request's head beside the signature."""
    accepted = headers.get("accept", "")
    if not headers.get("user-agent"):
        return Refused("PARAM_ERROR", "Http头缺少User-Agent")
    if "application/json" not in accepted and "*/*" not in accepted:
        return Refused("PARAM_ERROR", "Http头Accept必须包含application/json")
    if body and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return Refused("PARAM_ERROR", "Http头Content-Type必须为application/json")
    return None


def _unsigned(message: str, field: str, issue: str) -> Refused:
    return Refused("SIGN_ERROR", message, {"location": "authorization", "field": field, "issue": issue})


def _wrong_signature(request: SignedRequest, message: bytes) -> Refused:
    hidden = max(0, len(request.body) - _SHOWN_OF_BODY)
    shown = message[: len(message) - 1 - hidden] if hidden else message
    information = {
        "method": request.method,
        "url": request.target,
        "truncated_sign_message": shown.decode("utf-8", "replace"),
        "sign_message_length": len(message),
    }
    detail = {"location": "authorization", "field": "signature", "issue": "sign not match"}
    return Refused("SIGN_ERROR", "错误的签名，验签失败", {**detail, "sign_information": information})
