"""The wiring: from configuration and state folder to a running carrier. The only place that knows every room.

Order of start: store and people, then the sessions (so that enforcement points can be fed), the origins that
answer, the gateway that lets traffic through, what an earlier process left unfinished, and last the API: what it
accepts can be carried out. Stop is the reverse.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from typing import Self

from nfemu.bootstrap.access import LineAccess
from nfemu.bootstrap.conversion import (
    carrier_rules,
    name_plan,
    rule_source,
    token_keys,
)
from nfemu.bootstrap.people import attach_listed, seed
from nfemu.bootstrap.ports import BoundPorts
from nfemu.bootstrap.reload.transaction import Reload
from nfemu.bootstrap.status import components, text
from nfemu.bootstrap.web import WebSide, wall
from nfemu.carrier.ports import LineState
from nfemu.client.state import RunningStatus, StateFolder
from nfemu.gateway.bearer.bearers import BearerConfig, Bearers
from nfemu.gateway.bearer.phones import resolvers_for
from nfemu.gateway.gateway import WORKER_LOG, Gateway, GatewayConfig, Observer, UsageDay
from nfemu.gateway.reach import reach
from nfemu.gateway.resolving import Internet, Names
from nfemu.gateway.sealer import rotate_keys
from nfemu.model.destination import Destination, IpAddress
from nfemu.model.errors import Conflict
from nfemu.model.identity import GroupName, Msisdn
from nfemu.model.orders import Notice
from nfemu.model.policy import Decision
from nfemu.model.usage import Usage
from nfemu.policy.compiled import CompiledProfile
from nfemu.policy.networks import IpNetwork
from nfemu.policy.proxy_points import points_of_proxy
from nfemu.policy.reach import Reach
from nfemu.runtime.clocks import TestClock, WallClock
from nfemu.runtime.ids import RandomIds
from nfemu.runtime.keys import load_or_create_key, private_folder
from nfemu.runtime.opening import OpeningHours
from nfemu.runtime.service import CarrierService
from nfemu.settings import ClockKind, Configuration
from nfemu.store import SqlStore
from nfemu.web.api.backend import ApiBackend, Component, ConfigChange, PluggedIn
from nfemu.web.listener import Listener
from nfemu.web.origins.addresses import VirtualAddresses
from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.portal.notify import NotificationReceiver
from nfemu.web.provider.builtin import BuiltinProvider, ProviderConfig, merchant_key
from nfemu.web.provider.contracts import Contracts
from nfemu.web.provider.delivery import Duty
from nfemu.web.provider.till import Till

_log = logging.getLogger(__name__)


def new_store(state: StateFolder, configuration: Configuration) -> SqlStore:
    """The store, not opened yet."""
    return SqlStore(configuration.carrier.database or f"sqlite:///{state.database}")


class Inbox:
    """The emulated message centre: what was sent is what the store shows as the phone's inbox. Implements Notifier."""

    async def send(self, notice: Notice) -> None:
        _log.info("message %s (%s) delivered", notice.id, notice.kind.value)


