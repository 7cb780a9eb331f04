"""The messages of the link, as data. One JSON object each; `kind` names the type.

`VERSION` rises with every incompatible change: both ends refuse another one, since a worker of another release
could read a rule differently.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Discriminator, TypeAdapter, ValidationError

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import DialTarget, Direct, Emulated, Route, Upstream
from nfemu.gateway.rules import RuleSource
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn
from nfemu.model.usage import Allowance, Usage

VERSION = 3


class LinkError(Exception):
    """The peer broke the protocol or is not entitled; the connection ends."""


class Role(Enum):
    """`WORKER`: a child of the control process. `ADDON`: a stock mitmproxy that loads our addons."""

    WORKER = "worker"
    ADDON = "addon"


@dataclass(frozen=True, slots=True)
class Hello:
    """First message of a point; nothing else is read before it has been believed."""

    token: str = field(repr=False)
    role: Role
    software: str
    """For the status page, such as `python 3.11.2, mitmproxy 11.0.2`."""
    version: int = VERSION
    kind: Literal["hello"] = "hello"


@dataclass(frozen=True, slots=True)
class Ready:
    """The point's engine accepts connections."""

    kind: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class Ack:
    """Everything up to `seq` is in force."""

    seq: int
    kind: Literal["ack"] = "ack"


@dataclass(frozen=True, slots=True)
class Renew:
    """Asks for the lease; `round` comes back in the answer."""

    round: int
    kind: Literal["renew"] = "renew"


@dataclass(frozen=True, slots=True)
class Resolve:
    """Where does `host` lead? A normalised name or an IP literal."""

    id: int
    host: str
    kind: Literal["resolve"] = "resolve"


@dataclass(frozen=True, slots=True)
class BlockedLine:
    """A restricted line that was refused something, and the version at which the point held it."""

    msisdn: Msisdn
    version: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """Lines of which at least one request was refused since the last such message."""

    lines: tuple[BlockedLine, ...]
    kind: Literal["blocked"] = "blocked"


@dataclass(frozen=True, slots=True)
class Used:
    """What lines have used since the last such message (G7)."""

    usage: tuple[Usage, ...]
    kind: Literal["used"] = "used"


@dataclass(frozen=True, slots=True)
class Allowances:
    """What limited lines have used elsewhere, this business day."""

    lines: tuple[Allowance, ...]
    kind: Literal["allowances"] = "allowances"


@dataclass(frozen=True, slots=True)
class Day:
    """A business day has begun: nobody has used anything in it yet. First of all to a new point."""

    ends_at: datetime
    """With the carrier's offset."""
    kind: Literal["day"] = "day"


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin front: its Unix socket, and the token that its connections start with."""

    socket: Path
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to Hello: how long a lease lasts, in seconds, and where emulated origins are. The snapshot follows."""

    lease_s: float
    origin: Origin
    version: int = VERSION
    kind: Literal["welcome"] = "welcome"


@dataclass(frozen=True, slots=True)
class Refused:
    """Last message before the control process hangs up."""

    reason: str
    kind: Literal["refused"] = "refused"


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole of the rules, replaced at once, and with them what was staged."""

    seq: int
    source: RuleSource
    kind: Literal["rules"] = "rules"


@dataclass(frozen=True, slots=True)
class Hours:
    """A group opens or closes: from now on it is `at`, business time in the carrier's zone, until the next such one."""

    seq: int
    at: datetime
    kind: Literal["hours"] = "hours"


@dataclass(frozen=True, slots=True)
class Staged:
    """Lines that change together with the rules: kept until the next Rules, and in force in one step with them."""

    states: tuple[LineState, ...]
    kind: Literal["staged"] = "staged"


@dataclass(frozen=True, slots=True)
class Lines:
    """A part of the snapshot; newer updates may overtake it, versions decide."""

    states: tuple[LineState, ...]
    kind: Literal["lines"] = "lines"


