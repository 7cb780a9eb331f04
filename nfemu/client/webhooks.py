"""Webhooks as the API answers them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from nfemu.client.values import known_fields, moment


@dataclass(frozen=True, slots=True)
class Webhook:
    """`events`: kinds, families of them like `payment.*`, or `*`. `configured`: in carrier.yaml."""

    id: str
    callback: str
    events: list[str]
    configured: bool

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """Nobody is told the secret again."""

    webhook: Webhook
    secret: str = field(repr=False)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(Webhook.of(data["webhook"]), data["secret"])


@dataclass(frozen=True, slots=True)
class Delivery:
    """Times are wall time. `outcome`: what came of the last attempt."""

    event: str
    kind: str
    state: str
    """`pending`, `delivered`, or `dead`: given up."""
    attempts: int
    since: datetime
    next_attempt_at: datetime | None
    settled_at: datetime | None
    outcome: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        moments = {
            name: None if data[name] is None else moment(data[name])
            for name in ("since", "next_attempt_at", "settled_at")
        }
        return cls(**{**known_fields(cls, data), **moments})
