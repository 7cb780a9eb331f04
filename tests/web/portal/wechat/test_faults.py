"""Every fault against the portal: the money is booked exactly once, and service restored when and only when it came."""

from datetime import timedelta

import pytest

from nfemu.model.money import Money
from nfemu.web.portal.wechat.client import WechatRefused
from nfemu.web.portal.wechat.reconciling import Reconciler
from nfemu.wechat.faults import Deviation, Fault, FaultKind
from tests.fakes.world import START, ZHANG
from tests.web.portal.wechat.portal import DUE, Portal
from tests.web.wechat.provider import MCHID

_REFUSED = {
    Deviation.NONE: (200,),
    Deviation.SIGNATURE: (401,),
    Deviation.PROBE: (401,),
    Deviation.TIMESTAMP: (401,),
    Deviation.AMOUNT: (409,),
    Deviation.MERCHANT: (422,),
    Deviation.ORDER: (404,),
}


_GIVEN_BACK = (FaultKind.REFUND,)
"""The provider itself gives the money back, so it is due again."""
_AT_ONCE = {FaultKind.SLOW: "slow:0"}


@pytest.mark.parametrize("kind", list(FaultKind))
async def test_one_effect_whatever_goes_wrong(portal: Portal, kind: FaultKind) -> None:
    await portal.service.charge(ZHANG, Money(5900))
    await portal.provider.desk.arm(Fault.parse(_AT_ONCE.get(kind, kind.value)), MCHID)
    payment = await portal.ordered()
    assert (await portal.booked(), await portal.is_open()) == ([], False)
    await portal.paid(payment)
    assert await portal.booked() or not await portal.is_open()
    await portal.advance(timedelta(days=3))
    expected = [DUE, -DUE] if kind in _GIVEN_BACK else [DUE]
    assert (await portal.booked(), await portal.is_open()) == (expected, kind not in _GIVEN_BACK)
    for deviation, status in await portal.statuses(payment):
        assert status in _REFUSED[deviation], deviation
    reconciled = await Reconciler(portal.service, portal.client).run(START.date())
    assert (reconciled.by_bill, reconciled.comparison.matches) == (True, len(expected))
    assert reconciled.comparison.differences == ()


async def test_a_debt_that_was_paid_twice_is_given_back(portal: Portal) -> None:
    await portal.service.charge(ZHANG, Money(5900))
    first, second = await portal.ordered(), await portal.ordered()
    for payment in (first, second):
        await portal.paid(payment)
    await portal.given_back()
    assert (await portal.booked(), await portal.is_open()) == ([DUE, DUE, -DUE], True)
    (refund,) = await portal.provider.books.refunds(MCHID, second.no)
    await portal.advance(timedelta(days=3))
    assert await portal.booked() == [DUE, DUE, -DUE], "told of it once more, by a notification"
    told = await portal.statuses(second)
    assert (refund.amount, told) == (DUE.minor, [(Deviation.NONE, 200)] * 2)
    reconciled = await Reconciler(portal.service, portal.client).run(START.date())
    assert (reconciled.comparison.matches, reconciled.comparison.differences) == (3, ())


async def test_a_refund_that_the_provider_refuses(portal: Portal) -> None:
    """It has given the money back by itself already."""
    await portal.service.charge(ZHANG, Money(5900))
    first, second = await portal.ordered(), await portal.ordered()
    await portal.paid(first)
    await portal.provider.desk.arm(Fault.parse("refund-during-settle"), MCHID, second.no)
    await portal.paid(second)
    await portal.given_back()
    await portal.advance(timedelta(days=1))
    assert sum(each.minor for each in await portal.booked()) == DUE.minor
    assert await portal.is_open()


async def test_an_order_that_is_refused_for_good_is_given_up(portal: Portal) -> None:
    await portal.provider.desk.arm(Fault.parse("error:NO_AUTH"), MCHID)
    with pytest.raises(WechatRefused, match="NO_AUTH"):
        await portal.ordered()
    assert await portal.world.store.open_payments() == []


async def test_a_second_payment_of_one_order_is_impossible(portal: Portal) -> None:
    await portal.service.charge(ZHANG, Money(5900))
    payment = await portal.ordered()
    assert await portal.paid(payment)
    (told,) = await portal.provider.books.notifications(MCHID, payment.no)
    for _ in range(3):
        assert await portal.provider.desk.outbox.resend(told.id)
    assert await portal.booked() == [DUE]
