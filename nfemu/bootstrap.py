"""The wiring: from configuration and state folder to a running carrier. The only place that knows every room.

Order of start: store and people, then the sessions (so that enforcement points can be fed), the origins that
answer, the gateway that lets traffic through, what an earlier process left unfinished, and last the API: what it
accepts can be carried out. Stop is the reverse.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from nfemu.bss.dunning import DunningRules
from nfemu.bss.notices import Letterhead
from nfemu.carrier.ports import LineState
from nfemu.carrier.rules import CarrierRules
from nfemu.client.state import RunningStatus, StateFolder
from nfemu.gateway.gateway import Gateway, GatewayConfig
from nfemu.gateway.listeners import ListenerPlan
from nfemu.gateway.ports import UeAddress, Upstream
from nfemu.gateway.resolving import HostUpstream, Internet, NamePlan, Names
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sealer import load_keys
from nfemu.model.errors import NfemuError
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.orders import Notice
from nfemu.runtime.clocks import TestClock, WallClock
from nfemu.runtime.ids import RandomIds
from nfemu.runtime.service import CarrierService
from nfemu.settings import ClockKind, Configuration, UpstreamTarget
from nfemu.store import SeedAccount, SqlStore
from nfemu.web.keys import load_or_create_key
from nfemu.web.origins.addresses import VirtualAddresses
from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites, SiteOverride
from nfemu.web.portal.app import portal_application
from nfemu.web.portal.config import PortalConfig, plain_identity
from nfemu.web.portal.notify import NotificationReceiver
from nfemu.web.portal.shell import Shell
from nfemu.web.provider.builtin import BuiltinProvider, ProviderConfig, merchant_key
from nfemu.web.provider.site import ProviderSite
from nfemu.web.provider.till import Till

_log = logging.getLogger(__name__)


def wall() -> datetime:
    """Wall time, aware."""
    return datetime.now(UTC)


def rule_source(configuration: Configuration, state: StateFolder) -> RuleSource:
    """What enforcement points compile their rules from."""
    enrichment = configuration.enrichment
    return RuleSource(
        groups=configuration.policies.groups,
        profiles=configuration.policies.profiles,
        headers=enrichment.headers,
        aliases=enrichment.aliases,
        cookies=enrichment.cookies,
        pseudonym_key=load_or_create_key(state.keys / "pseudonym.key"),
        token_keys=load_keys(state.keys / "token.jwks"),
        country_code=configuration.carrier.country_code,
    )


def carrier_rules(configuration: Configuration) -> CarrierRules:
    """What the use cases go by."""
    carrier, dunning = configuration.carrier, configuration.dunning
    return CarrierRules(
        catalogue=configuration.catalogue,
        dunning=DunningRules(dunning.restricted, Money(0, carrier.currency)),
        letterhead=Letterhead(carrier.name, f"http://{carrier.portal.host}/green", carrier.country_code),
        order_expiry=dunning.order_expiry,
    )


def name_plan(configuration: Configuration, provider_host: str) -> NamePlan:
    """Where names lead."""
    portal = configuration.carrier.portal
    upstream = portal.upstream
    targets = {}
    if upstream is not None:
        http, https = (_upstream(target, upstream.preserve_host) for target in (upstream.http, upstream.https))
        targets[portal.host] = HostUpstream(http, https)
    internet = Internet(configuration.carrier.internet.value)
    return NamePlan(internet, frozenset({portal.host, provider_host}), targets)


def _upstream(target: UpstreamTarget | None, preserve_host: bool) -> Upstream | None:
    if target is None:
        return None
    return Upstream(
        target.host, target.port, target.scheme == "https", preserve_host, UeAddress(target.ue_address.value)
    )


def site_overrides(configuration: Configuration) -> dict[str, SiteOverride]:
    """What `internet.yaml` says about single names."""
    return {
        name: SiteOverride(title=site.title or None, status=site.status, delay=site.delay)
        for name, site in configuration.internet.sites.items()
    }


@dataclass(frozen=True, slots=True)
class BoundPorts:
    """Which ports to take; 0 is any free one. Kept over a reset, so that clients need not ask again."""

    api: int
    http: int
    socks: int
    lines: Mapping[Msisdn, int]

    @classmethod
    def of(cls, configuration: Configuration) -> Self:
        """What the configuration says."""
        carrier = configuration.carrier
        proxy = carrier.proxy
        return cls(carrier.api.port, proxy.http_port, proxy.socks_port, proxy.subscriber_listeners)

    def free(self) -> Self:
        """The same listeners on any free ports."""
        return type(self)(0, 0, 0, dict.fromkeys(self.lines, 0))

    def plan(self, host: str) -> ListenerPlan:
        return ListenerPlan(host, self.http, self.socks, self.lines)


class Inbox:
    """The emulated message centre: what was sent is what the store shows as the phone's inbox. Implements Notifier."""

    async def send(self, notice: Notice) -> None:
        _log.info("message %s (%s) delivered", notice.id, notice.kind.value)


