"""A carrier on fakes whose portal is a merchant of the real emulated WeChat Pay."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from nfemu.model.money import Money
from nfemu.model.orders import Payment
from nfemu.model.subscriber import OrderedProfile
from nfemu.runtime.service import CarrierService
from nfemu.web.portal.wechat.account import MerchantAccount
from nfemu.web.portal.wechat.client import WechatClient
from nfemu.web.portal.wechat.provider import NAME
from nfemu.web.portal.wechat.receiver import WechatReceiver
from nfemu.wechat.faults import Deviation
from tests.fakes.world import ZHANG, World
from tests.web.wechat.provider import MCHID, Provider

DUE = Money(2900)


@dataclass(slots=True)
class Portal:
    """What tests ask of it."""

    provider: Provider
    world: World
    service: CarrierService
    receiver: WechatReceiver
    account: MerchantAccount
    client: Callable[[], Awaitable[WechatClient]]

    async def ordered(self) -> Payment:
        payment, page = await self.service.order_payment(ZHANG, DUE, "https://portal.carrier.example/result", "zh")
        assert page.startswith("https://wx.tenpay.com/")
        assert page.endswith(f"&redirect_url=https%3A%2F%2Fportal.carrier.example%2Fresult%3Fpayment%3D{payment.no}")
        return payment

    async def advance(self, by: timedelta) -> None:
        """Business time, which is one for the carrier and the provider, second by second where anything falls due."""
        until = self.provider.now + by
        while self.provider.now < until:
            step = min(until, *(at for at, _ in self.provider.duties if at > self.provider.now), until)
            await self.service.set_clock(step)
            await self.provider.advance(step - self.provider.now)

    async def paid(self, payment: Payment) -> bool:
        return await self.provider.desk.pay(await self.provider.desk.trade(MCHID, payment.no), "o1")

    async def booked(self) -> list[Money]:
        """What the ledger has from here, oldest first; what has gone back is negative."""
        entries = await self.service.ledger(ZHANG)
        return [each.amount for each in reversed(entries) if NAME in str(each.trade_no)]

    async def given_back(self) -> None:
        """Returns when nothing is to be given back any more."""
        came = asyncio.Event()
        self.world.happened = came.set
        while await self.world.store.refunds_wanted():
            await came.wait()
            came.clear()

    async def is_open(self) -> bool:
        return (await self.service.status(ZHANG)).line.subscription.ordered is OrderedProfile.OPEN

    async def statuses(self, payment: Payment) -> list[tuple[Deviation, int]]:
        told = await self.provider.books.notifications(MCHID, payment.no)
        attempts = [each for one in told for each in await self.provider.books.attempts(one.id)]
        return [(each.deviation, each.status) for each in attempts]
