"""The wiring: from configuration and state folder to a running carrier. The only place that knows every room.

Order of start: store and people, then the sessions (so that enforcement points can be fed), the origins that
answer, the gateway that lets traffic through, what an earlier process left unfinished, and last the API: what it
accepts can be carried out. Stop is the reverse.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Self

from nfemu.bootstrap.access import LineAccess
from nfemu.bootstrap.api import ApiSide
from nfemu.bootstrap.conversion import (
    captive_api,
    rule_source,
    token_keys,
)
from nfemu.bootstrap.life import Beginning, House, Life, check_currency
from nfemu.bootstrap.people import seed
from nfemu.bootstrap.ports import BoundPorts
from nfemu.bootstrap.reload.transaction import Reload
from nfemu.bootstrap.smpp import SmppSide
from nfemu.bootstrap.states import States
from nfemu.bootstrap.status import components, text
from nfemu.bootstrap.web import wall
from nfemu.carrier.payments import Settlement
from nfemu.carrier.ports import LineState
from nfemu.client.state import RunningStatus, StateFolder
from nfemu.gateway.bearer.bearers import BearerConfig, Bearers
from nfemu.gateway.bearer.phones import resolvers_for
from nfemu.gateway.gateway import WORKER_LOG, Gateway, GatewayConfig
from nfemu.gateway.host import Observer, UsageDay
from nfemu.gateway.link.host import Answer
from nfemu.gateway.reach import reach
from nfemu.gateway.resolving import Internet
from nfemu.gateway.sealer import rotate_keys
from nfemu.model.destination import Destination, IpAddress
from nfemu.model.identity import Msisdn, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment
from nfemu.model.policy import Decision
from nfemu.model.usage import Usage
from nfemu.policy.compiled import CompiledProfile
from nfemu.policy.networks import IpNetwork
from nfemu.policy.proxy_points import points_of_proxy
from nfemu.policy.reach import Reach
from nfemu.runtime.ids import SeededIds
from nfemu.runtime.keys import private_folder
from nfemu.runtime.service import CarrierService
from nfemu.settings import Configuration
from nfemu.store import SqlStore
from nfemu.store.soundness import readable
from nfemu.web.api.backend import ApiBackend, Component, ConfigChange, PluggedIn
from nfemu.web.current import Current
from nfemu.web.listener import Listener
from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.front import OriginFront
from nfemu.web.wechat.keys import PlatformKeys
from nfemu.web.wechat.merchants import Merchants
from nfemu.webhooks.courier import Courier
from nfemu.webhooks.register import Register


def new_store(state: StateFolder, configuration: Configuration) -> SqlStore:
    """The store, not opened yet."""
    return SqlStore(configuration.carrier.database or f"sqlite:///{state.database}")


class Emulator:
    """A whole carrier in this process, as an asynchronous context. One use: a reset makes a new one."""

    def __init__(self, state: StateFolder, read: Callable[[], Configuration], ports: BoundPorts | None = None) -> None:
        """`read` gives the configuration, now and on each reload. `ports` None: listen where it says.

        Raises ConfigurationError, Conflict for a port in use, Unavailable for damaged key files.
        """
        self.state = state
        self.configuration = configuration = read()
        turn = asyncio.Lock()
        self._reload = Reload(self, read, turn)
        self.states = States(self, turn)
        carrier = configuration.carrier
        self._stack = AsyncExitStack()
        self._began = wall()
        self._ending: set[asyncio.Task[None]] = set()
        self.reset_wanted = asyncio.Event()
        """Set when somebody asked for the shipped state; whoever runs the emulator wipes and starts a new one."""
        self.start_wanted = asyncio.Event()
        """Set when another start must go on from what is stored; whoever runs the emulator starts a new one."""
        self.ports = ports or BoundPorts.of(configuration)
        private_folder(state.keys)
        origin_token = secrets.token_bytes(32)
        self.gateway = Gateway(
            GatewayConfig(
                state=state.path,
                listen=self.ports.plan(carrier.proxy.host),
                origin_socket=state.origin_socket,
                origin_token=origin_token,
                workers=carrier.proxy.workers,
            ),
            rule_source(configuration, state),
            self,
            self._lines,
            Observer(self._blocked, self._used, self._usage_day),
        )
        bearers = BearerConfig(
            log=state.path / WORKER_LOG,
            origin_socket=state.origin_socket,
            origin_token=origin_token,
            internet=Internet(carrier.internet.value),
            pools=self._pools,
            captive_api=lambda: captive_api(self.configuration),
        )
        self.smpp = SmppSide(state, lambda: self.store)
        told = carrier.webhooks
        register = Register(state.webhooks, told.receivers, told.rules)
        self.webhooks = Courier(register, lambda: self.store, wall, carrier.currency)
        configured = configuration.directory / "merchants"
        merchants = Merchants(state.merchants, PlatformKeys(state.path / "wechat", wall), wall, configured)
        self.house = House(state, self.gateway, merchants, self.smpp.wake, self.webhooks.wake)
        ids = SeededIds(secrets.token_bytes(32))
        self.life = Life(self.house, configuration, new_store(state, configuration), Beginning(ids, wall()))
        self.origins = Current(self.life.web.origins)
        self.api_side = ApiSide(
            state, configuration, lambda: self.life.service, self._backend(), lambda: self.life.wechat.merchant_api
        )
        self.authority = CertificateAuthority.load_or_create(state.path / "ca", wall)
        self.front = OriginFront(self.origins, self.authority, state.origin_socket, origin_token)
        self.access = LineAccess(
            self.gateway,
            self.front,
            lambda: Bearers(bearers, self, self.gateway.reports),
            lambda: self.state.publish(self.status()),
        )
        self.api = Listener(self.api_side.app, carrier.api.host, self.ports.api, "api.port")

    @property
    def store(self) -> SqlStore:
        return self.life.store

    @property
    def service(self) -> CarrierService:
        return self.life.service

    def _backend(self) -> ApiBackend:
        return ApiBackend(
            policies=lambda: self.configuration.policies.compiled,
            reach=self.reach,
            pay=self._pay,
            top_up=self._top_up,
            contracts=lambda: self.life.provider.contracts,
            wechat=lambda: self.life.wechat.desk,
            debugger=lambda: self.life.wechat.debugger,
            merchants=self.house.merchants,
            reconciler=lambda: self.life.wechat.reconciler,
            components=self.components,
            reload=self.reload,
            preview_reload=self.preview_reload,
            rotate_keys=self.rotate_keys,
            reset=self._ask_for_reset,
            plug=self.plug,
            states=self.states,
            webhooks=self.webhooks,
        )

    async def _pay(self, msisdn: Msisdn, amount: Money) -> Settlement:
        """See ApiBackend."""
        return await self.life.till.pay(msisdn, amount)

    async def _top_up(self, msisdn: Msisdn, amount: Money, no: PaymentNo | None) -> Payment:
        """See ApiBackend."""
        return await self.life.till.top_up(msisdn, amount, no)

    def _pools(self) -> list[IpNetwork]:
        """What lines have their addresses from."""
        pools = self.configuration.catalogue.pools.values()
        return [network for pool in pools for network in (pool.ipv4, pool.ipv6) if network is not None]

    def enter(self, life: Life) -> None:
        """From now on this is the life that everybody asks; requests under way end in the one that they came to."""
        self.life = life
        self.origins.app = life.web.origins
        self.smpp.wake()
        self.webhooks.wake()

    async def answer(self, host: str) -> Answer:
        """See NameService: the gateway is made before the life that knows where names lead, and outlives it."""
        return await self.life.names.answer(host)

    def _lines(self) -> list[LineState]:
        """As with the names."""
        return self.service.line_states()

    def _blocked(self, msisdn: Msisdn, version: int) -> None:
        """As with the lines."""
        self.service.request_blocked(msisdn, version)

    def _used(self, usage: Sequence[Usage]) -> None:
        self.service.used(usage)

    def _usage_day(self) -> UsageDay:
        return UsageDay(self.service.day_ends(), self.service.used_at_start())

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        stack = self._stack
        await self.store.open()
        stack.push_async_callback(self._close_store)
        with readable(self.state.path):
            await check_currency(self.state, self.store, self.configuration)
        await seed(self.store, self.configuration.people)
        with readable(self.state.path):
            await self.service.load()
        await self.webhooks.begin()
        stack.push_async_callback(self.webhooks.stop)
        self.webhooks.start()
        await self.front.start()
        stack.push_async_callback(self.front.stop)
        await self.life.opening.tell_now()
        self.life.plan_opening()
        stack.push_async_callback(self.access.stop)
        await self.access.start(self.configuration.carrier)
        stack.push_async_callback(self._stop_life)
        await self.life.start()
        await self.smpp.start(self.configuration.dunning.notices.smpp)
        stack.push_async_callback(self.smpp.stop)
        await self.api.start()
        stack.push_async_callback(self._stop_api)
        self.state.publish(self.status())
        stack.callback(self.state.withdraw)

    async def _stop_life(self) -> None:
        await self.life.stop()

    async def _close_store(self) -> None:
        await self.store.close()

    async def reach(
        self, msisdn: Msisdn, profile: CompiledProfile, destination: Destination, decision: Decision
    ) -> Reach:
        """See ApiBackend."""
        found = await self.access.reach(msisdn, destination, decision)
        if found is not None:
            return found
        found = await reach(self, profile, destination, decision)
        subscriber = (await self.service.status(msisdn)).line.subscriber
        capped = self.gateway.capped(subscriber.imsi)
        return replace(found, points=points_of_proxy(profile, destination, decision, found, capped))

    async def plug(self, msisdn: Msisdn) -> PluggedIn:
        """See ApiBackend."""
        state, entrance = await self.access.plug(msisdn)
        ipv6 = state.ue_ipv6[1] if state.ue_ipv6 is not None else None
        address = state.ue_ipv4 or ipv6
        session = self.service.session_at(address) if address is not None else None
        given = self.configuration.catalogue.profile(session.profile).dns if session is not None else ()
        return PluggedIn(
            entrance.pid,
            entrance.network,
            _shown(state.ue_ipv4),
            _shown(ipv6),
            resolvers_for(given, state.ue_ipv4, ipv6),
        )

    async def reload(self) -> list[ConfigChange]:
        """See `Reload.run`."""
        return await self._reload.run()

    async def preview_reload(self) -> list[ConfigChange]:
        """See `Reload.preview`."""
        return await self._reload.preview()

    async def rotate_keys(self) -> list[str]:
        """A fresh key seals enrichment tokens; the one before it still opens them. Raises Unavailable."""
        newest = await self._reload.rotate(lambda: rotate_keys(token_keys(self.state))[0])
        return [f"tokens are sealed with key {newest.kid}; the previous key still opens them"]

    async def _ask_for_reset(self) -> list[str]:
        self.reset_wanted.set()
        return ["the carrier starts again from the shipped state"]

    def components(self) -> list[Component]:
        """What runs, for `nfemu status`."""
        found = components(self.configuration, self.gateway.status(), self.status(), self.access.component())
        return [*found, *self.smpp.components()]

    def exchange_api(self, new: Listener) -> None:
        """The API is elsewhere from now on; what came to the old place is answered there."""
        old, self.api = self.api, new
        ending = asyncio.create_task(old.stop(), name="old api")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _stop_api(self) -> None:
        await asyncio.gather(self.api.stop(), *self._ending)

    def bound(self) -> BoundPorts:
        """The ports in use."""
        addresses = self.gateway.status().addresses
        lines = {msisdn: port for msisdn, (_, port) in addresses.lines.items()}
        return BoundPorts(self.api.address[1], addresses.http[1], addresses.socks[1], lines)

    def status(self) -> RunningStatus:
        """What clients need to know."""
        addresses = self.gateway.status().addresses
        return RunningStatus(
            pid=os.getpid(),
            started_at=self._began.isoformat(),
            api=text(self.api.address),
            http_proxy=text(addresses.http),
            socks_proxy=text(addresses.socks),
            subscriber_proxies={msisdn.e164: text(address) for msisdn, address in addresses.lines.items()},
            ca=str(self.state.ca),
            country_code=self.configuration.carrier.country_code,
            access=self.access.text,
            overlay=self.configuration.overlay,
            settings=list(self.configuration.settings),
            smpp=self.smpp.address(),
        )


def _shown(address: IpAddress | None) -> str | None:
    return None if address is None else str(address)