class Emulator:
    """A whole carrier in this process, as an asynchronous context. One use: a reset makes a new one."""

    def __init__(self, state: StateFolder, configuration: Configuration, ports: BoundPorts | None = None) -> None:
        """`ports` None: listen where the configuration says."""
        self.state = state
        self.configuration = configuration
        carrier = configuration.carrier
        self._stack = AsyncExitStack()
        self._ports = ports or BoundPorts.of(configuration)
        self.store = SqlStore(carrier.database or f"sqlite:///{state.database}")
        clock = TestClock(self.store, wall()) if carrier.clock is ClockKind.TEST else WallClock()
        provider_key = load_or_create_key(state.keys / "provider.key")
        self.provider = BuiltinProvider(ProviderConfig(carrier.name), provider_key, self._deliver, clock.now, wall)
        self.virtual = VirtualAddresses(self.store, configuration.internet.shared)
        self.names = Names(name_plan(configuration, self.provider.config.host), self.virtual)
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
        self.front = OriginFront(self._origins(), self.authority, state.origin_socket, origin_token)

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
        identify = plain_identity("X-MSISDN", carrier.country_code)
        shell = Shell(portal, self.service, identify, load_or_create_key(self.state.keys / "portal.key"), wall)
        apps = {
            portal.host: portal_application(shell, self.receiver),
            self.provider.config.host: ProviderSite(self.provider, (portal.secure_url,)).application(),
        }
        return OriginDispatcher(apps, EmulatedSites(site_overrides(self.configuration)), self.recorder)

    def _lines(self) -> list[LineState]:
        """The gateway is made before the service that knows the lines."""
        return self.service.line_states()

    async def _deliver(self, body: bytes, headers: Mapping[str, str]) -> int:
        """The provider is made before the merchant that it notifies."""
        return await self.receiver.deliver(body, headers)

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
        stack, people = self._stack, self.configuration.people
        await self.store.open()
        stack.push_async_callback(self.store.close)
        accounts = (SeedAccount(opened.account, opened.balance) for opened in people.accounts())
        await self.store.seed(accounts, people, fingerprint=None)
        await self.service.load()
        await self.front.start()
        stack.push_async_callback(self.front.stop)
        await self.gateway.start()
        stack.push_async_callback(self.gateway.stop)
        stack.push_async_callback(self.service.stop)
        await self.service.start()
        await self._attach_listed()
        notifying = asyncio.create_task(self.provider.notifications.run(), name="provider notifications")
        stack.push_async_callback(_ended, notifying)
        self.state.publish(self.status())
        stack.callback(self.state.withdraw)

    async def _attach_listed(self) -> None:
        """Who has a session from the start and never had one: a line that was detached stays so."""
        known = {state.imsi for state in self.service.line_states()}
        for subscriber in self.configuration.people.attached_at_start():
            if subscriber.imsi not in known:
                try:
                    await self.service.attach(subscriber.msisdn)
                except NfemuError as error:
                    _log.warning("%s is not attached: %s", subscriber.msisdn.masked(), error)

    def status(self) -> RunningStatus:
        """What clients need to know."""
        addresses = self.gateway.status().addresses
        return RunningStatus(
            pid=os.getpid(),
            api="",
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


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
