"""A trade: one order of a merchant, and what may happen to it, as a table.

                  ┌──── give up ─────┐            ┌─ refund ─┐
                  ▼                  │            ▼          │
    NOTPAY ── verify ──▶ USERPAYING ─┼─ pay ──▶ SUCCESS ─▶ REFUND
      │  ▲                   │       │            ▲
      │  └── (again)         fail ─▶ PAYERROR ── pay
      └── close, expire ──▶ CLOSED ◀── of each that is not paid

What expires does so by its time alone: `standing` says what a trade is now, nothing has to be written for it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from nfemu.wechat.errors import Refused
from nfemu.wechat.faults import Fault


class TradeState(Enum):
    """As the API names them. REVOKED is of code payments only, which are not offered here."""

    NOTPAY = "NOTPAY"
    USERPAYING = "USERPAYING"
    PAYERROR = "PAYERROR"
    SUCCESS = "SUCCESS"
    REFUND = "REFUND"
    CLOSED = "CLOSED"


class TradeType(Enum):
    """As the API names them."""

    H5 = "MWEB"
    JSAPI = "JSAPI"


class TradeInput(Enum):
    VERIFY = "verify"
    """The payer is asked for password or finger."""
    PAY = "pay"
    FAIL = "fail"
    """Verified, and the payer's bank or balance did not do."""
    GIVE_UP = "give up"
    CLOSE = "close"
    """By the merchant."""
    EXPIRE = "expire"
    REFUND = "refund"


_UNPAID = (TradeState.NOTPAY, TradeState.USERPAYING, TradeState.PAYERROR)
TRANSITIONS: dict[tuple[TradeState, TradeInput], TradeState] = {
    **{(state, TradeInput.VERIFY): TradeState.USERPAYING for state in _UNPAID},
    **{(state, TradeInput.PAY): TradeState.SUCCESS for state in _UNPAID},
    **{(state, TradeInput.FAIL): TradeState.PAYERROR for state in _UNPAID},
    (TradeState.USERPAYING, TradeInput.GIVE_UP): TradeState.NOTPAY,
    (TradeState.NOTPAY, TradeInput.GIVE_UP): TradeState.NOTPAY,
    (TradeState.PAYERROR, TradeInput.GIVE_UP): TradeState.PAYERROR,
    **{(state, TradeInput.CLOSE): TradeState.CLOSED for state in (*_UNPAID, TradeState.CLOSED)},
    **{(state, TradeInput.EXPIRE): TradeState.CLOSED for state in _UNPAID},
    (TradeState.SUCCESS, TradeInput.REFUND): TradeState.REFUND,
    (TradeState.REFUND, TradeInput.REFUND): TradeState.REFUND,
}


@dataclass(frozen=True, slots=True)
class Trade:
    """Times are business time; `total` and `refunded` fen. `digest`: of everything that was ordered, by which the same
    order is known again. `client_ip`: the payer's, as the merchant says."""

    mchid: str
    out_trade_no: str
    appid: str
    kind: TradeType
    description: str
    total: int
    currency: str
    notify_url: str
    prepay_id: str
    digest: str
    created_at: datetime
    expires_at: datetime
    attach: str = ""
    client_ip: str = ""
    openid: str = ""
    """The payer's at the merchant's appid; of an H5 order known once it is paid."""
    state: TradeState = TradeState.NOTPAY
    transaction_id: str | None = None
    paid_at: datetime | None = None
    refunded: int = 0
    fault: Fault | None = None

    @property
    def is_paid(self) -> bool:
        """Also where it was refunded since."""
        return self.state in (TradeState.SUCCESS, TradeState.REFUND)


def standing(trade: Trade, now: datetime) -> Trade:
    """The trade as it is at that moment."""
    expired = trade.expires_at <= now and (trade.state, TradeInput.EXPIRE) in TRANSITIONS
    return replace(trade, state=TradeState.CLOSED) if expired else trade


def advance(trade: Trade, event: TradeInput, now: datetime) -> Trade:
    """The trade after `event`. Raises Refused for what the table does not list."""
    trade = standing(trade, now)
    state = TRANSITIONS.get((trade.state, event))
    if state is None:
        raise Refused(*_IMPOSSIBLE[trade.state])
    return replace(trade, state=state)


_IMPOSSIBLE = {
    **dict.fromkeys(_UNPAID, ("INVALID_REQUEST", "订单未支付")),
    TradeState.SUCCESS: ("ORDERPAID", "该订单已支付"),
    TradeState.REFUND: ("ORDERPAID", "该订单已支付，且已转入退款"),
    TradeState.CLOSED: ("ORDER_CLOSED", "该订单已关闭，请重新下单"),
}


def pay(trade: Trade, now: datetime, transaction_id: str, openid: str) -> Trade:
    """Paid now. Raises Refused where it cannot be paid any more."""
    paid = advance(trade, TradeInput.PAY, now)
    return replace(paid, transaction_id=transaction_id, paid_at=now, openid=trade.openid or openid)


def order_again(trade: Trade, digest: str, now: datetime) -> Trade:
    """The same order once more: it stays what it is. Raises Refused for another order of that number, and for one that
    nobody can pay any more."""
    if trade.digest != digest:
        raise Refused("INVALID_REQUEST", "请求重入时，参数与首次请求时不一致，请核实后再试")
    trade = standing(trade, now)
    if trade.state not in _UNPAID:
        raise Refused(*_IMPOSSIBLE[trade.state])
    return trade
