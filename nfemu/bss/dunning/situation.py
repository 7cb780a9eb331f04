"""What a decision is made on: the account as it is, and what its people have been told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from nfemu.model.account import Account
from nfemu.model.identity import Imsi
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.subscriber import CardRole, Segment


class Service(Enum):
    OPEN = "open"
    STOPPING = "stopping"
    """A stop is ordered, and not executed yet."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the account. `held`: a person restricted or restored it, which outranks standing. `share`: the sum of
    its own entries. `wechat`: whether its owner has bound the carrier's official account."""

    imsi: Imsi
    role: CardRole
    service: Service
    share: Money
    held: bool = False
    segment: Segment = Segment.GENERAL
    wechat: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A message that is on its way or has arrived; one that was cancelled or has failed is none."""

    kind: NoticeKind
    channel: Channel
    imsi: Imsi
    created_at: datetime
    sent_at: datetime | None = None
    clicked_at: datetime | None = None
    amount: Money | None = None

    @property
    def at(self) -> datetime:
        return self.sent_at or self.created_at


@dataclass(frozen=True, slots=True)
class Fees:
    """What will be charged next, and when."""

    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """An account at a moment. The account's credit limit is without a level's extra credit (S25).

    `told`: of all its cards, oldest first, at least since the beginning of the month before. `spend`: what was charged
    for use, by day. `duty`: when dunning had meant to look at it next: in the future, or now where that has come.
    `deductible`: the most that an agreement pays of what falls due, at a time (G19); None: there is no agreement.
    """

    account: Account
    balance: Money
    cards: tuple[Card, ...]
    told: tuple[Told, ...] = ()
    overdue_since: datetime | None = None
    """None: it is not overdue."""
    next_fees: Fees | None = None
    last_payment_at: datetime | None = None
    last_use_at: datetime | None = None
    spend: Mapping[date, Money] = field(default_factory=dict)
    duty: datetime | None = None
    deductible: Money | None = None
