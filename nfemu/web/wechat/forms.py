"""Bodies of merchants' requests: read strictly, refused with the field that is wrong."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from nfemu.web.wechat.merchants import Merchant
from nfemu.wechat.errors import Refused, wrong_field
from nfemu.wechat.refunds import WantedRefund
from nfemu.wechat.trade import Trade, TradeType

T = TypeVar("T", bound=BaseModel)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _notify_url(text: str) -> str:
    """HTTPS, nothing behind a question mark; plain HTTP to this machine alone."""
    parts = urlsplit(text)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not (secure and parts.hostname) or parts.query or parts.fragment or "?" in text:
        raise ValueError("notify_url must be an https URL without a query")
    return text


def _address(text: str) -> str:
    ip_address(text)
    return text


def _octets(most: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text.encode()) > most:
            raise ValueError(f"longer than {most} octets")
        return text

    return AfterValidator(check)


Number = Annotated[str, Field(min_length=6, max_length=32, pattern=r"^[A-Za-z0-9_\-|*]+$")]
RefundNumber = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_\-|*@]+$")]
NotifyUrl = Annotated[str, Field(max_length=255), AfterValidator(_notify_url)]
Fen = Annotated[int, Field(strict=True, gt=0, le=100_000_000_000)]
Text32 = Annotated[str, Field(min_length=1, max_length=32)]


class _Form(BaseModel):
    """Fields that are not used here are taken as they come, as the real API does."""

    model_config = ConfigDict(extra="ignore")


class _Amount(_Form):
    total: Fen
    currency: Literal["CNY"] = "CNY"


class _H5Info(_Form):
    type: Literal["iOS", "Android", "Wap"]


class _Scene(_Form):
    payer_client_ip: Annotated[str, Field(max_length=45), AfterValidator(_address)]


class _H5Scene(_Scene):
    h5_info: _H5Info


class _Payer(_Form):
    openid: Annotated[str, Field(min_length=1, max_length=128)]


class _Order(_Form):
    appid: Text32
    mchid: Text32
    description: Annotated[str, Field(min_length=1), _octets(127)]
    out_trade_no: Number
    time_expire: AwareDatetime | None = None
    attach: Annotated[str, _octets(128)] = ""
    notify_url: NotifyUrl
    amount: _Amount


class H5Order(_Order):
    scene_info: _H5Scene


class JsapiOrder(_Order):
    payer: _Payer
    scene_info: _Scene | None = None


class Closing(_Form):
    mchid: Text32


class _RefundAmount(_Form):
    refund: Fen
    total: Fen
    currency: Literal["CNY"]


class RefundForm(_Form):
    transaction_id: Text32 | None = None
    out_trade_no: Number | None = None
    out_refund_no: RefundNumber
    reason: Annotated[str, _octets(80)] = ""
    notify_url: NotifyUrl | Literal[""] = ""
    amount: _RefundAmount


def read(form: type[T], body: bytes) -> T:
    """Raises Refused (PARAM_ERROR) with the first field that is wrong."""
    try:
        json.loads(body.decode(), object_pairs_hook=_once)
        return form.model_validate_json(body)
    except ValidationError as error:
        mistake = error.errors(include_url=False)[0]
        pointer = "".join(f"/{part}" for part in mistake["loc"])
        value = mistake["input"] if isinstance(mistake["input"], str | int) else None
        raise wrong_field(pointer, str(mistake["msg"]), value) from error
    except ValueError as error:
        raise Refused("PARAM_ERROR", "请求体不是有效的JSON", {"location": "body", "issue": str(error)}) from error


def wanted_h5(merchant: Merchant, body: bytes, now: datetime) -> Trade:
    """Raises Refused."""
    form = read(H5Order, body)
    return _wanted(form, TradeType.H5, merchant, body, now, client_ip=form.scene_info.payer_client_ip)


def wanted_jsapi(merchant: Merchant, body: bytes, now: datetime) -> Trade:
    """Raises Refused."""
    form = read(JsapiOrder, body)
    address = form.scene_info.payer_client_ip if form.scene_info is not None else ""
    return _wanted(form, TradeType.JSAPI, merchant, body, now, client_ip=address, openid=form.payer.openid)


_USUAL_EXPIRY = timedelta(days=7)
"""Of an order that names none."""
Wanted = Callable[[Merchant, bytes, datetime], Trade]


def wanted_refund(form: RefundForm, body: bytes) -> WantedRefund:
    """Raises Refused where more is wanted than was paid."""
    if form.amount.refund > form.amount.total:
        raise Refused("INVALID_REQUEST", "退款金额大于订单金额")
    return WantedRefund(
        out_refund_no=form.out_refund_no,
        amount=form.amount.refund,
        total=form.amount.total,
        currency=form.amount.currency,
        digest=_digest(body),
        reason=form.reason,
        notify_url=form.notify_url,
    )


def check_merchant(merchant: Merchant, mchid: str) -> None:
    """Raises Refused where a request is about another merchant than has signed it."""
    if mchid != merchant.mchid:
        raise Refused("INVALID_REQUEST", "请求中的mchid与Authorization中的mchid不一致")


def _wanted(
    form: _Order, kind: TradeType, merchant: Merchant, body: bytes, now: datetime, client_ip: str, openid: str = ""
) -> Trade:
    check_merchant(merchant, form.mchid)
    if form.appid not in merchant.appids:
        raise Refused("APPID_MCHID_NOT_MATCH")
    if form.time_expire is not None and form.time_expire <= now:
        raise wrong_field("/time_expire", "time_expire has passed already", form.time_expire.isoformat())
    return Trade(
        mchid=form.mchid,
        out_trade_no=form.out_trade_no,
        appid=form.appid,
        kind=kind,
        description=form.description,
        total=form.amount.total,
        currency=form.amount.currency,
        notify_url=form.notify_url,
        prepay_id="",
        digest=f"{kind.value} {_digest(body)}",
        created_at=now,
        expires_at=form.time_expire or now + _USUAL_EXPIRY,
        attach=form.attach,
        client_ip=client_ip,
        openid=openid,
    )


def _digest(body: bytes) -> str:
    """The same for the same values, in whatever order and spacing they are written."""
    return hashlib.sha256(json.dumps(json.loads(body), sort_keys=True).encode()).hexdigest()


def _once(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    """Raises ValueError for an object that names something twice: which one counts would depend on the reader."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a field twice")
    return found
