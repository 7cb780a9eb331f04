"""Webhooks: who is told of which events, and what became of each of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nfemu.model.identity import EventId, WebhookId
from nfemu.model.timeline import TimelineEvent


@dataclass(frozen=True, slots=True)
class Webhook:
    """`events`: kinds, or patterns of them (`model.event_kinds`). `configured`: by the files, not by the API."""

    id: WebhookId
    callback: str
    """The URL that is called."""
    events: tuple[str, ...]
    configured: bool = False


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event of somebody's timeline and its place among those of all, which rises."""

    serial: int
    event: TimelineEvent


class DeliveryState(Enum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up; it waits for somebody who sends it again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one receiver. Times are wall time, as the receiver's are."""

    webhook: WebhookId
    event: EventId
    kind: str
    body: str
    """JSON; the same at every attempt."""
    since: datetime
    """When it happened, or was to be sent again: from then on it grows too old."""
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    refusals: int = 0
    """How many of them the receiver answered with a refusal of this very event."""
    next_attempt_at: datetime | None = None
    """None: now, or never again."""
    outcome: str = ""
    """Of the last attempt, for people."""
    settled_at: datetime | None = None
    """When it was delivered or given up."""
