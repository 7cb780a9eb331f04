"""Paying by an H5 order's link: every end that it can have, and who is turned away."""

import re
from datetime import timedelta

import pytest

from nfemu.web.wechat.payer.site import PIN
from nfemu.wechat import h5_link
from nfemu.wechat.h5_entry import Reason
from nfemu.wechat.trade import TradeState
from tests.web.wechat.asking import H5_ORDER, paid, said
from tests.web.wechat.payer.phone import BACK, SHOP, Phone
from tests.web.wechat.provider import MCHID, Provider

ORDER_NO = H5_ORDER["out_trade_no"]


@pytest.fixture
def phone(provider: Provider) -> Phone:
    return Phone(provider)


async def state(phone: Phone) -> TradeState:
    return (await phone.provider.desk.trade(MCHID, ORDER_NO)).state


async def test_paid_by_password(phone: Phone) -> None:
    shown = await phone.open(await phone.order(), SHOP)
    assert (phone.status, phone.place[:5]) == (200, "/pay/")
    assert [each in shown for each in ("¥50.00", "示例移动", "话费充值", ORDER_NO)] == [True] * 4
    assert await state(phone) is TradeState.NOTPAY
    assert PIN in await phone.press("verify")
    assert await state(phone) is TradeState.USERPAYING
    assert "支付密码错误" in await phone.press("confirm", by="password", password="000000", method="balance")
    assert (phone.status, await state(phone)) == (422, TradeState.USERPAYING)
    assert "支付成功" in await phone.press("confirm", by="password", password=PIN, method="balance")
    assert BACK in phone.links()
    assert await state(phone) is TradeState.SUCCESS
    assert len(phone.provider.server.told) == 1
    assert phone.lines.told == [("10.45.0.2", "Payment successful: you paid ¥50.00 to 示例移动.")]
    assert re.fullmatch(r"o[A-Za-z0-9_-]{27}", (await phone.provider.desk.trade(MCHID, ORDER_NO)).openid)
    inside = phone.place.partition("?")[0]
    for again in (inside, f"{inside}/verify", await _link(phone)):
        assert "支付成功" in await phone.open(again, SHOP)
    for action in ("confirm", "verify", "cancel"):
        assert "支付成功" in await phone.post(f"{inside}/{action}", password=PIN)
    assert len(phone.provider.server.told) == 1


async def _link(phone: Phone) -> str:
    """Another one to the same order, whatever became of it."""
    desk = phone.provider.desk
    url = h5_link.url(desk.key, (await desk.trade(MCHID, ORDER_NO)).prepay_id, desk.now())
    return url.removeprefix(f"https://{h5_link.HOST}")


async def test_too_little_money_then_a_fingerprint(phone: Phone) -> None:
    await phone.open(await phone.order(), SHOP)
    await phone.press("verify")
    assert "余额不足" in await phone.press("confirm", by="password", password=PIN, method="empty-card")
    assert (phone.status, await state(phone)) == (422, TradeState.PAYERROR)
    assert "支付成功" in await phone.press("confirm", by="fingerprint", password="", method="balance")
    assert await state(phone) is TradeState.SUCCESS


async def test_given_up_and_taken_up_again(phone: Phone) -> None:
    await phone.open(await phone.order(), SHOP)
    await phone.press("verify")
    assert "已取消支付" in await phone.press("cancel")
    assert (await state(phone), BACK in phone.links()) == (TradeState.NOTPAY, True)
    (again,) = [each for each in phone.links() if each.endswith("?lang=zh")]
    assert "待支付" in await phone.open(again)


async def test_without_a_page_to_return_to(phone: Phone) -> None:
    await phone.open(await phone.order(back=None), SHOP)
    await phone.press("verify")
    await phone.press("confirm", by="fingerprint")
    assert phone.links() == [f"{phone.place.partition('?')[0]}?lang=en"]


async def test_what_cannot_be_paid_any_more(phone: Phone) -> None:
    link = await phone.order()
    await phone.provider.desk.close(MCHID, ORDER_NO)
    assert "订单已关闭" in await phone.open(link, SHOP)
    until = (phone.provider.now + timedelta(minutes=2)).isoformat()
    short = await phone.order(out_trade_no="R20261101000002", time_expire=until)
    await phone.provider.advance(timedelta(minutes=3))
    assert "订单已过期" in await phone.open(short, SHOP)


async def test_a_refunded_order_says_so(phone: Phone) -> None:
    link = await phone.order()
    await paid(phone.provider)
    refund = {
        "out_trade_no": ORDER_NO,
        "out_refund_no": "refund-1",
        "amount": {"refund": 5000, "total": 5000, "currency": "CNY"},
    }
    assert (await said(phone.provider, "POST", "/v3/refund/domestic/refunds", refund))[0] == 200
    assert "已退款" in await phone.open(link, SHOP)


