"""An operating system's checks, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    """What a check is there for."""

    DECIDES = "decides"
    FALLBACK = "fallback"
    """Sent where those that decide have found neither the Internet nor a portal."""
    INFORMS = "informs"
    """Shown in the system's settings, or written into its log; it opens no page."""


class Sign(Enum):
    """How the system reads an answer."""

    ONLINE = "online"
    PORTAL = "portal"
    FAILED = "failed"
    NOT_SENT = "not sent"


class Verdict(Enum):
    """What the system makes of it all."""

    SIGN_IN = "sign-in"
    ONLINE = "online"
    PARTIAL = "partial"
    """Plain HTTP arrives, HTTPS does not."""
    NO_INTERNET = "no internet"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer is that means: online. `body`: all of it, or with `contains` a part."""

    status: int
    body: bytes
    contains: bool = False

    def __str__(self) -> str:
        if not self.body:
            return f"{self.status} without a body"
        return f"{self.status} {'with' if self.contains else 'and nothing but'} `{self.body.decode().strip()}`"


@dataclass(frozen=True, slots=True)
class Check:
    """A page that is asked for. `family` of IP over which, 0 for either; by proxy that is not the phone's to say."""

    url: str
    expected: Expected
    role: Role = Role.DECIDES
    family: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A name whose address the system knows."""

    name: str
    kind: str
    address: str
    role: Role = Role.INFORMS


@dataclass(frozen=True, slots=True)
class Device:
    """`portal`: statuses that mean one; a 200 with another content only if that has `least_body` octets.

    `knows_api`: where the network names a captive-portal API (RFC 8908), it asks that first, and a portal that is told
    there is one. `note`: what else is to be known on a mobile network.
    """

    name: str
    title: str
    headers: tuple[tuple[str, str], ...]
    probes: tuple[Check | Question, ...]
    portal: tuple[range, ...]
    least_body: int
    knows_api: bool
    note: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A probe, what came of it in words, and how the system reads that."""

    probe: str
    role: Role
    expected: str
    got: str
    sign: Sign


@dataclass(frozen=True, slots=True)
class Report:
    """`because` continues the sentence `would show sign-in: no`."""

    device: str
    number: str
    findings: Sequence[Finding]
    verdict: Verdict
    because: str
    note: str

    @property
    def sign_in(self) -> bool:
        """Whether the system would show its sign-in page."""
        return self.verdict is Verdict.SIGN_IN
