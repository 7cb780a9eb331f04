"""What the portal believes of WeChat Pay, and what it answers to everything else."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nfemu.model.money import Money
from nfemu.web.portal.expected import Expected
from nfemu.web.portal.wechat.receiver import WechatReceiver
from nfemu.web.wechat.envelope import Signed, signed
from nfemu.wechat.resource import seal
from tests.fakes.world import ZHANG
from tests.web.portal.wechat.portal import DUE, Portal
from tests.web.wechat.provider import APPID, MCHID, wall


def notice(portal: Portal, transaction: Mapping[str, Any], event: str = "TRANSACTION.SUCCESS") -> Signed:
    """Rightly signed and sealed, whatever it says."""
    resource = seal(portal.account.api_v3_key, json.dumps(transaction).encode(), "transaction", secrets.token_hex(6))
    body = json.dumps({"id": "EV-1", "event_type": event, "resource": resource}).encode()
    return signed(portal.provider.merchants.platform.bare, body, wall())


async def answered(portal: Portal, told: Signed) -> tuple[int, str]:
    answer = await portal.receiver.notify(told.body, {name.lower(): value for name, value in told.headers.items()})
    return answer.status, answer.code


async def transaction(portal: Portal) -> dict[str, Any]:
    """Of an order that waits for its payer."""
    await portal.service.charge(ZHANG, Money(5900))
    return {
        "mchid": MCHID,
        "appid": APPID,
        "out_trade_no": (await portal.ordered()).no,
        "transaction_id": "4200000001",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-01T16:00:00+08:00",
        "amount": {"total": DUE.minor, "currency": "CNY"},
    }


async def test_every_changed_octet_is_refused(portal: Portal) -> None:
    told = notice(portal, await transaction(portal))
    for name, value in told.headers.items():
        for at in range(0, len(value), 7):
            changed = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
            assert await answered(portal, Signed(told.body, {**told.headers, name: changed})) == (401, "SIGN_ERROR")
    for at in range(0, len(told.body), 11):
        changed_body = told.body[:at] + bytes([told.body[at] ^ 1]) + told.body[at + 1 :]
        assert await answered(portal, Signed(changed_body, told.headers)) == (401, "SIGN_ERROR")
    assert await portal.booked() == []
    assert await answered(portal, told) == (200, "SUCCESS")
    assert await answered(portal, told) == (409, "REPLAY")
    assert await portal.booked() == [DUE]


async def test_what_was_told_before_a_kill_is_not_told_again_after_it(portal: Portal) -> None:
    told = notice(portal, await transaction(portal))
    assert await answered(portal, told) == (200, "SUCCESS")

    def later() -> datetime:
        return wall() + timedelta(seconds=1)

    portal.receiver = WechatReceiver(portal.service, lambda: portal.account, Expected(), later)
    assert await answered(portal, told) == (409, "REPLAY")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"mchid": "1900000110"}, (422, "INVALIDINPUT")),
        ({"appid": "wx2"}, (422, "INVALIDINPUT")),
        ({"out_trade_no": "pay-of-nobody"}, (404, "NOTFOUND")),
        ({"amount": {"total": 2901, "currency": "CNY"}}, (409, "CONFLICT")),
        ({"amount": {"total": 2900, "currency": "USD"}}, (422, "INVALIDINPUT")),
        ({"amount": {"total": 2900.0, "currency": "CNY"}}, (422, "PARAM_ERROR")),
        ({"trade_state": "CLOSED"}, (422, "PARAM_ERROR")),
        ({"success_time": "2026-11-01T16:00:00"}, (422, "PARAM_ERROR")),
    ],
)
async def test_what_is_not_ours_or_not_right(
    portal: Portal, changed: dict[str, Any], expected: tuple[int, str]
) -> None:
    told = notice(portal, {**await transaction(portal), **changed})
    assert await answered(portal, told) == expected
    assert (await portal.booked(), await portal.is_open()) == ([], False)


async def test_what_is_sealed_with_another_key(portal: Portal) -> None:
    other = replace(portal, account=replace(portal.account, api_v3_key=b"x" * 32))
    assert await answered(portal, notice(other, await transaction(portal))) == (422, "INVALIDINPUT")


async def test_other_events_change_nothing(portal: Portal) -> None:
    assert await answered(portal, notice(portal, {}, "TRANSACTION.FAIL")) == (200, "SUCCESS")


async def test_a_refund_is_believed_about_our_payments_alone(portal: Portal) -> None:
    number = (await transaction(portal))["out_trade_no"]
    refund = {"mchid": MCHID, "out_trade_no": number, "refund_id": "50000001", "refund_status": "SUCCESS"}
    refund |= {"amount": {"total": DUE.minor, "refund": DUE.minor}}
    for changed, expected in (
        ({"mchid": "1900000110"}, (422, "INVALIDINPUT")),
        ({"refund_status": "ABNORMAL"}, (422, "PARAM_ERROR")),
        ({}, (404, "NOTFOUND")),
    ):
        assert await answered(portal, notice(portal, {**refund, **changed}, "REFUND.SUCCESS")) == expected
    await portal.paid(await portal.service.payment(number))
    for _ in range(2):
        assert await answered(portal, notice(portal, refund, "REFUND.SUCCESS")) == (200, "SUCCESS")
    assert await portal.booked() == [DUE, -DUE]


async def test_who_never_ordered_believes_nothing(portal: Portal) -> None:
    receiver = WechatReceiver(portal.service, lambda: None, Expected(), wall)
    told = notice(portal, {})
    assert (await receiver.notify(told.body, told.headers)).status == 401
