"""`GET /v3/bill/tradebill`, and the file behind the address that it answers.

The address is good for the merchant that asked, and says itself what it is of: nothing is kept for it.
"""

import gzip
import hashlib
import hmac
from datetime import date

from starlette.requests import Request

from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.merchants import Merchant
from nfemu.wechat.bill import BillType, bill, check_day, day_of
from nfemu.wechat.documents import Document
from nfemu.wechat.errors import wrong_field

HOST = "api.mch.weixin.qq.com"
FILE = "/v3/billdownload/file"
_PACKED = {"": "plain", "GZIP": "gzip"}


class Bills:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def offer(self, merchant: Merchant, request: Request) -> Document:
        """Where the bill is, and its hash. Raises Refused, Unavailable."""
        query = request.query_params
        day, kind = _day(query.get("bill_date", "")), _kind(query.get("bill_type", "ALL"))
        packed = _PACKED.get(query.get("tar_type", ""))
        if packed is None:
            raise wrong_field("tar_type", "tar_type is GZIP or left out", query["tar_type"], "query")
        text = await self._text(merchant, day, kind)
        token = f"{day.isoformat()}.{kind.value}.{packed}"
        here = f"{request.url.scheme}://{request.headers.get('host', HOST)}"
        return {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(text, usedforsecurity=False).hexdigest(),
            "download_url": f"{here}{FILE}?token={token}.{self._seal(merchant, token)}",
        }

    async def file(self, merchant: Merchant, token: str) -> bytes:
        """Raises Refused, Unavailable."""
        what, _, seal = token.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(merchant, what).encode()):
            raise wrong_field("token", "token is not one that was given to this merchant", location="query")
        day, kind, packed = what.split(".")
        text = await self._text(merchant, date.fromisoformat(day), BillType(kind))
        return gzip.compress(text, mtime=0) if packed == "gzip" else text

    async def _text(self, merchant: Merchant, day: date, kind: BillType) -> bytes:
        check_day(day, self._desk.now())
        books, (begin, end) = self._desk.books, day_of(day)
        paid = await books.trades_paid(merchant.mchid, begin, end)
        refunds = await books.refunds_begun(merchant.mchid, begin, end)
        refunded = [(await self._desk.trade(merchant.mchid, each.out_trade_no), each) for each in refunds]
        return bill(kind, paid, refunded).encode()

    def _seal(self, merchant: Merchant, what: str) -> str:
        return hmac.new(self._desk.key, f"bill {merchant.mchid} {what}".encode(), hashlib.sha256).hexdigest()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong_field("bill_date", "bill_date is written like 2026-11-01", text, "query") from None


def _kind(text: str) -> BillType:
    try:
        return BillType(text)
    except ValueError:
        raise wrong_field("bill_type", "bill_type is ALL, SUCCESS or REFUND", text, "query") from None
