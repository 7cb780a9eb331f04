"""The provider's bill of a day, fetched and read: a line for each payment and refund."""

import hashlib
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlencode, urlsplit

from nfemu.bss import ledger
from nfemu.bss.reconciliation import Line
from nfemu.model.errors import Unavailable
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.web.portal.wechat.client import WechatClient, WechatRefused
from nfemu.web.portal.wechat.provider import NAME

_SUMS = "总交易单数"
"""How the line begins that is behind the last row."""


async def statement_of(client: WechatClient, day: date) -> list[Line] | None:
    """Oldest payment first, then refunds; None: there is none yet. Raises WechatRefused, Unavailable."""
    query = urlencode({"bill_date": day.isoformat(), "bill_type": "ALL"})
    try:
        offer = await client.get(f"/v3/bill/tradebill?{query}")
    except WechatRefused as refusal:
        if refusal.code == "STATEMENT_CREATING":
            return None
        if refusal.code == "NO_STATEMENT_EXIST":
            return []
        raise
    address = urlsplit(str(offer["download_url"]))
    file = await client.download(f"{address.path}?{address.query}")
    if hashlib.sha1(file, usedforsecurity=False).hexdigest() != offer["hash_value"]:
        raise Unavailable("the bill that WeChat Pay gave is not the one that it promised; try again")
    return list(read(file.decode()))


def read(text: str) -> Iterator[Line]:
    """Rows by the names of their columns; values stand behind a grave accent."""
    head, *rows = text.split("\r\n")
    names = head.removeprefix("\ufeff").split(",")
    for row in rows:
        if row.startswith(_SUMS):
            return
        values = dict(zip(names, (value.removeprefix("`") for value in row.split(",")), strict=True))
        yield _line(values)


def _line(values: dict[str, str]) -> Line:
    number, currency = PaymentNo(values["商户订单号"]), values["货币种类"]
    if values["交易状态"] == "REFUND":
        refund = ledger.refund_number(NAME, values["微信退款单号"])
        return Line(refund, number, Money(_fen(values["退款金额"]), currency), refund=True)
    return Line(
        ledger.payment_number(NAME, values["微信订单号"]), number, Money(_fen(values["应结订单金额"]), currency)
    )


def _fen(yuan: str) -> int:
    """Of an amount with two decimals."""
    return int(yuan.replace(".", ""))
