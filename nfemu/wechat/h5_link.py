"""The address of an H5 order's payment page: good for five minutes, and only as the provider wrote it."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from nfemu.model.errors import NotFound

HOST = "wx.tenpay.com"
PAGES = (HOST, "payapp.weixin.qq.com", "pay.weixin.qq.com")
"""What a phone must reach to pay by H5, as the provider's documents list it. Only the first has pages here."""
PATH = "/cgi-bin/mmpayweb-bin/checkmweb"
GOOD_FOR = timedelta(minutes=5)
_DIGITS = 10


def url(key: bytes, prepay_id: str, now: datetime) -> str:
    """`now` is business time. A merchant may add `redirect_url`."""
    return f"https://{HOST}{PATH}?prepay_id={prepay_id}&package={_package(key, prepay_id, int(now.timestamp()))}"


def written_at(key: bytes, prepay_id: str, package: str) -> datetime:
    """When the link was made. Raises NotFound for one that the provider did not write."""
    seconds = package[:-_DIGITS]
    if not (
        package.isascii() and seconds.isdigit() and hmac.compare_digest(package, _package(key, prepay_id, int(seconds)))
    ):
        raise NotFound("no such payment link; order again at the merchant")
    return datetime.fromtimestamp(int(seconds), UTC)


def _package(key: bytes, prepay_id: str, seconds: int) -> str:
    digest = hmac.new(key, f"h5 {prepay_id} {seconds}".encode(), hashlib.sha256).digest()
    return f"{seconds}{int.from_bytes(digest) % 10**_DIGITS:0{_DIGITS}d}"
