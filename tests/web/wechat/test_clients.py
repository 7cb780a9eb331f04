"""The independent client `wechatpayv3` (PyPI) against the emulated provider, in both ways to check signatures."""

import json
from datetime import timedelta

import pytest
from wechatpayv3 import WeChatPayType

from tests.web.wechat.provider import BY_CERTIFICATE, H5, MCHID, Provider, flipped

NUMBER = H5["out_trade_no"]


async def paid(provider: Provider, mchid: str = MCHID) -> bool:
    return await provider.desk.pay(await provider.desk.trade(mchid, NUMBER), "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")


@pytest.mark.parametrize("mchid", [MCHID, BY_CERTIFICATE])
async def test_an_h5_order_is_paid_notified_refunded(provider: Provider, mchid: str) -> None:
    client = provider.client(mchid)
    status, answer = await client("pay", **H5)
    assert status == 200, answer
    assert json.loads(answer)["h5_url"].startswith("https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx")
    status, answer = await client("query", out_trade_no=NUMBER)
    assert (status, json.loads(answer)["trade_state"]) == (200, "NOTPAY")

    assert await paid(provider, mchid)
    (told,) = provider.server.told
    assert told.url == "https://merchant.example/notify"
    heard = await client("callback", headers=told.headers, body=told.body.decode())
    transaction = heard["resource"]
    assert (heard["event_type"], transaction["out_trade_no"], transaction["amount"]["total"]) == (
        "TRANSACTION.SUCCESS", NUMBER, 5000)  # fmt: skip
    status, answer = await client("query", transaction_id=transaction["transaction_id"])
    assert (status, json.loads(answer)["trade_state"]) == (200, "SUCCESS")

    asked = {"out_refund_no": "refund-1", "amount": {"refund": 2000, "total": 5000, "currency": "CNY"}}
    refunding = {**asked, "out_trade_no": NUMBER, "notify_url": "https://merchant.example/refunded"}
    status, answer = await client("refund", **refunding)
    assert (status, json.loads(answer)["status"]) == (200, "PROCESSING")
    assert await provider.advance(timedelta(seconds=10)) == [f"notification of order {NUMBER}: attempt 1 accepted"]
    status, answer = await client("query_refund", out_refund_no="refund-1")
    assert (status, json.loads(answer)["status"]) == (200, "SUCCESS")
    told = provider.server.told[-1]
    heard = await client("callback", headers=told.headers, body=told.body.decode())
    assert (told.url, heard["event_type"], heard["resource"]["amount"]["refund"]) == (
        "https://merchant.example/refunded", "REFUND.SUCCESS", 2000)  # fmt: skip
    status, answer = await client("query", out_trade_no=NUMBER)
    assert (status, json.loads(answer)["trade_state"]) == (200, "REFUND")


async def test_a_jsapi_order_is_closed(provider: Provider) -> None:
    client = provider.client(kind=WeChatPayType.JSAPI)
    order = {**H5, "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}
    status, answer = await client("pay", **order)
    assert (status, len(json.loads(answer)["prepay_id"])) == (200, 36)
    assert await client("close", out_trade_no=NUMBER) == (204, b"")
    status, answer = await client("query", out_trade_no=NUMBER)
    assert (status, json.loads(answer)["trade_state"]) == (200, "CLOSED")


async def test_one_changed_octet_of_a_notification_is_noticed(provider: Provider) -> None:
    """By the client as it is, so what goes out is what it expects; a replay it takes, which we must not."""
    client = provider.client()
    await client("pay", **H5)
    await paid(provider)
    (told,) = provider.server.told
    for name in ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature"):
        headers = {**told.headers, name: flipped(told.headers[name], 5)}
        assert await client("callback", headers=headers, body=told.body.decode()) is None, name
    assert await client("callback", headers=told.headers, body=told.body.decode() + " ") is None
