"""Who may pay by an H5 order's link: the payer whom the merchant named, from a page of the merchant's, in time.

The reasons to turn somebody away are those that the real page has, each with its sentence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from ipaddress import IPv6Network, ip_address
from urllib.parse import urlsplit

from nfemu.model.destination import IpAddress
from nfemu.model.errors import NfemuError
from nfemu.wechat.h5_link import GOOD_FOR
from nfemu.wechat.trade import Trade

_PHONES_PREFIX = 64
"""What one phone has of IPv6 (TS 23.401 clause 5.3.1.2.2): it chooses the rest of its address itself."""


class Reason(Enum):
    """What a payer reads then."""

    STALE = "支付请求已失效，请重新发起支付"
    NO_REFERER = "商家参数格式有误，请联系商家解决"
    OTHER_DOMAIN = "商家存在未配置的参数，请联系商家解决"
    OTHER_ADDRESS = "网络环境未能通过安全验证，请稍后再试"
    FOREIGN_RETURN = "商家返回地址有误，请联系商家解决"
    """The emulator's own: the real page's answer to it is not documented."""


class TurnedAway(NfemuError):
    """`came` is what was seen, `wanted` what would have done; empty where that says nothing."""

    def __init__(self, reason: Reason, came: str = "", wanted: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.came = came
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody comes to the payment page. `referer` and `redirect_url` as sent, empty: not sent."""

    address: IpAddress
    written_at: datetime
    """When the link was made."""
    referer: str = ""
    redirect_url: str = ""


def check(arrival: Arrival, trade: Trade, domains: Collection[str], now: datetime) -> None:
    """`domains`: those that the merchant has registered; `now`: business time. Raises TurnedAway."""
    if now - arrival.written_at > GOOD_FOR:
        raise TurnedAway(Reason.STALE)
    if not arrival.referer:
        raise TurnedAway(Reason.NO_REFERER, wanted=", ".join(domains))
    if _host(arrival.referer) not in domains:
        raise TurnedAway(Reason.OTHER_DOMAIN, _host(arrival.referer), ", ".join(domains))
    if not is_same_phone(arrival.address, trade.client_ip):
        raise TurnedAway(Reason.OTHER_ADDRESS, str(arrival.address), trade.client_ip)
    if arrival.redirect_url and _host(arrival.redirect_url) not in domains:
        raise TurnedAway(Reason.FOREIGN_RETURN, _host(arrival.redirect_url), ", ".join(domains))


def is_same_phone(address: IpAddress, ordered: str) -> bool:
    """Whether it is the address that was ordered for; of IPv6, whether it is in the same /64."""
    payer = ip_address(ordered)
    if isinstance(payer, type(address)) and payer.version == 6:
        return address in IPv6Network((int(payer), _PHONES_PREFIX), strict=False)
    return payer == address


def _host(url: str) -> str:
    """Of an http or https URL without a user name; empty for anything else."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.username is None and url.isascii() and url.isprintable()
        return (parts.hostname or "").rstrip(".") if usable else ""
    except ValueError:
        return ""
