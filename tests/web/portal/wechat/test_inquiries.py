"""What the portal learns of an order by asking WeChat Pay."""

from dataclasses import replace

import pytest

from nfemu.model.errors import Unavailable
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.web.portal.wechat.provider import WechatProvider
from nfemu.web.portal.wechat.transaction import receipt_of
from nfemu.wechat.faults import Fault
from nfemu.wechat.refunds import WantedRefund
from nfemu.wechat.trade import TradeState
from tests.fakes.world import ZHANG
from tests.web.portal.wechat.portal import DUE, Portal
from tests.web.wechat.provider import MCHID


@pytest.fixture
def asking(portal: Portal) -> WechatProvider:
    provider = portal.world.provider
    assert isinstance(provider, WechatProvider)
    return provider


async def test_a_lost_notification_is_made_up_for(portal: Portal, asking: WechatProvider) -> None:
    await portal.service.charge(ZHANG, Money(5900))
    await portal.provider.desk.arm(Fault.parse("lost"), MCHID)
    payment = await portal.ordered()
    assert await asking.find_order(payment) is None
    await portal.paid(payment)
    await portal.service.inquire(payment.no)
    assert (await portal.booked(), await portal.is_open()) == ([DUE], True)


async def test_an_order_is_closed_there_unless_it_is_paid(portal: Portal, asking: WechatProvider) -> None:
    unpaid, paid = await portal.ordered(), await portal.ordered()
    await portal.paid(paid)
    for _ in range(2):
        assert await asking.close_order(unpaid) is None
    assert (await portal.provider.desk.trade(MCHID, unpaid.no)).state is TradeState.CLOSED
    receipt = await asking.close_order(paid)
    assert receipt is not None
    assert receipt.amount == DUE


async def test_one_that_never_came_there(portal: Portal, asking: WechatProvider) -> None:
    payment = replace(await portal.ordered(), no=PaymentNo("pay-of-nobody"))
    assert await asking.find_order(payment) is None
    assert await asking.close_order(payment) is None


async def test_what_was_refunded_since_was_paid(portal: Portal, asking: WechatProvider) -> None:
    payment = await portal.ordered()
    await portal.paid(payment)
    trade = await portal.provider.desk.trade(MCHID, payment.no)
    await portal.provider.desk.refund(trade, WantedRefund("R1", DUE.minor, DUE.minor, "CNY", "digest"))
    receipt = await asking.find_order(payment)
    assert receipt is not None
    assert receipt.amount == DUE


async def test_what_cannot_be_read_is_not_believed(portal: Portal) -> None:
    for answer in ({"trade_state": "SUCCESS"}, {"trade_state": "REFUND", "mchid": "1900000110"}):
        with pytest.raises(Unavailable, match="is not believed"):
            receipt_of(portal.account, answer)
