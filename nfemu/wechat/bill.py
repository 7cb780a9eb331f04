"""The provider's bill of a day: every payment and refund of a merchant, for it to compare its books with.

A file of lines: names of columns, a line for each payment and refund (values behind a grave accent, so that no table
program takes them for numbers), names of sums, the sums. Amounts are in yuan. The day is the provider's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum

from nfemu.wechat.documents import ZONE
from nfemu.wechat.errors import Refused, wrong_field
from nfemu.wechat.refunds import Refund
from nfemu.wechat.trade import Trade

READY_AT = time(10)
"""On the day after."""
KEPT_FOR = timedelta(days=92)


class BillType(Enum):
    """As the API names them."""

    ALL = "ALL"
    SUCCESS = "SUCCESS"
    """Payments alone."""
    REFUND = "REFUND"
    """Refunds alone."""


Row = tuple[Trade, Refund | None]
"""A payment, or a refund of one."""


def _paid(amount: int, row: Row) -> str:
    """Of what belongs to payments alone."""
    return yuan(amount if row[1] is None else 0)


def _refunded(row: Row) -> str:
    return yuan(0 if row[1] is None else row[1].amount)


_COLUMNS: Mapping[str, Callable[[Row], str]] = {
    "交易时间": lambda row: _local(row[0].paid_at if row[1] is None else row[1].created_at),
    "公众账号ID": lambda row: row[0].appid,
    "商户号": lambda row: row[0].mchid,
    "特约商户号": lambda _: "0",
    "设备号": lambda _: "",
    "微信订单号": lambda row: row[0].transaction_id or "",
    "商户订单号": lambda row: row[0].out_trade_no,
    "用户标识": lambda row: row[0].openid,
    "交易类型": lambda row: row[0].kind.value,
    "交易状态": lambda row: "SUCCESS" if row[1] is None else "REFUND",
    "付款银行": lambda _: "OTHERS",
    "货币种类": lambda row: row[0].currency,
    "应结订单金额": lambda row: _paid(row[0].total, row),
    "代金券金额": lambda _: yuan(0),
    "微信退款单号": lambda row: "0" if row[1] is None else row[1].refund_id,
    "商户退款单号": lambda row: "0" if row[1] is None else row[1].out_refund_no,
    "退款金额": _refunded,
    "充值券退款金额": lambda _: yuan(0),
    "退款类型": lambda row: "" if row[1] is None else "ORIGINAL",
    "退款状态": lambda row: "" if row[1] is None else "SUCCESS",
    "商品名称": lambda row: row[0].description.replace(",", "，"),
    "商户数据包": lambda row: row[0].attach.replace(",", "，"),
    "手续费": lambda _: "0.00000",
    "费率": lambda _: "0.00%",
    "订单金额": lambda row: _paid(row[0].total, row),
    "申请退款金额": _refunded,
    "费率备注": lambda _: "",
}
_OF_REFUNDS = ("微信退款单号", "商户退款单号", "退款金额", "充值券退款金额", "退款类型", "退款状态", "申请退款金额")
_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def check_day(day: date, now: datetime) -> None:
    """Raises Refused where there is no bill of that day yet, or none any more."""
    local = now.astimezone(ZONE)
    if day > local.date():
        raise wrong_field("bill_date", "bill_date is in the future", day.isoformat(), "query")
    if local < datetime.combine(day + timedelta(days=1), READY_AT, ZONE):
        raise Refused("STATEMENT_CREATING")
    if local.date() - day > KEPT_FOR:
        raise Refused("NO_STATEMENT_EXIST")


def day_of(day: date) -> tuple[datetime, datetime]:
    """When it begins, and when the next one does."""
    begin = datetime.combine(day, time(0), ZONE)
    return begin, begin + timedelta(days=1)


def bill(kind: BillType, paid: Sequence[Trade], refunded: Sequence[Row]) -> str:
    """Raises Refused for a day on which nothing happened."""
    rows = [
        *([] if kind is BillType.REFUND else [(trade, None) for trade in paid]),
        *([] if kind is BillType.SUCCESS else refunded),
    ]
    if not rows:
        raise Refused("NO_STATEMENT_EXIST")
    columns = [name for name in _COLUMNS if kind is not BillType.SUCCESS or name not in _OF_REFUNDS]
    lines = [",".join(columns), *(_line(_COLUMNS[name](row) for name in columns) for row in rows)]
    taken = yuan(sum(trade.total for trade, refund in rows if refund is None))
    given_back = yuan(sum(refund.amount for _, refund in rows if refund is not None))
    sums = _line([str(len(rows)), taken, given_back, yuan(0), "0.00000", taken, given_back])
    return "\r\n".join([*lines, _SUMS, sums, ""])


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _line(values: Iterable[str]) -> str:
    return ",".join(f"`{value}" for value in values)


def _local(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
