"""The wiring: from configuration and state folder to a running carrier. The only place that knows every room.

Order of start: store and people, then the sessions (so that enforcement points can be fed), the origins that
answer, the gateway that lets traffic through, what an earlier process left unfinished, and last the API: what it
accepts can be carried out. Stop is the reverse.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Self

from fastapi import FastAPI

from nfemu.bootstrap.conversion import (
    carrier_rules,
    name_plan,
    needs_restart,
    portal_group,
    rule_source,
    seed_account,
    seed_range,
    site_overrides,
    token_keys,
)
from nfemu.bootstrap.ports import BoundPorts
from nfemu.bootstrap.reload.changes import changes
from nfemu.carrier.ports import LineState
from nfemu.client.state import RunningStatus, StateFolder
from nfemu.gateway.gateway import Gateway, GatewayConfig
from nfemu.gateway.reach import reach
from nfemu.gateway.resolving import Names
from nfemu.gateway.sealer import rotate_keys
from nfemu.gateway.worker_process import WorkerState
from nfemu.model.errors import Conflict, NfemuError
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.orders import Notice
from nfemu.runtime.clocks import TestClock, WallClock
from nfemu.runtime.ids import RandomIds
from nfemu.runtime.keys import load_or_create_key, write_private
from nfemu.runtime.service import CarrierService
from nfemu.settings import ClockKind, Configuration
from nfemu.store import SqlStore
from nfemu.web.api.app import create_api
from nfemu.web.api.backend import ApiBackend, ApiConfig, Component
from nfemu.web.listener import Listener
from nfemu.web.origins.addresses import VirtualAddresses
from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites
from nfemu.web.portal.app import portal_application
from nfemu.web.portal.config import Identify, PortalConfig
from nfemu.web.portal.identity import Recognition, identify_by
from nfemu.web.portal.notify import NotificationReceiver
from nfemu.web.portal.shell import Shell
from nfemu.web.provider.builtin import BuiltinProvider, ProviderConfig, merchant_key
from nfemu.web.provider.delivery import Duty
from nfemu.web.provider.site import ProviderSite
from nfemu.web.provider.till import Till

_log = logging.getLogger(__name__)


def wall() -> datetime:
    """Wall time, aware."""
    return datetime.now(UTC)


def api_token(state: StateFolder) -> str:
    """The API's bearer token, generated at first use, mode 0600."""
    if not state.api_token.exists():
        write_private(state.api_token, secrets.token_urlsafe(32).encode())
    return state.api_token.read_text().strip()


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
        self._read = read
        self.configuration = configuration = read()
        carrier = configuration.carrier
        self._stack = AsyncExitStack()
        self._began = wall()
        self._reloading = asyncio.Lock()
        self.reset_wanted = asyncio.Event()
        """Set when somebody asked for the shipped state; whoever runs the emulator wipes and starts a new one."""
        self._ports = ports or BoundPorts.of(configuration)
        self.store = new_store(state, configuration)
        clock = TestClock(self.store, wall()) if carrier.clock is ClockKind.TEST else WallClock()
        provider_key = load_or_create_key(state.keys / "provider.key")
        self.provider = BuiltinProvider(
            ProviderConfig(carrier.name, timezone=carrier.timezone),
            provider_key,
            self.store,
            self._deliver,
            self._later,
            clock.now,
            wall,
        )
        self.names = Names(name_plan(configuration, self.provider.config.host), self._virtual(configuration))
        origin_token = secrets.token_bytes(32)
        self.gateway = Gateway(
            GatewayConfig(
                state=state.path,
                listen=self._ports.plan(carrier.proxy.host),
                origin_socket=state.origin_socket,
                origin_token=origin_token,
                workers=carrier.proxy.workers,
            ),
            rule_source(configuration, state),
            self.names,
            self._lines,
        )
        self.service = CarrierService(
            store=self.store,
            enforcer=self.gateway,
            notifier=Inbox(),
            provider=self.provider,
            clock=clock,
            ids=RandomIds(),
            rules=carrier_rules(configuration),
        )
        self.receiver = NotificationReceiver(self.service, merchant_key(provider_key), wall)
        self.till = Till(self.service, self.provider, self.receiver)
        self.recorder = Recorder(wall)
        self.authority = CertificateAuthority.load_or_create(state.path / "ca", wall)
        self.sites = EmulatedSites(site_overrides(configuration))
        self.front = OriginFront(self._origins(), self.authority, state.origin_socket, origin_token)
        self.api = Listener(self._api(), carrier.api.host, self._ports.api, "api.port")

    def _api(self) -> FastAPI:
        carrier = self.configuration.carrier
        config = ApiConfig(
            token=api_token(self.state),
            country_code=carrier.country_code,
            currency=carrier.currency,
            timezone=carrier.timezone,
            carrier_name=dict(carrier.name),
            host_names=carrier.api.names,
        )
        backend = ApiBackend(
            policies=lambda: self.configuration.policies.compiled,
            reach=partial(reach, self.names),
            pay=self.till.pay,
            components=self.components,
            reload=self.reload,
            rotate_keys=self.rotate_keys,
            reset=self._ask_for_reset,
        )
        return create_api(self.service, config, backend)

    def _origins(self) -> OriginDispatcher:
        """Portal, payment provider, and the emulated sites for every other name."""
        carrier = self.configuration.carrier
        portal = PortalConfig(
            carrier.name,
            carrier.portal.host,
            carrier.country_code,
            (f"https://{self.provider.config.host}",),
            Money(1, carrier.currency),
            Money(500_000, carrier.currency),
            Money(5_000, carrier.currency),
        )
        self.shell = Shell(
            portal, self.service, self._identify(), load_or_create_key(self.state.keys / "portal.key"), wall
        )
        apps = {
            portal.host: portal_application(self.shell, self.receiver),
            self.provider.config.host: ProviderSite(self.provider, (portal.secure_url,)).application(),
        }
        return OriginDispatcher(apps, self.sites, self.recorder)

    def _identify(self) -> Identify:
        """How the portal reads the header that the gateway writes."""
        configuration, source = self.configuration, rule_source(self.configuration, self.state)
        recognition = Recognition(
            host=configuration.carrier.portal.host,
            group=portal_group(configuration),
            country_code=configuration.carrier.country_code,
            pseudonym_key=source.pseudonym_key,
            token_keys={key.kid: key.secret for key in source.token_keys},
            session_at=self.service.session_at,
            wall=wall,
        )
        return identify_by(configuration.enrichment.headers, recognition)

    def _lines(self) -> list[LineState]:
        """The gateway is made before the service that knows the lines."""
        return self.service.line_states()

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
        await self._seed()
        await self.service.load()
        await self.front.start()
        stack.push_async_callback(self.front.stop)
        await self.gateway.start()
        stack.push_async_callback(self.gateway.stop)
        stack.push_async_callback(self.service.stop)
        stack.push_async_callback(self.provider.notifications.settle_attempts)
        await self.provider.notifications.resume()
        await self.service.start()
        await self._attach_listed()
        await self.api.start()
        stack.push_async_callback(self.api.stop)
        self.state.publish(self.status())
        stack.callback(self.state.withdraw)

    async def _seed(self) -> None:
        """Everybody whom the configuration names and the store does not know yet."""
        people = self.configuration.people
        singles = replace(people, ranges=())
        await self.store.seed(
            (seed_account(opening) for opening in singles.accounts()),
            singles,
            ranges=[seed_range(part, people.terms) for part in people.ranges],
            fingerprint=people.fingerprint(),
        )

    async def _attach_listed(self) -> None:
        """Who has a session from the start and never had one: a line that was detached stays so."""
        known = {state.imsi for state in self.service.line_states()}
        for subscriber in self.configuration.people.attached_at_start():
            if subscriber.imsi not in known:
                try:
                    await self.service.attach(subscriber.msisdn)
                except NfemuError as error:
                    _log.warning("%s is not attached: %s", subscriber.msisdn.masked(), error)

    async def reload(self) -> list[str]:
        """Read the configuration again: what was applied, and what was not and why, a line each.

        Where it is invalid, nothing is applied.

        Raises ConfigurationError; Conflict where a change needs a restart or a port is in use (then the old rules
        stay; subscribers that were new are known already, which changes nothing for anybody else).
        """
        async with self._reloading:
            return await self._reload()

    async def _reload(self) -> list[str]:
        fresh = self._read()
        fixed = needs_restart(self.configuration, fresh)
        if fixed:
            raise Conflict(f"nothing was applied: {', '.join(fixed)} changed, which needs `nfemu down` and `nfemu up`")
        before, self.configuration = self.configuration, fresh
        try:
            await self._seed()
            self.names.replace(name_plan(fresh, self.provider.config.host), self._virtual(fresh))
            listeners = fresh.carrier.proxy.subscriber_listeners
            changed = listeners if listeners != before.carrier.proxy.subscriber_listeners else None
            await self.gateway.reload(rule_source(fresh, self.state), changed)
        except NfemuError:
            self.configuration = before
            self.names.replace(name_plan(before, self.provider.config.host), self._virtual(before))
            raise
        self.sites.replace(site_overrides(fresh))
        self.shell.recognise_by(self._identify())
        await self._attach_listed()
        self.state.publish(self.status())
        return [str(change) for change in changes(before, fresh)] or ["nothing has changed"]

    async def rotate_keys(self) -> list[str]:
        """A fresh key seals enrichment tokens; the one before it still opens them. Raises Unavailable."""
        async with self._reloading:
            newest, *_ = rotate_keys(token_keys(self.state))
            await self.gateway.reload(rule_source(self.configuration, self.state))
            self.shell.recognise_by(self._identify())
        return [f"tokens are sealed with key {newest.kid}; the previous key still opens them"]

    def _virtual(self, configuration: Configuration) -> VirtualAddresses:
        return VirtualAddresses(self.store, configuration.internet.shared)

    async def _ask_for_reset(self) -> list[str]:
        self.reset_wanted.set()
        return ["the carrier starts again from the shipped state"]

    def components(self) -> list[Component]:
        """What runs, for `nfemu status`."""
        gateway = self.gateway.status()
        status = self.status()
        workers = [
            Component(
                f"worker {place.pid}",
                place.state is WorkerState.SERVING,
                f"{place.state.value}, {place.restarts} restarts",
            )
            for place in gateway.workers
        ]
        return [
            Component("api", True, status.api),
            Component("access", True, status.access),
            Component("http proxy", True, f"{status.http_proxy}, user name = number"),
            Component("socks5 proxy", True, f"{status.socks_proxy}, user name = number"),
            *(self._own_listener(number, address) for number, address in status.subscriber_proxies.items()),
            *workers,
        ]

    def _own_listener(self, e164: str, address: str) -> Component:
        number = Msisdn(e164).national(self.configuration.carrier.country_code)
        return Component(f"line {number}", True, f"{address}, HTTP proxy for this line alone, no user name")

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
            api=_text(self.api.address),
            http_proxy=_text(addresses.http),
            socks_proxy=_text(addresses.socks),
            subscriber_proxies={msisdn.e164: _text(address) for msisdn, address in addresses.lines.items()},
            ca=str(self.state.path / "ca" / "ca.pem"),
            country_code=self.configuration.carrier.country_code,
            access="proxy: HTTP and SOCKS5 on loopback; this version has no IP bearers",
        )


def _text(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
