"""Notices: what the carrier tells a phone's owner, by which channel, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nfemu.model.identity import CorrelationId, Imsi, Msisdn, NoticeId
from nfemu.model.money import Money


class NoticeKind(Enum):
    STOP_NOTICE = "stop notice"
    """Service will be restricted at a stated time (S11, S22)."""
    STOPPED = "stopped"
    """Service was restricted; carries the link into the green channel (G1)."""
    DETECTED = "detected"
    """A restricted line tried to reach something that it may not; carries the same link (G20)."""
    RESTORED = "restored"
    PAYMENT_CONFIRMED = "payment confirmed"
    """The payment provider's own message to the payer (G13)."""
    PAYMENT_REFUNDED = "payment refunded"
    """The same for money that has gone back."""
    DEDUCTED = "auto-deducted"
    """The same for a deduction by agreement (G19)."""
    DEDUCTION_FAILED = "auto-deduct failed"
    LOW_BALANCE = "low balance"
    """Used with too little left (S10)."""
    DUNNING = "dunning"
    """A wave from the first days of the month on: who is due to stop is told what avoids it (S5)."""
    FORECAST = "forecast"
    """The balance will run out before the month does (S12)."""
    MONTH_END = "month end"
    """Next month's fee cannot be paid from what is there (S2)."""


class Channel(Enum):
    SMS = "sms"
    WECHAT = "wechat"
    """The carrier's official account, for whom it is bound (S4); also what WeChat Pay writes to its payers (G13)."""
    VOICE = "voice"
    """A call by a machine that speaks the text (S9)."""


class NoticeState(Enum):
    """`PENDING`: decided, and sent once its channel takes it. `SENT`: in the inbox. `FAILED`: its channel could not
    bring it, and is not asked again. `CANCELLED`: its reason was gone before it was sent (S6)."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to a phone's owner. `sender` is what the phone shows as its origin. Times are business time."""

    id: NoticeId
    imsi: Imsi
    kind: NoticeKind
    sender: str
    text: str
    correlation: CorrelationId
    created_at: datetime
    link: str | None = None
    state: NoticeState = NoticeState.PENDING
    sent_at: datetime | None = None
    channel: Channel = Channel.SMS
    amount: Money | None = None
    """What the text names; None where it names none."""
    clicked_at: datetime | None = None
    """When its link was first opened."""
    attempts: int = 0
    """How often its channel has failed to bring it."""
    retry_at: datetime | None = None
    """Before then it is not tried again."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """A short message that was sent to `msisdn`, and that no receiver has acknowledged yet."""

    notice: Notice
    msisdn: Msisdn
