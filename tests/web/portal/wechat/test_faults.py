"""Every fault against the portal: the money is booked exactly once, and service restored when and only when it came."""

from datetime import timedelta

import pytest

from nfemu.model.money import Money
from nfemu.web.portal.wechat.client import WechatRefused
from nfemu.wechat.faults import Deviation, Fault, FaultKind
from tests.fakes.world import ZHANG
from tests.web.portal.wechat.portal import DUE, Portal
from tests.web.wechat.provider import MCHID

_NEVER = (FaultKind.LOST,)
_REFUSED = {
    Deviation.NONE: (200,),
    Deviation.SIGNATURE: (401,),
    Deviation.PROBE: (401,),
    Deviation.TIMESTAMP: (401,),
    Deviation.AMOUNT: (409,),
    Deviation.MERCHANT: (422,),
    Deviation.ORDER: (404,),
}


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind is not FaultKind.SLOW])
async def test_one_effect_whatever_goes_wrong(portal: Portal, kind: FaultKind) -> None:
    await portal.service.charge(ZHANG, Money(5900))
    await portal.provider.desk.arm(Fault.parse(kind.value), MCHID)
    if kind is FaultKind.ERROR:
        with pytest.raises(WechatRefused, match="SYSTEM_ERROR"):
            await portal.ordered()
    payment = await portal.ordered()
    assert (await portal.booked(), await portal.is_open()) == ([], False)
    await portal.paid(payment)
    restored = bool(await portal.booked())
    assert await portal.is_open() is restored
    await portal.provider.advance(timedelta(days=3))
    expected = [] if kind in _NEVER else [DUE]
    assert (await portal.booked(), await portal.is_open()) == (expected, bool(expected))
    for deviation, status in await portal.statuses(payment):
        assert status in _REFUSED[deviation], deviation


async def test_a_second_payment_of_one_order_is_impossible(portal: Portal) -> None:
    await portal.service.charge(ZHANG, Money(5900))
    payment = await portal.ordered()
    assert await portal.paid(payment)
    (told,) = await portal.provider.books.notifications(MCHID, payment.no)
    for _ in range(3):
        assert await portal.provider.desk.outbox.resend(told.id)
    assert await portal.booked() == [DUE]
