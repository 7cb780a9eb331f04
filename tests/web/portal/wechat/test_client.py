"""The portal's client of the API: what it believes of an answer."""

from collections.abc import Mapping

import pytest

from nfemu.model.errors import Unavailable
from nfemu.model.money import Money
from nfemu.web.portal.wechat.client import Answered, WechatClient, WechatRefused
from nfemu.web.wechat.envelope import signed
from tests.fakes.world import ZHANG
from tests.web.portal.wechat.portal import Portal
from tests.web.wechat.provider import wall


def client(portal: Portal, status: int, body: bytes, *, over: bytes | None = None) -> WechatClient:
    """Whose provider answers so; `over`: what it signs instead."""

    async def answer(_: str, __: str, ___: Mapping[str, str], ____: bytes) -> Answered:
        made = signed(portal.provider.merchants.platform.bare, body, wall(), over)
        return Answered(status, {name.lower(): value for name, value in made.headers.items()}, body)

    return WechatClient(portal.account, answer, wall)


async def test_answers(portal: Portal) -> None:
    assert await client(portal, 200, b'{"trade_state":"NOTPAY"}').get("/v3/x") == {"trade_state": "NOTPAY"}
    assert await client(portal, 204, b"").post("/v3/x", {}) == {}
    assert await client(portal, 200, b"[]").get("/v3/x") == {}


async def test_refusals(portal: Portal) -> None:
    with pytest.raises(WechatRefused, match="WeChat Pay answers ORDER_NOT_EXIST: 订单不存在") as refused:
        await client(portal, 404, '{"code":"ORDER_NOT_EXIST","message":"订单不存在"}'.encode()).get("/v3/x")
    assert refused.value.code == "ORDER_NOT_EXIST"
    with pytest.raises(WechatRefused, match="SIGN_ERROR"):
        await client(portal, 401, b'{"code":"SIGN_ERROR"}', over=b"").get("/v3/x")


async def test_what_is_not_believed(portal: Portal) -> None:
    with pytest.raises(Unavailable, match="is not believed: the signature is not that of"):
        await client(portal, 200, b"{}", over=b"{ }").get("/v3/x")
    with pytest.raises(Unavailable, match="is not JSON"):
        await client(portal, 200, b"<html>").get("/v3/x")


async def test_agreements_stay_where_they_are(portal: Portal) -> None:
    status = await portal.service.sign_agreement(ZHANG, None)
    assert status.agreement is not None
    await portal.service.charge(ZHANG, Money(5900))
    assert (await portal.is_open(), (await portal.service.status(ZHANG)).shown_due) == (True, Money(0))
    assert (await portal.service.revoke_agreement(ZHANG)).agreement is None
    assert await portal.provider.books.newest_trades(1) == []
