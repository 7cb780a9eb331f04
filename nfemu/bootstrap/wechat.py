"""The emulated WeChat Pay of one life of the carrier, and the portal as one of its merchants."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from nfemu.bootstrap.web import wall
from nfemu.client.state import StateFolder
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NfemuError
from nfemu.model.identity import Imsi
from nfemu.model.notices import Channel
from nfemu.model.orders import Payment
from nfemu.runtime.keys import load_or_create_key
from nfemu.runtime.service import CarrierService
from nfemu.settings import Configuration, PortalPayments
from nfemu.store import SqlStore
from nfemu.web.portal.expected import Expected
from nfemu.web.portal.wechat.account import MerchantAccount
from nfemu.web.portal.wechat.client import WechatClient
from nfemu.web.portal.wechat.provider import NAME, NOTIFY_PATH, WechatProvider
from nfemu.web.portal.wechat.receiver import WechatReceiver
from nfemu.web.portal.wechat.reconciling import Reconciler
from nfemu.web.provider.builtin import BuiltinProvider
from nfemu.web.wechat.app import HOSTS, MerchantApi
from nfemu.web.wechat.debugger import Debugger
from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.gate import Gate
from nfemu.web.wechat.in_process import exchange
from nfemu.web.wechat.keys import read_key
from nfemu.web.wechat.merchants import Merchant, Merchants, NewMerchant
from nfemu.web.wechat.outbox import Heard, Later, Outbox
from nfemu.web.wechat.payer.site import PayerSite
from nfemu.web.wechat.posting import Post
from nfemu.web.wechat.refusals import Refusals
from nfemu.wechat import h5_link
from nfemu.wechat.trade import Trade

_LOG = logging.getLogger(__name__)
PORTAL_MCHID = "1900000001"
PORTAL_APPID = "wx0000000000000001"


class WechatSide:
    """`carrier` gives the service of this life, which is made after it."""

    def __init__(
        self,
        state: StateFolder,
        merchants: Merchants,
        configuration: Configuration,
        store: SqlStore,
        now: Callable[[], datetime],
        later: Later,
        carrier: Callable[[], CarrierService],
    ) -> None:
        self._merchants = merchants
        self._configuration = configuration
        self._carrier = carrier
        self._post = Post(state.ca, self._place, lambda: self._configuration.carrier.webhooks.rules.hosts)
        self._receiver: WechatReceiver | None = None
        self._client: WechatClient | None = None
        self._turn = asyncio.Lock()
        refusals = Refusals(lambda mchid: merchants.find(mchid) is not None)
        self.debugger = Debugger(merchants, refusals, wall)
        self.desk = Desk(
            load_or_create_key(state.keys / "wechat.key"),
            store.wechat,
            Outbox(store.wechat, merchants, self._deliver, later, now, wall, refusals),
            now,
            lambda: carrier().orders.fail(1),
        )
        gate = Gate(merchants, wall, refusals)
        self.merchant_api: ASGIApp = MerchantApi(self.desk, merchants, gate, wall).application()
        payer_site = PayerSite(self.desk, merchants, self, self._domains, lambda: self._configuration.carrier.language)
        self.origins: Mapping[str, ASGIApp] = {
            **dict.fromkeys(HOSTS, self.merchant_api),
            h5_link.HOST: payer_site.application(),
        }
        """By host name: what of it phones and merchants reach on the emulated Internet."""

    def follow(self, configuration: Configuration) -> None:
        """As `configuration` says, from the next request on."""
        self._configuration = configuration

    @property
    def is_wanted(self) -> bool:
        """Whether the portal is paid here."""
        return self._configuration.carrier.portal.payments is PortalPayments.WECHAT

    def provider(self, agreements: BuiltinProvider) -> WechatProvider:
        """For the portal's orders; `agreements` stay there."""
        notify_url = f"https://{self._configuration.carrier.portal.host}{NOTIFY_PATH}"
        return WechatProvider(self.client, notify_url, self._address_of, agreements)

    @property
    def reconciler(self) -> Reconciler:
        """The portal's bookkeeper."""
        return Reconciler(self._carrier(), self.client)

    def receiver(self, expected: Expected) -> WechatReceiver:
        """The portal's ear."""
        self._receiver = WechatReceiver(self._carrier(), self._account, expected, wall)
        return self._receiver

    async def collect(self, payment: Payment) -> bool:
        """Pay an order of the portal without a phone. True: the portal has accepted it. Raises as `Desk.pay`."""
        return await self.desk.pay(await self.desk.trade(PORTAL_MCHID, payment.no))

    async def client(self) -> WechatClient:
        """The portal's; its keys are made at first use. Raises Unavailable."""
        async with self._turn:
            if self._client is None:
                merchant = self._merchants.find(PORTAL_MCHID) or await self._merchants.add(self._portal())
                self._client = WechatClient(self._account_of(merchant), partial(exchange, self.merchant_api), wall)
        return self._client

    def _portal(self) -> NewMerchant:
        carrier = self._configuration.carrier
        return NewMerchant(PORTAL_MCHID, (PORTAL_APPID,), carrier.name["zh"], (carrier.portal.host,))

    def _account(self) -> MerchantAccount | None:
        if self._client is not None:
            return self._client.account
        merchant = self._merchants.find(PORTAL_MCHID)
        return None if merchant is None else self._account_of(merchant)

    def _account_of(self, merchant: Merchant) -> MerchantAccount:
        key = self._merchants.platform.bare
        return MerchantAccount(
            merchant.mchid,
            merchant.appids[0],
            merchant.serial,
            read_key(merchant.private_key_file),
            merchant.api_v3_key,
            {key.serial: key.private.public_key()},
        )

    def _address_of(self, imsi: Imsi) -> IpAddress | None:
        session = self._carrier().session_of(imsi)
        if session is None:
            return None
        return session.ue_ipv4 or (session.ue_ipv6[1] if session.ue_ipv6 is not None else None)

    def _domains(self, merchant: Merchant) -> Collection[str]:
        """As registered; the portal's own is whatever its host is now."""
        return (self._configuration.carrier.portal.host,) if merchant.mchid == PORTAL_MCHID else merchant.domains

    def payer_at(self, address: IpAddress) -> str:
        """See `Payers`; an address that is no line's is a payer of its own."""
        session = self._carrier().session_at(address)
        return str(address) if session is None else session.imsi.digits

    async def confirm(self, address: IpAddress, trade: Trade, texts: Mapping[str, str]) -> None:
        """See `Payers`. What was paid to the portal is confirmed with its settlement."""
        session = self._carrier().session_at(address)
        if session is None or trade.mchid == PORTAL_MCHID:
            return
        try:
            await self._carrier().confirm_paid(session.msisdn, NAME, texts, Channel.WECHAT)
        except NfemuError as error:
            _LOG.warning("the payer of order %s gets no message: %s", trade.out_trade_no, error)

    async def _deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        """To the built-in portal without a socket, to all others by one."""
        parts = urlsplit(url)
        built_in = parts.hostname == self._configuration.carrier.portal.host and self._place(parts.hostname) is None
        if not built_in or parts.path != NOTIFY_PATH or self._receiver is None:
            return await self._post(url, body, headers)
        answer = await self._receiver.notify(body, {name.lower(): value for name, value in headers.items()})
        return Heard(answer.status, answer.message)

    def _place(self, host: str) -> tuple[str, int] | None:
        """Where the portal team's own server is, behind the portal's name."""
        portal = self._configuration.carrier.portal
        target = portal.upstream.https if portal.upstream is not None else None
        return (target.host, target.port) if target is not None and host == portal.host else None
