"""The API's operations and refusals, as a merchant meets them."""

import gzip
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from nfemu.model.errors import NotFound
from nfemu.wechat import h5_link
from nfemu.wechat.errors import Refused
from nfemu.wechat.trade import TradeState
from tests.web.wechat.asking import H5_ORDER, ORDER_H5, asked, ordered, paid, said
from tests.web.wechat.provider import BY_CERTIFICATE, KEY, MCHID, Provider

NUMBER = H5_ORDER["out_trade_no"]
QUERY = f"/v3/pay/transactions/out-trade-no/{NUMBER}"
REFUNDS = "/v3/refund/domestic/refunds"
REFUND: dict[str, Any] = {
    "out_trade_no": NUMBER,
    "out_refund_no": "refund-1",
    "amount": {"refund": 1000, "total": 5000, "currency": "CNY"},
}


async def code(provider: Provider, method: str, target: str, document: Any = None) -> tuple[int, str]:
    status, answer = await said(provider, method, target, document)
    return status, answer.get("code", "")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"appid": "wx2"}, (400, "APPID_MCHID_NOT_MATCH")),
        ({"mchid": "1900000110"}, (400, "INVALID_REQUEST")),
        ({"description": "话" * 43}, (400, "PARAM_ERROR")),
        ({"out_trade_no": "short"}, (400, "PARAM_ERROR")),
        ({"out_trade_no": "with blank"}, (400, "PARAM_ERROR")),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, (400, "PARAM_ERROR")),
        ({"time_expire": "2027-01-01T00:00:00"}, (400, "PARAM_ERROR")),
        ({"attach": "a" * 129}, (400, "PARAM_ERROR")),
        ({"notify_url": "http://merchant.example/notify"}, (400, "PARAM_ERROR")),
        ({"notify_url": "https://merchant.example/notify?a=1"}, (400, "PARAM_ERROR")),
        ({"amount": {"total": 0}}, (400, "PARAM_ERROR")),
        ({"amount": {"total": "5000"}}, (400, "PARAM_ERROR")),
        ({"amount": {"total": 5000, "currency": "USD"}}, (400, "PARAM_ERROR")),
        ({"scene_info": {"payer_client_ip": "10.45.0.2"}}, (400, "PARAM_ERROR")),
        ({"scene_info": {"payer_client_ip": "10.45.0", "h5_info": {"type": "Wap"}}}, (400, "PARAM_ERROR")),
        ({"description": "话" * 42, "attach": "a" * 128}, (200, "")),
        ({"notify_url": "http://127.0.0.1:9000/notify", "time_expire": "2027-01-01T00:00:00+08:00"}, (200, "")),
        ({"detail": {"cost_price": 1}, "goods_tag": "WXG"}, (200, "")),
    ],
)
async def test_what_an_order_must_be(provider: Provider, changed: dict[str, Any], expected: tuple[int, str]) -> None:
    assert await code(provider, "POST", ORDER_H5, {**H5_ORDER, **changed}) == expected


async def test_a_wrong_field_is_named(provider: Provider) -> None:
    _, answer = await said(provider, "POST", ORDER_H5, {**H5_ORDER, "amount": {"total": -1}})
    assert answer["message"] == "参数错误"
    assert {name: answer["detail"][name] for name in ("location", "field", "value")} == {
        "location": "body", "field": "/amount/total", "value": -1}  # fmt: skip


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"mchid":"1","mchid":"1"}', b"\xff"])
async def test_what_is_no_order_at_all(provider: Provider, body: bytes) -> None:
    from nfemu.web.wechat.keys import read_key
    from nfemu.wechat.authorization import Authorization
    from nfemu.wechat.signing import request_message, sign

    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    signed = Authorization.parse(request.headers["authorization"])
    message = request_message("POST", ORDER_H5, signed.timestamp, signed.nonce, body)
    key = read_key(provider.merchant().private_key_file)
    again = Authorization(signed.mchid, signed.serial, signed.timestamp, signed.nonce, sign(key, message))
    request.body, request.headers["authorization"] = body, again.header()
    answer = await request.to(provider)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "PARAM_ERROR")