async def test_a_link_is_good_for_five_minutes_and_a_visit_for_as_long_as_the_order(phone: Phone) -> None:
    link = await phone.order()
    await phone.open(link, SHOP)
    inside = phone.place
    await phone.provider.advance(timedelta(minutes=5, seconds=1))
    assert Reason.STALE.value in await phone.open(link, SHOP)
    assert phone.status == 403
    assert "待支付" in await phone.open(inside)
    assert "待支付" in await phone.open(await phone.order(), SHOP)


@pytest.mark.parametrize(
    ("referer", "address", "back", "reason", "why"),
    [
        (None, "10.45.0.2", BACK, Reason.NO_REFERER, "no Referer"),
        ("https://evil.example/", "10.45.0.2", BACK, Reason.OTHER_DOMAIN, "evil.example"),
        (SHOP, "10.45.0.9", BACK, Reason.OTHER_ADDRESS, "payer_client_ip is 10.45.0.2"),
        (SHOP, "2001:db8::1", BACK, Reason.OTHER_ADDRESS, "comes from 2001:db8::1"),
        (SHOP, "10.45.0.2", "https://evil.example/", Reason.FOREIGN_RETURN, "redirect_url leads to evil.example"),
    ],
)
async def test_turned_away(
    phone: Phone, referer: str | None, address: str, back: str, reason: Reason, why: str
) -> None:
    link = await phone.order(back=back)
    phone.address = address
    assert reason.value in await phone.open(link, referer)
    assert phone.status == 403
    phone.headers["accept-language"] = "en"
    assert why in await phone.open(link, referer)
    assert reason.value in phone.text
    assert await state(phone) is TradeState.NOTPAY


async def test_another_phone_does_not_get_in_by_the_visit_s_address(phone: Phone) -> None:
    await phone.open(await phone.order(), SHOP)
    thief = Phone(phone.provider, "10.45.0.9")
    for target in (phone.place, f"{phone.place}/verify"):
        assert Reason.OTHER_ADDRESS.value in await thief.open(target)
    for action in ("verify", "confirm", "cancel"):
        assert Reason.OTHER_ADDRESS.value in await thief.post(f"{phone.place}/{action}", password=PIN)
    assert await state(phone) is TradeState.NOTPAY


async def test_addresses_that_the_provider_did_not_write(phone: Phone) -> None:
    link = await phone.order()
    await phone.open(link, SHOP)
    inside = phone.place
    for forged in (
        link.replace("package=1", "package=2"),
        link.replace("package=", "package=x"),
        link.replace("prepay_id=wx", "prepay_id=wy"),
        inside[:-1],
        inside.replace("/pay/", "/pay/e"),
        "/pay/nobody",
        "/cgi-bin/mmpayweb-bin/checkmweb",
        "/",
    ):
        assert "找不到该订单" in await phone.open(forged, SHOP), forged
        assert phone.status == 404


async def test_over_plain_http_or_from_nowhere_there_is_nothing(phone: Phone) -> None:
    link = await phone.order()
    for scheme, address in (("http", "10.45.0.2"), ("https", None)):
        elsewhere = Phone(phone.provider, address, scheme)
        await elsewhere.open(link, SHOP)
        assert elsewhere.status == 404


async def test_nothing_changes_by_a_link_or_by_another_site_s_form(phone: Phone) -> None:
    await phone.open(await phone.order(), SHOP)
    inside = phone.place
    for action in ("confirm", "cancel"):
        await phone.open(f"{inside}/{action}")
        assert phone.status == 405
    await phone.open(f"{inside}/verify")
    assert await state(phone) is TradeState.NOTPAY
    phone.headers["sec-fetch-site"] = "cross-site"
    for action in ("verify", "confirm", "cancel"):
        assert "提交的内容无法识别" in await phone.post(f"{inside}/{action}", password=PIN)
    assert await state(phone) is TradeState.NOTPAY


async def test_pages_are_protected_and_escaped(phone: Phone) -> None:
    answer = await phone.once("GET", "/pay/nobody", {})
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    link = await phone.order(
        description="<script>alert(1)</script>", back='https://merchant.example/"><script>alert(1)</script>'
    )
    shown = await phone.open(link, SHOP)
    shown += await phone.press("verify")
    shown += await phone.press("confirm", by="fingerprint")
    assert "<script" not in shown
    assert 'https://merchant.example/"><script>alert(1)</script>' in phone.links()


async def test_whoever_guesses_is_not_heard(phone: Phone) -> None:
    await phone.open(await phone.order(), SHOP)
    place = phone.place
    for guess in range(12):
        await phone.post(f"{place}/confirm", password=f"{guess:06}")
        assert phone.status == 422
    assert "错误次数过多" in await phone.post(f"{place}/confirm", password=PIN)
    assert (phone.status, await state(phone)) == (429, TradeState.NOTPAY)
