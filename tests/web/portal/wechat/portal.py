"""A carrier on fakes whose portal is a merchant of the real emulated WeChat Pay."""

from dataclasses import dataclass

from nfemu.model.account import EntryKind
from nfemu.model.money import Money
from nfemu.model.orders import Payment
from nfemu.model.subscriber import OrderedProfile
from nfemu.runtime.service import CarrierService
from nfemu.web.portal.wechat.account import MerchantAccount
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

    async def ordered(self) -> Payment:
        payment, page = await self.service.order_payment(ZHANG, DUE, "https://portal.carrier.example/result", "zh")
        assert page.startswith("https://wx.tenpay.com/")
        assert page.endswith(f"&redirect_url=https%3A%2F%2Fportal.carrier.example%2Fresult%3Fpayment%3D{payment.no}")
        return payment

    async def paid(self, payment: Payment) -> bool:
        return await self.provider.desk.pay(await self.provider.desk.trade(MCHID, payment.no), "o1")

    async def booked(self) -> list[Money]:
        """What the ledger has from here."""
        card = await self.world.store.subscriber(ZHANG)
        assert card is not None
        entries = await self.world.store.ledger(card.account)
        ours = [each for each in entries if each.kind is EntryKind.PAYMENT and str(each.trade_no).startswith(NAME)]
        return [each.amount for each in ours]

    async def is_open(self) -> bool:
        return (await self.service.status(ZHANG)).line.subscription.ordered is OrderedProfile.OPEN

    async def statuses(self, payment: Payment) -> list[tuple[Deviation, int]]:
        told = await self.provider.books.notifications(MCHID, payment.no)
        attempts = [each for one in told for each in await self.provider.books.attempts(one.id)]
        return [(each.deviation, each.status) for each in attempts]