async def test_the_same_order_again(provider: Provider) -> None:
    _, first = await said(provider, "POST", ORDER_H5, H5_ORDER)
    provider.now += timedelta(seconds=30)
    turned = dict(reversed(H5_ORDER.items()))
    _, second = await said(provider, "POST", ORDER_H5, turned)
    prepay, package = second["h5_url"].partition("prepay_id=")[2].split("&package=")
    assert first["h5_url"] != second["h5_url"]
    assert first["h5_url"].partition("&package")[0] == second["h5_url"].partition("&package")[0]
    assert h5_link.written_at(KEY, prepay, package) == provider.now
    assert await code(provider, "POST", ORDER_H5, {**H5_ORDER, "attach": "x"}) == (400, "INVALID_REQUEST")
    jsapi = {**H5_ORDER, "payer": {"openid": "o1"}}
    assert await code(provider, "POST", "/v3/pay/transactions/jsapi", jsapi) == (400, "INVALID_REQUEST")
    await paid(provider)
    assert await code(provider, "POST", ORDER_H5, H5_ORDER) == (400, "ORDERPAID")


async def test_orders_are_of_their_merchant(provider: Provider) -> None:
    assert await code(provider, "GET", f"{QUERY}?mchid={MCHID}") == (404, "ORDER_NOT_EXIST")
    assert await code(provider, "GET", QUERY) == (400, "PARAM_ERROR")
    assert await code(provider, "GET", f"{QUERY}?mchid={BY_CERTIFICATE}") == (400, "INVALID_REQUEST")
    assert await code(provider, "GET", f"/v3/pay/transactions/id/420?mchid={MCHID}") == (404, "ORDER_NOT_EXIST")
    assert await code(provider, "GET", "/v3/pay/nothing") == (404, "RESOURCE_NOT_EXISTS")
    assert await code(provider, "GET", ORDER_H5) == (404, "RESOURCE_NOT_EXISTS")


async def test_an_order_expires_on_the_business_clock(provider: Provider) -> None:
    expiry = (provider.now + timedelta(minutes=15)).isoformat()
    await said(provider, "POST", ORDER_H5, {**H5_ORDER, "time_expire": expiry})
    provider.now += timedelta(minutes=15)
    _, answer = await said(provider, "GET", f"{QUERY}?mchid={MCHID}")
    assert answer["trade_state"] == "CLOSED"
    assert await code(provider, "POST", ORDER_H5, {**H5_ORDER, "time_expire": expiry}) == (400, "PARAM_ERROR")


async def test_closing(provider: Provider) -> None:
    await ordered(provider)
    for _ in range(2):
        assert (await asked(provider, "POST", f"{QUERY}/close", {"mchid": MCHID}).to(provider)).status == 204
    assert await code(provider, "POST", ORDER_H5, H5_ORDER) == (400, "ORDER_CLOSED")
    await ordered(provider, "R20261101000002")
    await paid(provider, "R20261101000002")
    close = "/v3/pay/transactions/out-trade-no/R20261101000002/close"
    assert await code(provider, "POST", close, {"mchid": MCHID}) == (400, "ORDERPAID")
    assert await code(provider, "POST", f"{QUERY[:-1]}9/close", {"mchid": MCHID}) == (404, "ORDER_NOT_EXIST")


async def test_what_a_payment_page_does(provider: Provider) -> None:
    """The seam for the page behind `h5_url`: the order by its link, the payer's verification, and what comes of it."""
    await ordered(provider)
    desk = provider.desk
    trade = await desk.prepared((await desk.trade(MCHID, NUMBER)).prepay_id)
    assert (await desk.verify(trade)).state is TradeState.USERPAYING
    assert (await desk.give_up(trade)).state is TradeState.NOTPAY
    await desk.verify(trade)
    assert (await desk.fail(trade)).state is TradeState.PAYERROR
    assert await desk.pay(trade)
    with pytest.raises(Refused, match="该订单已支付"):
        await desk.verify(trade)
    with pytest.raises(NotFound, match="no such order; order again at the merchant"):
        await desk.prepared("wx1")


