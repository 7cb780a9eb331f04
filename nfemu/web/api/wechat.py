"""`/api/v1/pay`: the emulated WeChat Pay from behind: its merchants, its payers, and faults to try merchants out."""

from datetime import datetime

from fastapi import APIRouter

from nfemu.web.api.backend import ApiBackend, ApiConfig
from nfemu.web.api.document import declare, refusals
from nfemu.web.api.models import Done
from nfemu.web.api.wechat_models import (
    ArmedOut,
    ArmIn,
    AttemptOut,
    FaultsOut,
    MerchantIn,
    MerchantOut,
    MerchantsOut,
    NotificationOut,
    PaidOut,
    PayIn,
    ResentOut,
    TradeDetailOut,
    TradeOut,
    TradesOut,
)
from nfemu.web.wechat.acting import Outcome, act, found
from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.merchants import Merchant, NewMerchant, VerifiedBy
from nfemu.wechat.faults import MAGIC, Fault
from nfemu.wechat.notification import Notification
from nfemu.wechat.trade import Trade, standing


class WechatRoutes:
    def __init__(self, config: ApiConfig, backend: ApiBackend) -> None:
        self._config = config
        self._backend = backend

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/pay", tags=["pay"], responses=refusals(404)),
            ("GET", "/merchants", self._merchants, "listMerchants"),
            ("POST", "/merchants", self._add_merchant, "addMerchant"),
            ("GET", "/orders", self._trades, "listPayOrders"),
            ("GET", "/orders/{mchid}/{out_trade_no}", self._trade, "getPayOrder"),
            ("POST", "/orders/{mchid}/{out_trade_no}/payer", self._pay, "actAsPayer"),
            ("POST", "/notifications/{notification}/resend", self._resend, "resendNotification"),
            ("GET", "/faults", self._faults, "listPayFaults"),
            ("POST", "/faults", self._arm, "armPayFault"),
            ("DELETE", "/faults", self._disarm, "disarmPayFaults"),
        )

    @property
    def _desk(self) -> Desk:
        return self._backend.wechat()

    async def _merchants(self) -> MerchantsOut:
        """The provider's merchants, and where their keys are."""
        return MerchantsOut(merchants=[self._merchant(each) for each in self._backend.merchants.all()])

    async def _add_merchant(self, new: MerchantIn) -> MerchantOut:
        """A new merchant, with keys of its own or the emulator's."""
        return self._merchant(
            await self._backend.merchants.add(
                NewMerchant(
                    new.mchid,
                    tuple(new.appids),
                    new.name,
                    tuple(new.domains),
                    VerifiedBy(new.verified_by),
                    new.certificate,
                    new.api_v3_key,
                )
            )
        )

    async def _trades(self, limit: int = 100) -> TradesOut:
        """The newest orders of all merchants."""
        return TradesOut(orders=[self._order(each) for each in await self._desk.books.newest_trades(limit)])

    async def _trade(self, mchid: str, out_trade_no: str) -> TradeDetailOut:
        """One order, with every attempt to notify the merchant of it."""
        trade = await found(self._desk, mchid, out_trade_no)
        told = await self._desk.books.notifications(mchid, out_trade_no)
        return TradeDetailOut(order=self._order(trade), notifications=[await self._told(each) for each in told])

    async def _pay(self, mchid: str, out_trade_no: str, what: PayIn) -> PaidOut:
        """Be the payer of an order; answers when the merchant has been told, or has taken too long."""
        trade = await found(self._desk, mchid, out_trade_no)
        accepted = await act(self._desk, trade, Outcome(what.outcome), what.openid)
        return PaidOut(order=self._order(await found(self._desk, mchid, out_trade_no)), accepted=accepted)

    async def _resend(self, notification: str) -> ResentOut:
        """Tell the merchant once more, now."""
        return ResentOut(accepted=await self._desk.outbox.resend(notification))

    async def _faults(self) -> FaultsOut:
        """What is armed, and what can be had by the amount alone."""
        armed = [
            ArmedOut(fault=str(each.fault), mchid=each.mchid, out_trade_no=each.out_trade_no, left=each.left)
            for each in self._desk.arming.all()
        ]
        return FaultsOut(armed=armed, amounts={kind.value: total for total, kind in MAGIC.items()})

    async def _arm(self, wanted: ArmIn) -> FaultsOut:
        """A fault for one order, or for the next ones."""
        await self._desk.arm(Fault.parse(wanted.fault), wanted.mchid, wanted.out_trade_no, wanted.next)
        return await self._faults()

    async def _disarm(self) -> Done:
        """No fault waits for an order any more; orders that have one keep it."""
        count = await self._desk.arming.disarm()
        return Done(done=[f"{count} armed {'fault is' if count == 1 else 'faults are'} forgotten"])

    async def _told(self, notification: Notification) -> NotificationOut:
        return NotificationOut(
            id=notification.id,
            event=notification.event.value,
            url=notification.url,
            out_refund_no=notification.out_refund_no or None,
            accepted=notification.accepted,
            due_at=self._moment(notification.due_at),
            attempts=[
                AttemptOut(
                    number=each.number,
                    at=self._local(each.at),
                    wall=self._local(each.wall),
                    deviation=each.deviation.value,
                    status=each.status,
                    answer=each.answer,
                )
                for each in await self._desk.books.attempts(notification.id)
            ],
        )

    def _order(self, trade: Trade) -> TradeOut:
        trade = standing(trade, self._desk.now())
        return TradeOut(
            mchid=trade.mchid,
            out_trade_no=trade.out_trade_no,
            kind=trade.kind.value,
            description=trade.description,
            total=trade.total,
            currency=trade.currency,
            state=trade.state.value,
            prepay_id=trade.prepay_id,
            transaction_id=trade.transaction_id,
            created_at=self._local(trade.created_at),
            expires_at=self._local(trade.expires_at),
            paid_at=self._moment(trade.paid_at),
            refunded=trade.refunded,
            fault=None if trade.fault is None else str(trade.fault),
        )

    def _merchant(self, merchant: Merchant) -> MerchantOut:
        key_file = merchant.private_key_file
        platform = self._backend.merchants.platform
        return MerchantOut(
            mchid=merchant.mchid,
            name=merchant.name,
            appids=list(merchant.appids),
            domains=list(merchant.domains),
            verified_by=merchant.verified_by.value,
            serial=merchant.serial,
            certificate_file=str(merchant.folder / "apiclient_cert.pem"),
            private_key_file=str(key_file) if key_file.exists() else None,
            api_v3_key_file=str(merchant.folder / "api_v3.key"),
            public_key_file=str(platform.public_key_file),
            public_key_id=platform.bare.serial,
        )

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._config.timezone)

    def _moment(self, at: datetime | None) -> datetime | None:
        return None if at is None else self._local(at)
