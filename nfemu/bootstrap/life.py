"""One life of a carrier: all that knows its people, on one content of the store.

A start makes the first life. Loading a state makes the next one by the same code, beside the present one, and takes it
over on the content that was put in the store's place. So nothing that was remembered of people (tickets, what fell due
and when, who was told what, whose order is under way) ever reaches another life, and nothing has to be forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from nfemu.bootstrap.conversion import carrier_rules, name_plan, notice_rules
from nfemu.bootstrap.people import attach_listed
from nfemu.bootstrap.web import WebSide, wall
from nfemu.bootstrap.wechat import WechatSide
from nfemu.carrier.ports import IdSource
from nfemu.client.state import StateFolder
from nfemu.gateway.gateway import Gateway
from nfemu.gateway.resolving import Names
from nfemu.model.errors import Conflict
from nfemu.model.identity import GroupName
from nfemu.runtime.channels import Channels
from nfemu.runtime.clocks import TestClock, WallClock
from nfemu.runtime.keys import load_or_create_key
from nfemu.runtime.opening import OpeningHours
from nfemu.runtime.service import CarrierService
from nfemu.settings import ClockKind, Configuration
from nfemu.store import SqlStore
from nfemu.web.origins.addresses import VirtualAddresses
from nfemu.web.origins.recorder import Recorder
from nfemu.web.portal.app import Ears
from nfemu.web.portal.expected import Expected
from nfemu.web.portal.notify import NotificationReceiver
from nfemu.web.provider.builtin import BuiltinProvider, ProviderConfig, merchant_key
from nfemu.web.provider.contracts import Contracts
from nfemu.web.provider.delivery import Duty
from nfemu.web.provider.till import Till
from nfemu.web.wechat.merchants import Merchants


@dataclass(frozen=True, slots=True)
class House:
    """What outlives a life. `relayed` is called when short messages wait for receivers, `happened` when timelines have
    gone on."""

    state: StateFolder
    gateway: Gateway
    merchants: Merchants
    """Of the emulated WeChat Pay."""
    relayed: Callable[[], None]
    happened: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a life begins. `clock`: where a test clock that has never run here begins; `seal`: what the portal signs its
    cookies with beside its key."""

    ids: IdSource
    clock: datetime
    seal: bytes = b""


class Life:
    """`load`, then feed the gateway, then `start`; `stop` or `abandon` in the end."""

    def __init__(self, house: House, configuration: Configuration, store: SqlStore, beginning: Beginning) -> None:
        """`store` is open, or will be before `load`. Raises Unavailable for damaged key files."""
        carrier, state = configuration.carrier, house.state
        self.store = store
        self._configuration = configuration
        test = carrier.clock is ClockKind.TEST
        self._clock = clock = TestClock(store, beginning.clock) if test else WallClock()
        provider_key = load_or_create_key(state.keys / "provider.key")
        self.provider = BuiltinProvider(
            ProviderConfig(carrier.name, timezone=carrier.timezone, language=carrier.language),
            provider_key,
            store,
            self._deliver,
            self._later,
            clock.now,
            wall,
            Contracts(provider_key, store),
        )
        self.wechat = WechatSide(
            state, house.merchants, configuration, store, clock.now, self._later, lambda: self.service
        )
        paid_by_wechat = self.wechat.is_wanted
        self.names = Names(name_plan(configuration, self.provider.config.host), self.virtual(configuration))
        self.service = CarrierService(
            store=store,
            enforcer=house.gateway,
            notifier=Channels(clock.now, lambda: notice_rules(self._configuration)),
            provider=self.wechat.provider(self.provider) if paid_by_wechat else self.provider,
            clock=clock,
            ids=beginning.ids,
            rules=carrier_rules(configuration),
            day_began=house.gateway.start_day,
            relayed=house.relayed,
            happened=house.happened,
        )
        self.opening = OpeningHours(
            clock.now,
            carrier.timezone,
            self.service.at,
            house.gateway.tell_hours,
            self.service.horizon,
            self._in_use,
        )
        expected = Expected()
        self.receiver = NotificationReceiver(self.service, merchant_key(provider_key), wall, expected)
        collect = self.wechat.collect if paid_by_wechat else self.provider.collect
        self.till = Till(self.service, collect, expected)
        self.recorder = Recorder(wall)
        self.web = WebSide(
            state,
            configuration,
            self.service,
            self.provider,
            Ears(self.receiver, self.wechat.receiver(expected)),
            self.wechat.origins,
            self.recorder,
            beginning.seal,
        )

    def follow(self, configuration: Configuration) -> None:
        """As `configuration` says, from the next request on."""
        self._configuration = configuration
        self.names.replace(name_plan(configuration, self.provider.config.host), self.virtual(configuration))
        self.wechat.follow(configuration)
        self.web.follow(configuration)

    def virtual(self, configuration: Configuration) -> VirtualAddresses:
        return VirtualAddresses(self.store, configuration.internet.shared)

    def local_now(self) -> datetime:
        """Business time in the carrier's zone."""
        return self.service.now().astimezone(self._configuration.carrier.timezone)

    def plan_opening(self) -> None:
        """Every point hears of groups that open and close, from now on."""
        self.opening.plan(self._configuration.policies.groups, self._configuration.carrier.timezone)

    async def start(self) -> None:
        """Finish what an earlier life or process left, and attach whom the configuration wants attached."""
        await self.provider.notifications.resume()
        await self.wechat.desk.resume()
        await self.service.start()
        await attach_listed(self.service, self._configuration.people)

    async def stop(self) -> None:
        """Let finish what runs; what waits is found in the store at the next start."""
        await self.provider.notifications.settle_attempts()
        await self.wechat.desk.settle()
        await self.service.stop()

    async def abandon(self) -> None:
        """The store's content is another one: whatever waits or is under way ends, and nothing of it counts."""
        await self.service.abandon()
        await self.provider.notifications.settle_attempts()
        await self.wechat.desk.settle()

    def _in_use(self, group: GroupName) -> bool:
        """Whether a line may reach the group."""
        lines = self.service.lines_by_policy()
        return any(lines[profile.name] for profile in self._configuration.policies.profiles if group in profile.allow)

    async def _deliver(self, body: bytes, headers: Mapping[str, str]) -> int:
        """The provider is made before the merchant that it notifies."""
        return await self.receiver.deliver(body, headers)

    def _later(self, due_at: datetime, duty: Duty) -> None:
        """The provider is made before the service that keeps the agenda."""
        self.service.at(due_at, duty)


async def check_currency(state: StateFolder, store: SqlStore, configuration: Configuration) -> None:
    """Raises Conflict where the store is another carrier's: its accounts could never be charged or paid."""
    currency = configuration.carrier.currency
    for subscriber in await store.subscribers(limit=1):
        view = await store.account(subscriber.account)
        if view is not None and view.account.currency != currency:
            raise Conflict(
                f"`{state.path}` keeps accounts in {view.account.currency}, this carrier has {currency}; "
                "name another state folder with `--state`, or empty this one with `nfemu reset`"
            )
