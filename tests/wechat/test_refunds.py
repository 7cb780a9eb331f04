"""Refunds: whole, in parts, never more than was paid."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.wechat.errors import Refused
from nfemu.wechat.refunds import KEPT_FOR, MOST, TAKES, RefundStatus, begin, check_repeat
from nfemu.wechat.trade import TradeState
from tests.wechat.making import ALL_OF_IT, NOW, PAID, TRADE


def test_all_of_it_in_parts() -> None:
    part = replace(ALL_OF_IT, amount=2000)
    trade, refund = begin(PAID, part, 0, "50300", NOW)
    assert (trade.state, trade.refunded, refund.amount, refund.transaction_id) == (
        TradeState.REFUND, 2000, 2000, "4200000001")  # fmt: skip
    trade, _ = begin(trade, replace(part, amount=3000), 1, "50301", NOW)
    assert trade.refunded == 5000
    with pytest.raises(Refused, match="大于订单可退金额"):
        begin(trade, replace(part, amount=1), 2, "50302", NOW)


def test_it_arrives_by_its_time() -> None:
    _, refund = begin(PAID, ALL_OF_IT, 0, "50300", NOW)
    assert refund.status(NOW) is RefundStatus.PROCESSING
    assert refund.status(NOW + TAKES) is RefundStatus.SUCCESS


def test_what_is_refused() -> None:
    year = NOW + KEPT_FOR + timedelta(seconds=1)
    for trade, wanted, parts, now in (
        (TRADE, ALL_OF_IT, 0, NOW),
        (PAID, replace(ALL_OF_IT, total=4999), 0, NOW),
        (PAID, replace(ALL_OF_IT, currency="USD"), 0, NOW),
        (PAID, replace(ALL_OF_IT, amount=5001), 0, NOW),
        (PAID, ALL_OF_IT, MOST, NOW),
        (PAID, ALL_OF_IT, 0, year),
    ):
        with pytest.raises(Refused) as refused:
            begin(trade, wanted, parts, "50300", now)
        assert refused.value.code == "INVALID_REQUEST"


def test_the_same_wish_again() -> None:
    _, refund = begin(PAID, ALL_OF_IT, 0, "50300", NOW)
    check_repeat(refund, ALL_OF_IT)
    with pytest.raises(Refused):
        check_repeat(refund, replace(ALL_OF_IT, digest="another"))
