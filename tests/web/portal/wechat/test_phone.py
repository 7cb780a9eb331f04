"""A phone from the portal's order form to the provider's page and back, by whatever address it comes (G13, G14)."""

from ipaddress import ip_address
from urllib.parse import urlencode

import pytest

from nfemu.model.money import Money
from nfemu.web.pages import Voice
from nfemu.web.portal.app import Ears, portal_application
from nfemu.web.portal.config import PortalConfig
from nfemu.web.portal.expected import Expected
from nfemu.web.portal.login import COOKIE
from nfemu.web.portal.notify import NotificationReceiver
from nfemu.web.portal.shell import Shell
from nfemu.web.portal.wechat.client import Answered
from nfemu.web.wechat.in_process import exchange
from tests.fakes.world import ZHANG
from tests.web.portal.wechat.portal import Portal
from tests.web.wechat.payer.phone import Phone, coming
from tests.web.wechat.provider import MCHID, wall

SECURE = "https://portal.carrier.example"


class PortalPages:
    """The portal over HTTPS, for a phone that is logged in."""

    def __init__(self, portal: Portal, address: str) -> None:
        config = PortalConfig(Voice({"zh": "示例移动", "en": "Example Mobile"}))
        shell = Shell(config, portal.service, lambda _: None, b"k" * 32, wall)
        ears = Ears(NotificationReceiver(portal.service, b"k", wall, Expected()), portal.receiver)
        session = portal.service.session_at(ip_address(address))
        assert session is not None
        login = shell.seal.open(ZHANG, session.id, session.generation, wall())
        self._app = coming(portal_application(shell, ears), address)
        self._cookie = {"cookie": f"{COOKIE}={shell.seal.cookie_value(login)}"}
        self._token = shell.seal.csrf_token(login)

    async def open(self, target: str) -> str:
        return (await exchange(self._app, "GET", target, self._cookie, b"")).body.decode()

    async def order(self) -> Answered:
        """Where it leads."""
        headers = {**self._cookie, "content-type": "application/x-www-form-urlencoded"}
        body = urlencode({"csrf": self._token, "amount": "29.00"}).encode()
        return await exchange(self._app, "POST", "/order", headers, body)


def addresses(portal: Portal) -> tuple[str, str]:
    """The line's own: IPv4, and one of its IPv6 network."""
    (line,) = [state for state in portal.service.line_states() if state.msisdn == ZHANG]
    assert line.ue_ipv6 is not None
    return str(line.ue_ipv4), str(line.ue_ipv6[0x77])


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
async def test_the_order_is_for_the_address_by_which_the_phone_came(portal: Portal, family: int) -> None:
    """On a line of both families, too: whichever it uses is the one by which it goes on to the provider."""
    await portal.service.charge(ZHANG, Money(5900))
    address, other = addresses(portal)[family], addresses(portal)[1 - family]
    pages = PortalPages(portal, address)
    answer = await pages.order()
    assert (answer.status, answer.headers["referrer-policy"]) == (303, "strict-origin")
    link = answer.headers["location"].removeprefix("https://wx.tenpay.com")
    (trade,) = await portal.provider.books.newest_trades(1)
    assert trade.client_ip == address
    assert "网络环境未能通过安全验证" in await Phone(portal.provider, other).open(link, f"{SECURE}/")
    phone = Phone(portal.provider, address)
    assert "¥29.00" in await phone.open(link, f"{SECURE}/")
    (result,) = await back(phone)
    assert "等待付款结果" in await pages.open(result)
    await phone.press("verify")
    await phone.press("confirm", by="fingerprint")
    assert phone.links()[-1] == f"{SECURE}{result}"
    assert "服务已恢复" in await pages.open(result)
    assert (await portal.booked(), await portal.is_open()) == ([Money(2900)], True)
    (paid,) = await portal.provider.books.newest_trades(1)
    assert (paid.mchid, paid.out_trade_no) == (MCHID, trade.out_trade_no)


async def back(phone: Phone) -> list[str]:
    """The portal's page to return to, as it stands on the page of who has given up."""
    (target,) = [each for each in phone.forms() if "/cancel" in each]
    giving_up = Phone(phone.provider, phone.address)
    await giving_up.post(target)
    return [each.removeprefix(SECURE) for each in giving_up.links() if each.startswith(SECURE)]
