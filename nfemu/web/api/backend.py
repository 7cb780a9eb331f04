"""What the API needs beside the carrier's service: who may ask, and what only the assembled program can do."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from nfemu.carrier.payments import Settlement
from nfemu.model.destination import Destination
from nfemu.model.identity import Msisdn, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment
from nfemu.model.policy import Decision
from nfemu.policy.compiled import CompiledProfile
from nfemu.policy.reach import Reach
from nfemu.policy.rules import PolicySet
from nfemu.runtime.service import CarrierService
from nfemu.web.portal.wechat.reconciling import Reconciler
from nfemu.web.provider.contracts import Contracts
from nfemu.web.wechat.debugger import Debugger
from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.merchants import Merchants
from nfemu.webhooks.courier import Courier

Carrier = Callable[[], CarrierService]
"""The service of the moment: another one once a state has been loaded. Whoever has it already is refused by it then."""


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """`host_names`: names in `Host` and `Origin` that are accepted beside the loopback ones."""

    token: str = field(repr=False)
    """The bearer token, as in the file `api.token`."""
    country_code: str
    currency: str
    timezone: ZoneInfo
    carrier_name: dict[str, str]
    """By language: `zh`, `en`."""
    language: str = "zh"
    """Of the pages, where the browser asks for none of ours."""
    host_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the running program, for `status`. `detail` is one line for people."""

    name: str
    healthy: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One thing that a reload met. `note`: whom it concerns, or, where it is not applied, why."""

    file: str
    subject: str
    change: str
    note: str = ""
    applied: bool = True


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """The way onto a line for programs of this machine: the descriptor `network` of process `pid` is the phone's
    network namespace. `resolvers`: the DNS servers that its APN profile gives.
    """

    pid: int
    network: int
    ipv4: str | None
    ipv6: str | None
    resolvers: Sequence[str]


@dataclass(frozen=True, slots=True)
class NamedState:
    """What is known of a state. `initial`, what the configuration's files give, has no more than its name, nor has
    one that is `damaged`: its header or its end is not what this program writes."""

    name: str
    saved_at: datetime | None = None
    """Wall time."""
    business_time: datetime | None = None
    subscribers: int | None = None
    damaged: bool = False


class States(Protocol):
    """The named states of the whole carrier. Every method raises InvalidInput for what is no name."""

    async def all(self) -> Sequence[NamedState]:
        """By name, `initial` first."""

    async def save(self, name: str) -> NamedState:
        """Replaces one of that name. Raises Conflict, Unavailable."""

    async def load(self, name: str, clock: datetime | None) -> Sequence[str]:
        """In what the configuration differs from that under which it was saved, a line each.

        `clock`: business time then, where it is a test clock's; None: where the state stands. Raises NotFound,
        InvalidInput, Conflict, Unavailable; then the carrier is as before.
        """

    async def delete(self, name: str) -> None:
        """Raises NotFound, Conflict, Unavailable."""


@dataclass(frozen=True, slots=True)
class ApiBackend:
    """Each is called per request. Key rotation and reset return what they did, a line each, or raise NfemuError."""

    policies: Callable[[], PolicySet]
    """The policy in force."""
    reach: Callable[[Msisdn, CompiledProfile, Destination, Decision], Awaitable[Reach]]
    """What becomes of this line's traffic to a destination that was decided so under that profile."""
    pay: Callable[[Msisdn, Money], Awaitable[Settlement]]
    """An order at the provider, paid there, and its notification settled."""
    top_up: Callable[[Msisdn, Money, PaymentNo | None], Awaitable[Payment]]
    """The same, once for each number that the caller gives it."""
    contracts: Callable[[], Contracts]
    """Auto-deduct at the built-in provider: what its emulated bank answers, and who ends a contract there."""
    wechat: Callable[[], Desk]
    """The emulated WeChat Pay of the moment."""
    merchants: Merchants
    """Its merchants."""
    reconciler: Callable[[], Reconciler]
    """The portal's, of the moment."""
    debugger: Callable[[], Debugger]
    """Its signature debugger of the moment."""
    components: Callable[[], Sequence[Component]]
    reload: Callable[[], Awaitable[Sequence[ConfigChange]]]
    preview_reload: Callable[[], Awaitable[Sequence[ConfigChange]]]
    """What `reload` would say; nothing is applied."""
    rotate_keys: Callable[[], Awaitable[Sequence[str]]]
    reset: Callable[[], Awaitable[Sequence[str]]]
    plug: Callable[[Msisdn], Awaitable[PluggedIn]]
    """A phone into the line. Raises Conflict where the carrier has no bearers or the line no address."""
    states: States
    webhooks: Courier
