"""What became of what was sent again."""

from dataclasses import dataclass
from enum import Enum

from nfemu.replay.flows import Flow


class Verdict(Enum):
    ANSWERED = "answered"
    CONNECTED = "connected"
    """Where the client had said nothing."""
    REDIRECTED = "redirected"
    REFUSED = "refused at once"
    RESET = "reset"
    CLOSED = "closed unanswered"
    TIMED_OUT = "timed out"
    """Nobody answered, and nobody refused it."""
    NO_ADDRESS = "no address"
    """The line's DNS gave none for the name."""
    NOT_SENT = "not sent"
    """The capture does not hold all of it."""
    NOT_APPLICABLE = "not applicable"
    """Access by proxy takes HTTP and TLS only."""


@dataclass(frozen=True, slots=True)
class Fate:
    """`detail`: a status, where it redirects to, the addresses that were told, why not."""

    verdict: Verdict
    detail: str = ""
    by_phone: bool = False
    """It refused by itself: no rule was asked."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """`at`: seconds since the capture's first packet. `name`: whom it was for. `rule`: empty where none is told."""

    at: float
    flow: Flow
    kind: str
    name: str
    fate: Fate
    rule: str