class Emulator:
    """A whole carrier in this process, as an asynchronous context. One use: a reset makes a new one."""

    def __init__(self, state: StateFolder, read: Callable[[], Configuration], ports: BoundPorts | None = None) -> None:
        """`read` gives the configuration, now and on each reload. `ports` None: listen where it says.

        Raises ConfigurationError, Conflict for a port in use, Unavailable for damaged key files.
        """
        self.state = state
        self.configuration = configuration = read()
        self._reload = Reload(self, read)
        carrier = configuration.carrier
        self._stack = AsyncExitStack()
        self._began = wall()
        self._ending: set[asyncio.Task[None]] = set()
        self.reset_wanted = asyncio.Event()
        """Set when somebody asked for the shipped state; whoever runs the emulator wipes and starts a new one."""
        self.ports = ports or BoundPorts.of(configuration)
        self.store = new_store(state, configuration)
        private_folder(state.keys)
        clock = TestClock(self.store, wall()) if carrier.clock is ClockKind.TEST else WallClock()
        provider_key = load_or_create_key(state.keys / "provider.key")
        self.provider = BuiltinProvider(
            ProviderConfig(carrier.name, timezone=carrier.timezone, language=carrier.language),
            provider_key,
            self.store,
            self._deliver,
            self._later,
            clock.now,
            wall,
            Contracts(provider_key, self.store),
        )
        self.names = Names(name_plan(configuration, self.provider.config.host), self.virtual(configuration))
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
            self.names,
            self._lines,
            Observer(self._blocked, self._used, self._usage_day),
        )
        bearers = BearerConfig(
            log=state.path / WORKER_LOG,
            origin_socket=state.origin_socket,
            origin_token=origin_token,
            internet=Internet(carrier.internet.value),
            pools=self._pools,
        )
        self.service = CarrierService(
            store=self.store,
            enforcer=self.gateway,
            notifier=Inbox(),
            provider=self.provider,
            clock=clock,
            ids=RandomIds(),
            rules=carrier_rules(configuration),
            day_began=self.gateway.start_day,
        )
        self.opening = OpeningHours(
            clock.now, carrier.timezone, self.service.at, self.gateway.tell_hours, self.service.horizon, self._in_use
        )
        self.receiver = NotificationReceiver(self.service, merchant_key(provider_key), wall)
        self.till = Till(self.service, self.provider, self.receiver)
        self.recorder = Recorder(wall)
        self.web = WebSide(
            state, configuration, self.service, self.provider, self.receiver, self.recorder, self._backend()
        )
        self.authority = CertificateAuthority.load_or_create(state.path / "ca", wall)
        self.front = OriginFront(self.web.origins, self.authority, state.origin_socket, origin_token)
        self.access = LineAccess(
            self.gateway,
            self.front,
            lambda: Bearers(bearers, self.names, self.gateway.reports),
            lambda: self.state.publish(self.status()),
        )
        self.api = Listener(self.web.api, carrier.api.host, self.ports.api, "api.port")

    def _backend(self) -> ApiBackend:
        return ApiBackend(
            policies=lambda: self.configuration.policies.compiled,
            reach=self.reach,
            pay=self.till.pay,
            contracts=self.provider.contracts,
            components=self.components,
            reload=self.reload,
            preview_reload=self.preview_reload,
            rotate_keys=self.rotate_keys,
            reset=self._ask_for_reset,
            plug=self.plug,
        )

    def _pools(self) -> list[IpNetwork]:
        """What lines have their addresses from."""
        pools = self.configuration.catalogue.pools.values()
        return [network for pool in pools for network in (pool.ipv4, pool.ipv6) if network is not None]

    def _lines(self) -> list[LineState]:
        """The gateway is made before the service that knows the lines."""
        return self.service.line_states()

    def _in_use(self, group: GroupName) -> bool:
        """Whether a line may reach the group."""
        lines = self.service.lines_by_policy()
        return any(lines[profile.name] for profile in self.configuration.policies.profiles if group in profile.allow)

    def _blocked(self, msisdn: Msisdn, version: int) -> None:
        """As with the lines."""
        self.service.request_blocked(msisdn, version)

    def _used(self, usage: Sequence[Usage]) -> None:
        self.service.used(usage)

    def _usage_day(self) -> UsageDay:
        return UsageDay(self.service.day_ends(), self.service.used_at_start())

    async def _deliver(self, body: bytes, headers: Mapping[str, str]) -> int:
        """The provider is made before the merchant that it notifies."""
        return await self.receiver.deliver(body, headers)

    def _later(self, due_at: datetime, duty: Duty) -> None:
        """The provider is made before the service that keeps the agenda."""
        self.service.at(due_at, duty)

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
        stack.push_async_callback(self.store.close)
        await self._check_currency()
        await seed(self.store, self.configuration.people)
        await self.service.load()
        await self.front.start()
        stack.push_async_callback(self.front.stop)
        await self.opening.tell_now()
        self.opening.plan(self.configuration.policies.groups, self.configuration.carrier.timezone)
        stack.push_async_callback(self.access.stop)
        await self.access.start(self.configuration.carrier)
        stack.push_async_callback(self.service.stop)
        stack.push_async_callback(self.provider.notifications.settle_attempts)
        await self.provider.notifications.resume()
        await self.service.start()
        await attach_listed(self.service, self.configuration.people)
        await self.api.start()
        stack.push_async_callback(self._stop_api)
        self.state.publish(self.status())
        stack.callback(self.state.withdraw)

    async def reach(
        self, msisdn: Msisdn, profile: CompiledProfile, destination: Destination, decision: Decision
    ) -> Reach:
        """See ApiBackend."""
        found = await self.access.reach(msisdn, destination, decision)
        if found is not None:
            return found
        found = await reach(self.names, profile, destination, decision)
        return replace(found, points=points_of_proxy(profile, destination, decision, found))

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

    async def _check_currency(self) -> None:
        """Raises Conflict where the store is another carrier's: its accounts could never be charged or paid."""
        currency = self.configuration.carrier.currency
        for subscriber in await self.store.subscribers(limit=1):
            view = await self.store.account(subscriber.account)
            if view is not None and view.account.currency != currency:
                raise Conflict(
                    f"`{self.state.path}` keeps accounts in {view.account.currency}, this carrier has {currency}; "
                    "name another state folder with `--state`, or empty this one with `nfemu reset`"
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

    def virtual(self, configuration: Configuration) -> VirtualAddresses:
        return VirtualAddresses(self.store, configuration.internet.shared)

    async def _ask_for_reset(self) -> list[str]:
        self.reset_wanted.set()
        return ["the carrier starts again from the shipped state"]

    def components(self) -> list[Component]:
        """What runs, for `nfemu status`."""
        return components(self.configuration, self.gateway.status(), self.status(), self.access.component())

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
        )


def _shown(address: IpAddress | None) -> str | None:
    return None if address is None else str(address)