async def test_refunds(provider: Provider) -> None:
    assert await code(provider, "POST", REFUNDS, REFUND) == (404, "RESOURCE_NOT_EXISTS")
    await ordered(provider)
    assert await code(provider, "POST", REFUNDS, REFUND) == (400, "INVALID_REQUEST")
    await paid(provider)
    _, answer = await said(provider, "POST", REFUNDS, REFUND)
    assert (answer["status"], answer["amount"]["refund"]) == ("PROCESSING", 1000)
    assert await said(provider, "POST", REFUNDS, REFUND) == (200, answer)
    more = {**REFUND, "amount": {**REFUND["amount"], "refund": 2000}}
    assert await code(provider, "POST", REFUNDS, more) == (400, "INVALID_REQUEST")
    too_much = {**REFUND, "out_refund_no": "refund-2", "amount": {"refund": 4001, "total": 5000, "currency": "CNY"}}
    assert await code(provider, "POST", REFUNDS, too_much) == (400, "INVALID_REQUEST")
    too_much["amount"]["refund"] = 5001
    assert await code(provider, "POST", REFUNDS, too_much) == (400, "INVALID_REQUEST")
    rest = {**REFUND, "out_refund_no": "refund-2", "transaction_id": answer["transaction_id"]}
    del rest["out_trade_no"]
    assert (await said(provider, "POST", REFUNDS, rest))[0] == 200
    del rest["transaction_id"]
    assert await code(provider, "POST", REFUNDS, rest) == (400, "PARAM_ERROR")
    assert await code(provider, "GET", f"{REFUNDS}/refund-1") == (200, "")
    assert await code(provider, "GET", f"{REFUNDS}/refund-9") == (404, "RESOURCE_NOT_EXISTS")
    assert len(await provider.store.wechat.refunds(MCHID, NUMBER)) == 2


async def test_certificates_are_for_those_who_check_by_them(provider: Provider) -> None:
    assert await code(provider, "GET", "/v3/certificates") == (404, "RESOURCE_NOT_EXISTS")


async def test_the_bill_of_a_day(provider: Provider) -> None:
    day = "/v3/bill/tradebill?bill_date=2026-11-01"
    await ordered(provider)
    await paid(provider)
    await said(provider, "POST", REFUNDS, REFUND)
    assert await code(provider, "GET", day) == (400, "STATEMENT_CREATING")
    provider.now += timedelta(days=1)
    client, text = provider.client(), b""
    for packed in ("", "&tar_type=GZIP"):
        status, answer = await said(provider, "GET", f"{day}{packed}")
        target = answer["download_url"].removeprefix("https://api.mch.weixin.qq.com")
        file = await asked(provider, "GET", target).to(provider)
        text = gzip.decompress(file.body) if packed else file.body
        assert (status, file.status, hashlib.sha1(text).hexdigest()) == (200, 200, answer["hash_value"])
        assert text.decode().splitlines()[-1] == "`2,`50.00,`10.00,`0.00,`0.00000,`50.00,`10.00"
        assert await code(provider, "GET", target[:-1]) == (400, "PARAM_ERROR")
    status, offered = await client("trade_bill", bill_date="2026-11-01")
    status, file_of_client = await client("download_bill", url=json.loads(offered)["download_url"])
    assert (status, gzip.decompress(file_of_client)) == (200, text)
    for query in ("bill_date=x", "bill_date=2026-11-01&bill_type=X", "bill_date=2026-11-01&tar_type=ZIP"):
        assert await code(provider, "GET", f"/v3/bill/tradebill?{query}") == (400, "PARAM_ERROR")
    assert await code(provider, "GET", "/v3/bill/tradebill?bill_date=2026-10-30") == (400, "NO_STATEMENT_EXIST")
