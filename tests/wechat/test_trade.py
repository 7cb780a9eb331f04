"""A trade's states: the whole matrix, what expires, what is ordered again."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from nfemu.wechat.errors import Refused
from nfemu.wechat.trade import (
    TRANSITIONS,
    TradeInput,
    TradeState,
    advance,
    order_again,
    pay,
    standing,
)
from tests.wechat.making import NOW, PAID, TRADE

UNPAID = (TradeState.NOTPAY, TradeState.USERPAYING, TradeState.PAYERROR)
LATER = TRADE.expires_at


@pytest.mark.parametrize(("state", "event"), list(product(TradeState, TradeInput)))
def test_the_whole_matrix(state: TradeState, event: TradeInput) -> None:
    trade, expected = replace(TRADE, state=state), TRANSITIONS.get((state, event))
    if expected is None:
        with pytest.raises(Refused):
            advance(trade, event, NOW)
    else:
        assert advance(trade, event, NOW) == replace(trade, state=expected)


def test_money_that_was_paid_is_never_forgotten() -> None:
    after = {target for (state, _), target in TRANSITIONS.items() if state in (TradeState.SUCCESS, TradeState.REFUND)}
    assert after == {TradeState.REFUND}
    assert {state for (state, event) in TRANSITIONS if event is TradeInput.PAY} == set(UNPAID)


@pytest.mark.parametrize("state", list(TradeState))
def test_what_is_not_paid_expires_by_its_time(state: TradeState) -> None:
    trade = replace(TRADE, state=state)
    assert standing(trade, LATER - timedelta(microseconds=1)) == trade
    assert standing(trade, LATER).state is (TradeState.CLOSED if state in UNPAID else state)


@pytest.mark.parametrize(
    ("state", "event", "code"),
    [
        (TradeState.SUCCESS, TradeInput.PAY, "ORDERPAID"),
        (TradeState.REFUND, TradeInput.CLOSE, "ORDERPAID"),
        (TradeState.CLOSED, TradeInput.PAY, "ORDER_CLOSED"),
        (TradeState.NOTPAY, TradeInput.REFUND, "INVALID_REQUEST"),
    ],
)
def test_what_is_said_of_the_impossible(state: TradeState, event: TradeInput, code: str) -> None:
    with pytest.raises(Refused) as refused:
        advance(replace(TRADE, state=state), event, NOW)
    assert refused.value.code == code


def test_a_payment() -> None:
    assert pay(TRADE, NOW, "4200000001", "o1") == PAID
    assert pay(replace(TRADE, openid="o2"), NOW, "4200000001", "o1").openid == "o2"
    assert (TRADE.is_paid, PAID.is_paid, replace(PAID, state=TradeState.REFUND).is_paid) == (False, True, True)
    with pytest.raises(Refused, match="该订单已关闭"):
        pay(TRADE, LATER, "4200000001", "o1")


def test_the_same_order_again_is_the_same_trade() -> None:
    assert order_again(TRADE, "digest", NOW) == TRADE
    for trade, digest, now, code in (
        (TRADE, "another", NOW, "INVALID_REQUEST"),
        (PAID, "digest", NOW, "ORDERPAID"),
        (TRADE, "digest", LATER, "ORDER_CLOSED"),
    ):
        with pytest.raises(Refused) as refused:
            order_again(trade, digest, now)
        assert refused.value.code == code
