"""The API's refusals: code, HTTP status and sentence as the provider documents them."""

from collections.abc import Mapping
from dataclasses import dataclass

from nfemu.model.errors import Conflict


@dataclass(frozen=True, slots=True)
class Documented:
    status: int
    message: str


CODES: Mapping[str, Documented] = {
    # of every operation
    "PARAM_ERROR": Documented(400, "参数错误"),
    "INVALID_REQUEST": Documented(400, "无效请求"),
    "SIGN_ERROR": Documented(401, "签名错误"),
    "NO_AUTH": Documented(403, "商户无权限"),
    "RULE_LIMIT": Documented(403, "业务规则限制"),
    "FREQUENCY_LIMITED": Documented(429, "频率超限"),
    "SYSTEM_ERROR": Documented(500, "系统异常，请稍后重试"),
    # of orders
    "APPID_MCHID_NOT_MATCH": Documented(400, "appid和mch_id不匹配"),
    "MCH_NOT_EXISTS": Documented(400, "商户号不存在"),
    "ORDER_CLOSED": Documented(400, "订单已关闭"),
    "ORDERPAID": Documented(400, "该订单已支付"),
    "OUT_TRADE_NO_USED": Documented(403, "商户订单号重复"),
    "ACCOUNT_ERROR": Documented(403, "账号异常"),
    "TRADE_ERROR": Documented(403, "交易错误"),
    "ORDER_NOT_EXIST": Documented(404, "订单不存在"),
    "BANK_ERROR": Documented(500, "银行系统异常"),
    "INVALID_TRANSACTIONID": Documented(500, "订单号非法"),
    "OPENID_MISMATCH": Documented(500, "openid和appid不匹配"),
    # of refunds
    "NOT_ENOUGH": Documented(403, "余额不足"),
    "USER_ACCOUNT_ABNORMAL": Documented(403, "用户账号异常或注销"),
    "RESOURCE_NOT_EXISTS": Documented(404, "查询的资源不存在"),
    # of bills
    "NO_STATEMENT_EXIST": Documented(400, "账单文件不存在"),
    "STATEMENT_CREATING": Documented(400, "账单生成中"),
}


class Refused(Conflict):
    """What the API answers instead. Raises KeyError for a code that is not documented.

    `message` instead of the documented sentence; `detail` as the answer has it.
    """

    def __init__(self, code: str, message: str = "", detail: Mapping[str, object] | None = None) -> None:
        documented = CODES[code]
        super().__init__(message or documented.message)
        self.code = code
        self.status = documented.status
        self.detail = detail

    def body(self) -> dict[str, object]:
        """The answer's body, to be sent as JSON."""
        body: dict[str, object] = {"code": self.code, "message": str(self)}
        return body if self.detail is None else {**body, "detail": dict(self.detail)}


def wrong_field(field: str, issue: str, value: object = None, location: str = "body") -> Refused:
    """PARAM_ERROR about one field, by its JSON pointer (RFC 6901) in a body or its name elsewhere."""
    detail = {"location": location, "field": field, "issue": issue}
    return Refused("PARAM_ERROR", detail=detail if value is None else {**detail, "value": value})
