"""Merchants of the emulated WeChat Pay on a running carrier: one that is unchanged but for a proxy and an authority,
and nfemu's own portal. Business time is a test clock's."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wechatpayv3 import WeChatPayType

from nfemu.client import StateFolder
from nfemu.client.wechat import Merchant
from nfemu.web.wechat.keys import read_key
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.signing import request_message, sign
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess
from tests.journeys.merchant import APPID, Shop, client_of, shop_of
from tests.journeys.payments import Burst, assert_nothing_differs

pytestmark = pytest.mark.once

MCHID = "1900000109"
_ORDER: dict[str, Any] = {
    "description": "话费充值",
    "amount": {"total": 5000, "currency": "CNY"},
    "scene_info": {"payer_client_ip": "10.45.0.2", "h5_info": {"type": "Wap"}},
}


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    process = CarrierProcess(
        StateFolder(tmp_path_factory.mktemp("carrier") / "state"),
        environment={"NFEMU_SET": "carrier.portal.payments=wechat carrier.access=proxy"},
    )
    process.up("--clock", "test")
    yield process
    process.down()


@pytest.fixture(scope="module")
def merchant(carrier: CarrierProcess) -> Merchant:
    done = carrier.nfemu("pay", "merchant", "add", MCHID, "--appid", APPID, "--domain", "shop.example", "--json")
    assert done.status == 0, done.errors
    return Merchant.of(json.loads(done.text))


@pytest.fixture
def shop(carrier: CarrierProcess, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Its client asks api.mch.weixin.qq.com itself, by a line's proxy, and trusts the emulator's authority."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", carrier.running.ca)
    with shop_of(client_of(merchant, f"http://{OTHER}:x@{carrier.running.http_proxy}")) as made:
        yield made


def ordered(shop: Shop, number: str, **changed: object) -> str:
    """Where its payer pays."""
    status, answer = shop.client.pay(**{**_ORDER, **changed}, out_trade_no=number, notify_url=shop.url)
    assert status == 200, answer
    page = str(json.loads(answer)["h5_url"])
    assert page.startswith("https://wx.tenpay.com/")
    return page


def state_of(shop: Shop, number: str) -> str:
    _, answer = shop.client.query(out_trade_no=number)
    return str(json.loads(answer)["trade_state"])


def payer(carrier: CarrierProcess, number: str) -> str:
    done = carrier.nfemu("pay", "payer", number, "--merchant", MCHID)
    assert done.status == 0, done.errors
    return done.text.strip()


def test_an_unchanged_integration_is_paid(carrier: CarrierProcess, shop: Shop) -> None:
    ordered(shop, "R2026-1")
    assert state_of(shop, "R2026-1") == "NOTPAY"
    assert payer(carrier, "R2026-1") == "order R2026-1: SUCCESS, the merchant has accepted"
    assert (state_of(shop, "R2026-1"), list(shop.booked.values())) == ("SUCCESS", [5000])


def test_a_payer_pays_on_a_phone_and_the_provider_writes_to_it(carrier: CarrierProcess, shop: Shop) -> None:
    """G13, for whatever merchant; that the phone is a line's is the carrier's knowledge."""
    with carrier.client() as client:
        session = client.subscriber(OTHER).session
    assert session is not None
    scene = {"payer_client_ip": session.ue_ipv4, "h5_info": {"type": "Wap"}}
    page = ordered(shop, "R2026-H5", scene_info=scene)
    assert "Referer" in carrier.curl(OTHER, "-L", page).text
    shown = carrier.curl(OTHER, "-L", "-e", "https://shop.example/", page).text
    inside = re.search(r'action="(/pay/[^"]+)/verify', shown)
    assert inside is not None, shown
    confirm = f"https://wx.tenpay.com{inside[1]}/confirm"
    assert "支付成功" in carrier.curl(OTHER, "-L", "-d", "by=fingerprint", confirm).text
    assert (state_of(shop, "R2026-H5"), list(shop.booked.values())) == ("SUCCESS", [5000])
    with carrier.client() as client:
        (told,) = [each for each in client.inbox(OTHER) if each.sender == "WeChat Pay"]
    assert (told.channel, told.text) == ("wechat", f"Payment successful: you paid ¥50.00 to {MCHID}.")


def test_what_nobody_has_heard_outlives_a_kill(carrier: CarrierProcess, shop: Shop) -> None:
    ordered(shop, "R2026-2")
    shop.answers = [500]
    assert payer(carrier, "R2026-2") == "order R2026-2: SUCCESS, the merchant has not accepted (yet)"
    carrier.kill()
    carrier.up("--clock", "test")
    assert shop.booked == {}
    moved = carrier.nfemu("clock", "advance", "15s").text
    assert "notification of order R2026-2: attempt 2 accepted" in moved
    assert list(shop.booked.values()) == [5000]


def test_a_fault_is_armed_and_overcome(carrier: CarrierProcess, shop: Shop) -> None:
    assert carrier.nfemu("pay", "fault", "arm", "wrong-signature", "--merchant", MCHID).status == 0
    ordered(shop, "R2026-3")
    assert "not accepted" in payer(carrier, "R2026-3")
    assert (shop.heard.get(timeout=5), shop.booked) == (None, {})
    assert "attempt 2 accepted" in carrier.nfemu("clock", "advance", "15s").text
    shown = carrier.nfemu("pay", "show", "R2026-3", "--merchant", MCHID).text
    assert [line.split()[3:5] for line in shown.splitlines()[-2:]] == [["wrong", "signature"], ["genuine", "204"]]


def test_the_portal_is_a_merchant_too(carrier: CarrierProcess) -> None:
    carrier.nfemu("charge", NUMBER, "59")
    assert carrier.nfemu("pay", NUMBER, "59").text == "¥59.00 paid; service is restored: profile internet is in force\n"
    with carrier.client() as client:
        (order,) = [each for each in client.wechat.orders() if each.mchid != MCHID]
        (entry,) = [each for each in client.ledger(NUMBER).entries if each.trade_no and "WeChat" in each.trade_no]
    assert entry.trade_no == f"WeChat Pay/{order.transaction_id}"


def test_a_payer_who_cannot_pay_and_gives_up(carrier: CarrierProcess, shop: Shop) -> None:
    ordered(shop, "R2026-4")
    for outcome, state in (("failed", "PAYERROR"), ("given-up", "PAYERROR"), ("paid", "SUCCESS")):
        done = carrier.nfemu("pay", "payer", "R2026-4", "--merchant", MCHID, "--outcome", outcome)
        assert done.text.startswith(f"order R2026-4: {state}"), done.errors
    again = carrier.nfemu("pay", "payer", "R2026-4", "--merchant", MCHID)
    assert (again.status, again.errors) == (1, "nfemu: 该订单已支付\n")


def test_what_is_shown_and_done_from_behind(carrier: CarrierProcess, merchant: Merchant, shop: Shop) -> None:
    ordered(shop, "R2026-5")
    shop.answers = [500]
    payer(carrier, "R2026-5")
    with carrier.client() as client:
        (told,) = client.wechat.order(MCHID, "R2026-5").notifications
        assert client.wechat.merchants()[-1] == merchant
    assert carrier.nfemu("pay", "resend", told.id).text == f"notification {told.id}: accepted\n"
    listed = carrier.nfemu("pay", "orders", "--limit", "1").text.splitlines()
    assert listed[1].split()[:5] == [MCHID, "R2026-5", "MWEB", "5000", "SUCCESS"]
    assert f"merchant               {MCHID}, {MCHID}" in carrier.nfemu("pay", "merchant", "list").text


def test_a_jsapi_order_is_closed_and_an_h5_order_refunded(carrier: CarrierProcess, shop: Shop) -> None:
    order = {each: _ORDER[each] for each in ("description", "amount")}
    openid = {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
    status, answer = shop.client.pay(
        **order, out_trade_no="R2026-6", notify_url=shop.url, payer=openid, pay_type=WeChatPayType.JSAPI
    )
    assert (status, len(json.loads(answer)["prepay_id"])) == (200, 36)
    assert shop.client.close(out_trade_no="R2026-6")[0] == 204
    assert state_of(shop, "R2026-6") == "CLOSED"
    ordered(shop, "R2026-7")
    payer(carrier, "R2026-7")
    assert shop.heard.get(timeout=5)["event_type"] == "TRANSACTION.SUCCESS"
    amount = {"refund": 2000, "total": 5000, "currency": "CNY"}
    status, answer = shop.client.refund(
        out_refund_no="refund-7", out_trade_no="R2026-7", amount=amount, notify_url=shop.url
    )
    assert (status, json.loads(answer)["status"]) == (200, "PROCESSING")
    assert "order R2026-7: attempt 1 accepted" in carrier.nfemu("clock", "advance", "10s").text
    told = shop.heard.get(timeout=5)
    assert (told["event_type"], told["resource"]["amount"]["refund"]) == ("REFUND.SUCCESS", 2000)
    assert json.loads(shop.client.query_refund(out_refund_no="refund-7")[1])["status"] == "SUCCESS"
    assert state_of(shop, "R2026-7") == "REFUND"


def test_why_a_signature_was_refused(carrier: CarrierProcess, merchant: Merchant, tmp_path: Path) -> None:
    """A merchant that leaves out the line feed after an empty body, over a real socket."""
    assert merchant.private_key_file is not None
    timestamp = str(int(time.time()))
    signed = request_message("GET", "/v3/certificates", timestamp, "N-1", b"")[:-1]
    signature = sign(read_key(Path(merchant.private_key_file)), signed)
    header = Authorization(MCHID, merchant.serial, timestamp, "N-1", signature).header()
    url = f"http://{carrier.running.api}/v3/certificates"
    asked = subprocess.run(
        ["curl", "-sv", "-H", f"Authorization: {header}", url], capture_output=True, check=True, timeout=30
    )
    assert json.loads(asked.stdout)["code"] == "SIGN_ERROR"
    shown = carrier.nfemu("pay", "debug").text
    assert "WRONG  signature" in shown
    assert "the line feed after the body is missing" in shown
    assert f"--- was signed\nGET↵\n/v3/certificates↵\n{timestamp}↵\nN-1↵\n\nthe first" in shown
    assert shown.endswith(f"the first difference is at octet {len(signed)}\n")
    (listed,) = json.loads(carrier.nfemu("pay", "debug", "--list", "--merchant", MCHID, "--json").text)[:1]
    assert f"{listed['id']}  " in carrier.nfemu("pay", "debug", "--list").text.splitlines()[1]
    (tmp_path / "asked").write_bytes(asked.stderr)
    (tmp_path / "signed").write_bytes(signed + b"x")
    (tmp_path / "large").write_bytes(b"x" * 10_000_000)
    files = {name: str(tmp_path / name) for name in ("asked", "signed", "large")}
    shown = carrier.nfemu("pay", "debug", "--request", files["asked"], "--signed", files["signed"]).text
    assert "The signature is not of the string that you gave." in shown
    assert json.loads(carrier.nfemu("pay", "debug", listed["id"], "--json").text)["mistakes"] == ["no-last-line-feed"]
    assert "/login?token=" in carrier.nfemu("pay", "debug", "--open").text
    for arguments, status in (
        (("--request", files["large"]), 2),
        (("--request", files["signed"]), 2),
        (("0",), 1),
        (("--body", files["signed"]), 2),
        ((listed["id"], "--request", files["asked"]), 2),
    ):
        assert carrier.nfemu("pay", "debug", *arguments).status == status, arguments


def test_what_is_wrong(carrier: CarrierProcess, merchant: Merchant) -> None:
    for arguments, status, said in (
        (("show", "R2026-9", "--merchant", MCHID), 1, f"merchant `{MCHID}` has no order `R2026-9`; "),
        (("fault", "arm", "never"), 2, "`never` is not a fault; there are duplicate, "),
        (("merchant", "add", MCHID, "--appid", APPID), 1, f"there is a merchant `{MCHID}` already; "),
        (("merchant", "add", "1", "--appid", APPID), 2, "`1` is not a merchant number: "),
        (("resend", "EV-0"), 1, "there is no notification `EV-0`; "),
    ):
        done = carrier.nfemu("pay", *arguments)
        assert (done.status, done.errors.startswith(f"nfemu: {said}")) == (status, True), done.errors


def test_payments_at_once_with_faults_and_a_kill_leave_no_difference(carrier: CarrierProcess) -> None:
    """What it is with a thousand is in test_payments_at_once."""
    Burst(carrier, (NUMBER, OTHER), 30).run(seed=3)
    assert_nothing_differs(carrier, 2)
