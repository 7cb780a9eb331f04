"""What a decision comes to. Every action names the rule that made it, and says why for people."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nfemu.bss.dunning.rules import Rule
from nfemu.bss.dunning.texts import Message
from nfemu.model.identity import Imsi
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.subscriber import Segment


@dataclass(frozen=True, slots=True)
class Remind:
    """Send a reminder. `amount` None: the text names none."""

    kind: NoticeKind
    channel: Channel
    imsi: Imsi
    amount: Money | None
    message: Message
    segment: Segment
    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class StopNotice:
    """Say that the line will be stopped, at `stop_at` at the earliest."""

    channel: Channel
    imsi: Imsi
    amount: Money | None
    message: Message
    segment: Segment
    stop_at: datetime
    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Order the stop of these cards."""

    cards: tuple[Imsi, ...]
    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class CancelStop:
    """The stop that was told to these cards does not come; one that is ordered and not executed is withdrawn."""

    cards: tuple[Imsi, ...]
    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class Spared:
    """Something that does not happen, or not yet."""

    rule: Rule
    reason: str


Action = Remind | StopNotice | Stop | CancelStop | Spared


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens now, and `wake_at`: the first moment at which something could, with nothing happening before."""

    actions: tuple[Action, ...] = ()
    wake_at: datetime | None = None


def ago(span: timedelta) -> str:
    """As people say it: `4 min ago`."""
    minutes = max(0, int(span / timedelta(minutes=1)))
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit} ago"
    return f"{minutes} min ago"
