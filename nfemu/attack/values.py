"""What a case is, what was seen when it was played, and what that is worth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from nfemu.attack.reading import SeenRequest, requests_of


class Form(Enum):
    """How a request travels."""

    PROXY = "proxy"
    """Absolute target, at an HTTP proxy."""
    LISTENER = "listener"
    """Path as target, at a listener that belongs to one line (or is in the way of its packets)."""
    CONNECT = "connect"
    SOCKS = "socks"
    BEARER = "bearer"
    """By packets of the line itself, to the address that a tunnel would lead to."""


PLAIN = frozenset((Form.PROXY, Form.LISTENER))
TUNNELS = frozenset((Form.CONNECT, Form.SOCKS, Form.BEARER))
"""Lead somewhere before anything is said in them."""
PROXY_TUNNELS = TUNNELS - {Form.BEARER}
"""Through a proxy, which passes on whatever is neither HTTP nor TLS, and sees names instead of addresses."""
EVERY_FORM = PLAIN | TUNNELS


class Line(Enum):
    OPEN = "open"
    RESTRICTED = "restricted"


class Flip(Enum):
    """Between two messages of a case the line changes."""

    RESTRICT = "restrict"
    RESTORE = "restore"


ANOTHER_FORM = "another form's case"
NO_SUCH_FORM = "the proxy has no such form, or none was given"
"""Why a case is not played in a form that it has no meaning in."""


class Need(Enum):
    """What not every proxy has or every caller gives; the text says why a case was left out."""

    USER_NAME = "the proxy takes no user names"
    ADDRESSES = "the addresses of the two destinations are not known"
    FLIP = "the line cannot be restricted and restored from here"
    NAMES = "the destinations are addresses, not names"
    GUARD = "the proxy is meant to reach this machine's own addresses"
    RECORD = "what arrives at the other destination is not seen from here"


@dataclass(frozen=True, slots=True)
class Send:
    """`text` in Latin-1 with `$names` for what is known when it is played; then so many responses are read.

    `split`: each octet goes out in a write of its own. `arrives`: what an origin is to have before the next step.
    """

    text: str
    answers: int = 1
    split: bool = False
    arrives: str = ""


Step = Send | Flip


@dataclass(frozen=True, slots=True)
class Answer:
    """One response to the client. `origin`: which recording origin it says that it is from."""

    status: int
    origin: str | None
    closes: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """What a trusted origin is to be told, and what only an attacker says."""

    header: str
    value: str
    forged: str


@dataclass(frozen=True, slots=True)
class Observation:
    """What one case did. `trusted`, `elsewhere`: the bytes of each connection that the origins got.

    `tunnel`: the status of CONNECT or 200 for SOCKS's success, 0 for its refusal or a bearer's reset before any octet;
    None where none was asked for.
    `received`: all that the client got, `closed` whether the proxy ended the connection in time.
    """

    identity: Identity
    line: Line
    answers: tuple[Answer, ...]
    received: bytes
    closed: bool
    trusted: tuple[bytes, ...]
    elsewhere: tuple[bytes, ...]
    tunnel: int | None = None

    @property
    def statuses(self) -> tuple[int, ...]:
        return tuple(answer.status for answer in self.answers)

    @property
    def tunnel_refused(self) -> bool:
        return self.tunnel is not None and self.tunnel != 200

    def requests(self) -> list[SeenRequest]:
        """The requests that the trusted origin can read in what it got."""
        return [request for raw in self.trusted for request in requests_of(raw)]

    def strangers(self) -> list[SeenRequest]:
        """The same of everybody else."""
        return [request for raw in self.elsewhere for request in requests_of(raw)]


@dataclass(frozen=True, slots=True)
class Expected:
    """`complaint` tells what is wrong with an observation, None when all is right."""

    text: str
    complaint: Callable[[Observation], str | None]


@dataclass(frozen=True, slots=True)
class Case:
    """One attack. `to`: where a tunnel for it leads, `host:port`; `raw`: the steps are the connection's first bytes.

    `left_out`: why no proxy client can play it. `restricted` None: as on an open line.
    """

    name: str
    steps: Sequence[Step]
    open: Expected
    restricted: Expected | None = None
    forms: frozenset[Form] = EVERY_FORM
    to: str = "$trusted_host:$trusted_port"
    raw: bool = False
    needs: frozenset[Need] = frozenset()
    left_out: str = ""

    def expected(self, line: Line) -> Expected:
        return self.open if line is Line.OPEN or self.restricted is None else self.restricted


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    cases: Sequence[Case]


class Verdict(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    UNTOUCHED = "untouched"
    """By design: what an open line's packets say to whoever is not trusted stays in the kernel, forgeries included."""
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Result:
    """`got`: in words, or the reason why it was not played. `harmful`: somebody was told a number that is not true
    or not for them, or a byte left a restricted line."""

    family: str
    case: str
    form: str
    line: str
    expected: str
    got: str
    verdict: Verdict
    harmful: bool = False
