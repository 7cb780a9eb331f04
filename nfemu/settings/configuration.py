"""The configuration as the program uses it: validated, frozen, in the model's types where the model has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

from nfemu.bss.credit import Scorecard
from nfemu.bss.dunning import DunningRules
from nfemu.bss.order_queue import OrderRules
from nfemu.enrichment.values import HeaderRule
from nfemu.epc.catalogue import Catalogue
from nfemu.model.identity import Msisdn, Plmn, WebhookId
from nfemu.model.landing import LandingPage
from nfemu.model.money import Money
from nfemu.model.notices import Channel
from nfemu.model.plans import PriceList
from nfemu.model.policy import DestinationGroup, PolicyProfile
from nfemu.model.subscriber import OrderedProfile
from nfemu.model.webhooks import Webhook
from nfemu.policy.rules import PolicySet
from nfemu.settings.people import People
from nfemu.simulation.rules import SimulationRules
from nfemu.webhooks.target import WebhookRules


class ClockKind(Enum):
    """`TEST` moves only when told (`nfemu clock advance`)."""

    WALL = "wall"
    TEST = "test"


class Access(Enum):
    AUTO = "auto"
    """The richest access that this machine allows."""
    BEARER = "bearer"
    """IP bearers, or no start; by proxy as well."""
    PROXY = "proxy"
    """By proxy alone."""


class InternetMode(Enum):
    EMULATED = "emulated"
    REAL = "real"


class UeAddress(Enum):
    """How an upstream server learns the UE's address."""

    NONE = "none"
    XFF = "xff"
    """`X-Forwarded-For`."""
    PROXY2 = "proxy2"
    """PROXY protocol version 2."""


@dataclass(frozen=True, slots=True)
class Api:
    """Where the API listens. Port 0: a free one. `names`: hosts accepted in `Host` beside the loopback names."""

    host: str
    port: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxyAccess:
    """Where subscribers' programs connect. Port 0: a free one."""

    host: str
    http_port: int
    socks_port: int
    workers: int
    subscriber_listeners: Mapping[Msisdn, int]


@dataclass(frozen=True, slots=True)
class UpstreamTarget:
    """A server of the portal team; `scheme` is what it speaks, whatever the phone spoke."""

    scheme: str
    host: str
    port: int
    ue_address: UeAddress


@dataclass(frozen=True, slots=True)
class PortalUpstream:
    """What answers the portal's name instead of the built-in portal, by the phone's scheme; None: the built-in."""

    http: UpstreamTarget | None
    https: UpstreamTarget | None
    preserve_host: bool


class PortalPayments(Enum):
    """At which emulated provider the built-in portal is paid."""

    BUILTIN = "builtin"
    WECHAT = "wechat"


@dataclass(frozen=True, slots=True)
class Portal:
    host: str
    """Lower-case A-labels."""
    upstream: PortalUpstream | None = None
    payments: PortalPayments = PortalPayments.BUILTIN


@dataclass(frozen=True, slots=True)
class Enrichment:
    """`aliases` and `cookies` are removed from what clients send, beside the names in `headers`."""

    headers: tuple[HeaderRule, ...]
    aliases: tuple[str, ...]
    cookies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detection:
    """`after_stop_notice`: for how long after a stop notice a blocked request sends nothing (G20)."""

    enabled: bool = True
    after_stop_notice: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class AutoDeduct:
    """`cap`: of an agreement that names none. `retry`, `give_up`: of a deduction without an answer (G19)."""

    cap: Money
    retry: timedelta
    give_up: timedelta


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """`per_second`: messages in a second of business time. `fail`: of a hundred, so many do not arrive (emulated)."""

    per_second: int
    fail: int


@dataclass(frozen=True, slots=True)
class Smpp:
    """Where receivers of short messages connect, and as whom. Port 0: a free one."""

    host: str
    port: int
    system_id: str
    source: str
    """Whom messages come from: a service number."""


@dataclass(frozen=True, slots=True)
class Notices:
    """`attempts`: failures after which a channel gives a message up. `retry`: the first pause; pauses double. `seed`:
    of what fails. `smpp` None: nobody is relayed to."""

    channels: Mapping[Channel, ChannelSettings]
    attempts: int
    retry: timedelta
    seed: int
    smpp: Smpp | None


@dataclass(frozen=True, slots=True)
class Dunning:
    """`credit_limit`: for accounts without one of their own (S25). `open_orders`: payment orders of a line that may
    wait for their payer at once."""

    rules: DunningRules
    credit_limit: Money
    order_expiry: timedelta
    open_orders: int
    detection: Detection
    auto_deduct: AutoDeduct
    orders: OrderRules
    notices: Notices
    credit: Scorecard

    @property
    def restricted(self) -> OrderedProfile:
        """What a stop order means."""
        return self.rules.restricted


@dataclass(frozen=True, slots=True)
class Site:
    """Override of one emulated site's answer."""

    title: str = ""
    delay: timedelta = timedelta(0)
    status: int = 200


@dataclass(frozen=True, slots=True)
class EmulatedInternet:
    """`sites` by host name (A-labels); `shared`: names that answer at one address."""

    sites: Mapping[str, Site]
    shared: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Programs that are told of events, beside those that register by the API."""

    rules: WebhookRules = field(default_factory=WebhookRules)
    receivers: Mapping[WebhookId, Webhook] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who the carrier is and where it listens (`carrier.yaml`)."""

    name: Mapping[str, str]
    """By language: `zh`, `en`."""
    plmn: Plmn
    country_code: str
    currency: str
    timezone: ZoneInfo
    language: str
    """Of its pages, for browsers that ask for none of ours."""
    emergency: tuple[str, ...]
    """Numbers of the emergency calls that nothing here affects (G17)."""
    clock: ClockKind
    api: Api
    access: Access
    proxy: ProxyAccess
    internet: InternetMode
    portal: Portal
    webhooks: Webhooks = field(default_factory=Webhooks)
    database: str | None = field(default=None, repr=False)
    """SQLAlchemy URL; may hold a password. None: SQLite in the state folder."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The text of the policy (`policies.yaml`) and the compiled set made from it."""

    groups: tuple[DestinationGroup, ...]
    profiles: tuple[PolicyProfile, ...]
    compiled: PolicySet


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything under `config/`, checked as a whole."""

    directory: Path
    carrier: Carrier
    catalogue: Catalogue
    policies: Policies
    enrichment: Enrichment
    people: People
    dunning: Dunning
    internet: EmulatedInternet
    landing: tuple[LandingPage, ...]
    prices: PriceList
    simulation: SimulationRules
    overlay: str | None = None
    """The carrier whose overlay lies over the files."""
    settings: tuple[str, ...] = ()
    """What replaced single values of them, as it was written."""
