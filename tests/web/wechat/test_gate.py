"""Who is let in: whoever signed this very request, just now. Every octet counts."""

import json
from contextlib import nullcontext
from datetime import timedelta

import pytest

from nfemu.web.wechat.gate import Gate
from nfemu.web.wechat.refusals import Refusals
from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.errors import Refused
from nfemu.wechat.signing import answer_message, is_signed
from tests.web.wechat.asking import H5_ORDER, ORDER_H5, Asked, asked
from tests.web.wechat.provider import Provider, wall


async def refusal(provider: Provider, request: Asked) -> tuple[int, str]:
    answer = await request.to(provider)
    assert answer.status >= 400
    return answer.status, json.loads(answer.body)["code"]


async def test_every_changed_octet_of_the_signed_header_is_refused(provider: Provider) -> None:
    genuine = asked(provider, "POST", ORDER_H5, H5_ORDER)
    header = genuine.headers["authorization"]
    for at in range(len(header)):
        changed = header[:at] + ("A" if header[at] != "A" else "B") + header[at + 1 :]
        genuine.headers["authorization"] = changed
        assert (await genuine.to(provider)).status in (400, 401), at
    assert await provider.store.wechat.newest_trades(10) == []
    genuine.headers["authorization"] = header
    assert (await genuine.to(provider)).status == 200


async def test_every_changed_octet_of_the_body_is_refused(provider: Provider) -> None:
    genuine = asked(provider, "POST", ORDER_H5, H5_ORDER)
    body = genuine.body
    for at in range(len(body)):
        genuine.body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert await refusal(provider, genuine) == (401, "SIGN_ERROR"), at
    genuine.body = body
    for method, target in (
        ("POST", f"{ORDER_H5}?"),
        ("POST", f"{ORDER_H5}?a=1"),
        ("POST", "/v3/pay/transactions/jsapi"),
    ):
        moved = Asked(method, target, body, genuine.headers)
        if target != f"{ORDER_H5}?":  # an empty query is none: servers do not tell them apart
            assert await refusal(provider, moved) == (401, "SIGN_ERROR")
    assert (await genuine.to(provider)).status == 200


@pytest.mark.parametrize(("seconds", "is_fresh"), [(-290, True), (290, True), (-310, False), (310, False)])
async def test_a_request_counts_for_five_minutes(provider: Provider, seconds: int, is_fresh: bool) -> None:
    began = wall()
    now = [began]
    gate = Gate(provider.merchants, lambda: now[0], Refusals(lambda _: False))
    signed_at = began + timedelta(hours=1)
    request = asked(provider, "POST", ORDER_H5, H5_ORDER, timestamp=int(signed_at.timestamp()))
    now[0] = signed_at - timedelta(seconds=seconds)
    with nullcontext() if is_fresh else pytest.raises(Refused, match="5分钟"):
        gate.admit(SignedRequest(request.method, request.target, request.headers, request.body))


async def test_what_was_signed_before_the_provider_started_may_have_been_used(provider: Provider) -> None:
    """A kill empties the memory of nonces; what went through before it does not go through again."""
    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    assert (await request.to(provider)).status == 200
    restarted = Gate(provider.merchants, lambda: wall() + timedelta(seconds=1), Refusals(lambda _: False))
    with pytest.raises(Refused, match="nonce_str已被使用"):
        restarted.admit(SignedRequest(request.method, request.target, request.headers, request.body))


async def test_a_request_counts_once(provider: Provider) -> None:
    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    assert (await request.to(provider)).status == 200
    answer = await request.to(provider)
    assert json.loads(answer.body)["detail"]["field"] == "nonce_str"


async def test_what_a_wrong_signature_is_told(provider: Provider) -> None:
    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    request.body += b" "
    detail = json.loads((await request.to(provider)).body)["detail"]
    shown = detail["sign_information"]
    assert (detail["location"], detail["issue"], shown["method"], shown["url"]) == (
        "authorization", "sign not match", "POST", ORDER_H5)  # fmt: skip
    assert shown["truncated_sign_message"].startswith(f"POST\n{ORDER_H5}\n")
    assert shown["truncated_sign_message"].endswith('\n{"appid"')
    request = asked(provider, "GET", "/v3/certificates")
    request.headers["authorization"] = request.headers["authorization"].replace('timestamp="1', 'timestamp="01')
    shown = json.loads((await request.to(provider)).body)["detail"]["sign_information"]
    assert (len(shown["truncated_sign_message"]), shown["truncated_sign_message"][-2:]) == (
        shown["sign_message_length"], "\n\n")  # fmt: skip


@pytest.mark.parametrize(
    ("header", "value"),
    [("user-agent", ""), ("accept", "text/html"), ("content-type", "text/plain"), ("wechatpay-serial", "PUB_KEY_ID_0")],
)
async def test_the_rest_of_the_head(provider: Provider, header: str, value: str) -> None:
    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    request.headers[header] = value
    assert await refusal(provider, request) == (400, "PARAM_ERROR")


async def test_answers_are_signed_by_the_key_that_was_asked_for(provider: Provider) -> None:
    platform = provider.merchants.platform
    for wanted, key in (
        ("", platform.bare),
        (platform.bare.serial, platform.bare),
        (platform.certified.serial, platform.certified),
    ):
        request = asked(provider, "GET", "/v3/pay/transactions/id/1?mchid=1900000109")
        request.headers["wechatpay-serial"] = wanted
        answer = await request.to(provider)
        named = {name: answer.headers[f"wechatpay-{name}"] for name in ("serial", "timestamp", "nonce", "signature")}
        assert (answer.status, named["serial"]) == (404, key.serial)
        message = answer_message(named["timestamp"], named["nonce"], answer.body)
        assert is_signed(key.private.public_key(), message, named["signature"])
