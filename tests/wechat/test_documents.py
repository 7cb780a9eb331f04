"""What is written of trades, refunds, notifications, links and numbers."""

import json
from dataclasses import replace

import pytest

from nfemu.model.errors import NotFound
from nfemu.wechat import h5_link, numbers
from nfemu.wechat.documents import (
    deviating,
    encoded,
    moment,
    notice_document,
    refund_document,
    refund_event,
    trade_document,
)
from nfemu.wechat.errors import CODES, Refused, wrong_field
from nfemu.wechat.faults import Deviation
from nfemu.wechat.notification import Event
from nfemu.wechat.refunds import TAKES, begin
from nfemu.wechat.trade import TradeState
from tests.wechat.making import ALL_OF_IT, NOW, PAID, TRADE
from tests.wechat.test_notification import TOLD

KEY = b"k" * 32


def test_times_are_the_providers() -> None:
    assert moment(NOW) == "2026-11-01T16:00:00+08:00"


@pytest.mark.parametrize("state", list(TradeState))
def test_every_state_is_described(state: TradeState) -> None:
    document = trade_document(replace(TRADE, state=state))
    assert (document["trade_state"], "transaction_id" in document, document["payer"]) == (state.value, False, {})
    assert document["trade_state_desc"]


def test_a_paid_trade() -> None:
    document = json.loads(encoded(trade_document(PAID)))
    assert (document["trade_type"], document["success_time"], document["payer"], document["amount"]["payer_total"]) == (
        "MWEB", "2026-11-01T16:00:00+08:00", {"openid": "o1"}, 5000)  # fmt: skip


def test_a_refund_has_a_time_once_it_has_arrived() -> None:
    trade, refund = begin(PAID, ALL_OF_IT, 0, "50300", NOW)
    before, after = refund_document(refund, trade, NOW), refund_document(refund, trade, NOW + TAKES)
    assert (before["status"], "success_time" in before) == ("PROCESSING", False)
    assert (after["status"], after["success_time"]) == ("SUCCESS", "2026-11-01T16:00:10+08:00")
    assert refund_event(refund, trade)["refund_status"] == "SUCCESS"


def test_what_is_wrong_by_order_is_wrong_in_one_thing() -> None:
    genuine = trade_document(PAID)
    for deviation, field in (
        (Deviation.AMOUNT, "amount"),
        (Deviation.MERCHANT, "mchid"),
        (Deviation.ORDER, "out_trade_no"),
    ):
        wrong = deviating(genuine, PAID, deviation)
        assert {name for name in genuine if wrong[name] != genuine[name]} == {field}
    for deviation in (Deviation.NONE, Deviation.SIGNATURE, Deviation.PROBE, Deviation.TIMESTAMP):
        assert deviating(genuine, PAID, deviation) == genuine
    assert deviating(genuine, replace(PAID, mchid="1900000110"), Deviation.MERCHANT)["mchid"] == "1900000111"


def test_a_notification() -> None:
    document = notice_document(TOLD, "transaction", "支付成功", {"nonce": "n"})
    assert (document["event_type"], document["resource"]) == (
        Event.PAID.value, {"original_type": "transaction", "nonce": "n"})  # fmt: skip


def test_numbers_are_the_same_for_ever_and_the_providers_alone() -> None:
    made = {
        "transaction": numbers.transaction_id(KEY, "m", "o"),
        "refund": numbers.refund_id(KEY, "m", "o"),
        "prepay": numbers.prepay_id(KEY, "m", "o", NOW),
        "notification": numbers.notification_id(KEY, "e", "m", "o"),
        "openid": numbers.openid(KEY, "wx1", "payer"),
    }
    assert {name: len(text) for name, text in made.items()} == {
        "transaction": 28, "refund": 29, "prepay": 36, "notification": 23, "openid": 28}  # fmt: skip
    assert made["transaction"] == numbers.transaction_id(KEY, "m", "o") != numbers.transaction_id(KEY[1:], "m", "o")


def test_a_payment_link_is_as_the_provider_wrote_it() -> None:
    url = h5_link.url(KEY, "wx1", NOW)
    head, _, package = url.partition("&package=")
    assert head == "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx1"
    assert h5_link.written_at(KEY, "wx1", package) == NOW
    for prepay, text in (
        ("wx2", package),
        ("wx1", "1" + package[1:] + "0"),
        ("wx1", package[:10]),
        ("wx1", "x"),
        ("wx1", ""),
    ):
        with pytest.raises(NotFound):
            h5_link.written_at(KEY, prepay, text)


def test_refusals_are_the_documented_ones() -> None:
    for code, documented in CODES.items():
        refused = Refused(code)
        assert (refused.status, refused.body()) == (documented.status, {"code": code, "message": documented.message})
    assert wrong_field("/amount/total", "too small").body()["detail"] == {
        "location": "body", "field": "/amount/total", "issue": "too small"}  # fmt: skip
    assert wrong_field("mchid", "missing", "x", "query").body()["detail"] == {
        "location": "query", "field": "mchid", "issue": "missing", "value": "x"}  # fmt: skip
    with pytest.raises(KeyError):
        Refused("MADE_UP")
