"""What the two halves of a gateway worker promise each other: the link (replica, resolver) and the engine.

The link keeps a replica of lines and rules and calls the engine when they change; the engine asks the replica
for every request and the resolver for every connection that it opens. Neither knows the other's insides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from socket import socket
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.enrichment.enricher import Enricher
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Msisdn
from nfemu.model.usage import Allowance, Usage
from nfemu.policy.rules import PolicySet


@dataclass(frozen=True, slots=True)
class GatewayRules:
    """Everything that a verdict depends on beside the line; replaced as a whole on reload."""

    policies: PolicySet
    enricher: Enricher
    country_code: str = "86"
    """For numbers written nationally as proxy user name."""
    hours_at: datetime | None = None
    """Business time in the carrier's zone, as far as opening hours ask for it; see `decide`."""


class LineView(Protocol):
    """The worker's replica. All of them answer at once, from memory."""

    def line(self, msisdn: Msisdn) -> LineState | None:
        """None: no such line known. A state with `policy` None: not attached."""

    def line_at(self, address: IpAddress) -> LineState | None:
        """The attached line whose UE has this address; None: nobody's."""

    def rules(self) -> GatewayRules: ...

    def fresh(self) -> bool:
        """False while the control process is gone: then nobody is served (fail closed)."""


class Reports(Protocol):
    """What the engine tells the control process. Returns at once, whatever happens to the report."""

    def blocked(self, state: LineState) -> None:
        """A request of this restricted line was refused for where it wanted to go (G20)."""

    def used(self, usage: Sequence[Usage]) -> None:
        """What lines have used since the last report (G7)."""


class UeAddress(Enum):
    """How an upstream server learns the UE's address (`portal.upstream.ue_address`)."""

    NONE = "none"
    XFF = "xff"
    """`X-Forwarded-For`, on plain HTTP only."""
    PROXY2 = "proxy2"
    """PROXY protocol version 2, without the token."""


@dataclass(frozen=True, slots=True)
class Emulated:
    """The origin front's Unix socket, announced with PROXY version 2: UE → the route's address."""


@dataclass(frozen=True, slots=True)
class Direct:
    """The real Internet: the route's addresses themselves, behind the private-address guard."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A configured server (`portal.upstream`), exempt from the private-address guard."""

    host: str
    port: int
    tls: bool = False
    """Plain HTTP of the phone is carried over TLS, verified against the system's roots. Of no effect in `other`."""
    preserve_host: bool = True
    """False: `Host` names the upstream."""
    ue_address: UeAddress = UeAddress.NONE


DialTarget = Emulated | Direct | Upstream


@dataclass(frozen=True, slots=True)
class Route:
    """Where a name leads. `addresses`: what it resolves to, virtual when emulated, at most a few, best first.

    `http` is dialled for plain HTTP, `other` for everything else (TLS is spliced, never opened). `earlier`: what it has
    resolved to of late, and does not now; a phone may have been told.
    """

    addresses: tuple[IpAddress, ...]
    http: DialTarget
    other: DialTarget
    earlier: tuple[IpAddress, ...] = ()


class Resolver(Protocol):
    async def resolve(self, host: str) -> Route:
        """The route of a normalised name or of an IP literal in canonical text.

        Raises NotFound when the name does not exist, Unavailable when the control process does not answer.
        """


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Listening sockets are given, never opened; the engine closes its copies when it stops."""

    http_sockets: Sequence[socket]
    socks_sockets: Sequence[socket]
    subscriber_sockets: Mapping[Msisdn, socket]
    """HTTP proxy listeners whose every user is this one line, without a proxy user name."""
    origin_socket: Path
    origin_token: bytes
    bearer_sockets: Sequence[socket] = ()
    """Listeners to which the core network redirects plain HTTP of bearers: the peer is the UE itself."""


class FlowControl(Protocol):
    """What the link calls on the engine, after its replica already holds the change."""

    async def line_changed(self, state: LineState) -> None:
        """Close every flow of this line that the new state forbids; returns when they are closed.

        To be awaited before the change is acknowledged.
        """

    async def rules_changed(self) -> None:
        """The same for every line, against the new rules or at another time of day."""

    async def control_lost(self) -> None:
        """Close every flow: `fresh()` has become false."""

    async def hold(self) -> None:
        """Close every flow and forget what lines have used: `fresh()` is false until other people are known."""

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """What limited lines have used elsewhere (G7); returns when what is past its cap has been closed."""

    def day_began(self, ends_at: datetime) -> None:
        """The business day in which caps count, by its end in the carrier's zone. Told at the start, too."""