@dataclass(frozen=True, slots=True)
class Line:
    """One line changed."""

    seq: int
    state: LineState
    kind: Literal["line"] = "line"


@dataclass(frozen=True, slots=True)
class Hold:
    """Other people come: serve nobody until the next Serve, close every flow, and forget lines, names, and use."""

    seq: int
    kind: Literal["hold"] = "hold"


@dataclass(frozen=True, slots=True)
class Serve:
    """Everything sent so far makes a complete picture: start serving."""

    seq: int
    kind: Literal["serve"] = "serve"


@dataclass(frozen=True, slots=True)
class Granted:
    """The lease that round `round` asked for."""

    round: int
    kind: Literal["granted"] = "granted"


class Failure(Enum):
    """Why a name leads nowhere: it does not exist, or nobody could tell in time."""

    NOT_FOUND = "not found"
    UNAVAILABLE = "unavailable"


Leads = Literal["emulated", "direct"] | Upstream
"""A DialTarget in JSON, where values without fields need a name."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The answer to Resolve: a route to keep for `ttl_s` seconds."""

    id: int
    ttl_s: float
    addresses: tuple[IPv4Address | IPv6Address, ...]
    http: Leads
    other: Leads
    earlier: tuple[IPv4Address | IPv6Address, ...] = ()
    kind: Literal["resolved"] = "resolved"

    @classmethod
    def of(cls, number: int, route: Route, ttl_s: float) -> Self:
        return cls(number, ttl_s, route.addresses, _named(route.http), _named(route.other), route.earlier)

    def route(self) -> Route:
        return Route(self.addresses, _target(self.http), _target(self.other), self.earlier)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """The other answer to Resolve, to keep for `ttl_s` seconds too."""

    id: int
    ttl_s: float
    failure: Failure
    text: str
    kind: Literal["unresolved"] = "unresolved"


def _named(target: DialTarget) -> Leads:
    match target:
        case Emulated():
            return "emulated"
        case Direct():
            return "direct"
        case Upstream():
            return target


def _target(leads: Leads) -> DialTarget:
    match leads:
        case "emulated":
            return Emulated()
        case "direct":
            return Direct()
        case Upstream():
            return leads


FromPoint = Hello | Ready | Ack | Renew | Resolve | Blocked | Used
FromControl = (
    Welcome
    | Refused
    | Rules
    | Hours
    | Staged
    | Lines
    | Line
    | Hold
    | Serve
    | Granted
    | Resolved
    | Unresolved
    | Allowances
    | Day
)

_CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
_FROM_POINT: TypeAdapter[FromPoint] = TypeAdapter(Annotated[FromPoint, Discriminator("kind")], config=_CONFIG)
_FROM_CONTROL: TypeAdapter[FromControl] = TypeAdapter(Annotated[FromControl, Discriminator("kind")], config=_CONFIG)


def dump_point(message: FromPoint) -> bytes:
    return _FROM_POINT.dump_json(message)


def dump_control(message: FromControl) -> bytes:
    return _FROM_CONTROL.dump_json(message)


def load_point(data: bytes) -> FromPoint:
    """Raises LinkError for anything that is not a message of a point."""
    try:
        return _FROM_POINT.validate_json(data)
    except (ValidationError, InvalidInput) as error:
        raise LinkError(f"message of a point is not understood: {_short(error)}") from error


def load_control(data: bytes) -> FromControl:
    """Raises LinkError for anything that is not a message of the control process."""
    try:
        return _FROM_CONTROL.validate_json(data)
    except (ValidationError, InvalidInput) as error:
        raise LinkError(f"message of the control process is not understood: {_short(error)}") from error


def _short(error: ValidationError | InvalidInput) -> str:
    """Where it went wrong without the input, which may be a token."""
    if isinstance(error, InvalidInput):
        return "an identity in it is malformed"
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{first['msg']} at {'.'.join(str(part) for part in first['loc']) or 'top'}"
