"""Webhooks as the API sends and takes them. Times are wall time, in the carrier's zone."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from nfemu.web.api.models import Model

StateName = Literal["pending", "delivered", "dead"]


class WebhookIn(Model):
    callback: str = Field(
        max_length=2048,
        examples=["http://127.0.0.1:9000/events"],
        description="Where events are posted to: this machine, or a host of `webhooks.hosts` in carrier.yaml.",
    )
    events: list[str] = Field(
        max_length=100,
        examples=[["payment.*", "order.done"]],
        description="Kinds, families of them, `*` for all of the timeline; TM Forum's notifications by name.",
    )


class WebhookOut(Model):
    id: str
    callback: str
    events: list[str]
    configured: bool = Field(description="It is of carrier.yaml.")


class NewWebhookOut(Model):
    webhook: WebhookOut
    secret: str = Field(description="What its events are signed with; nobody is told it again.")


class WebhooksOut(Model):
    webhooks: list[WebhookOut] = Field(description="By name, those of the configuration first.")


class DeliveryOut(Model):
    event: str = Field(description="Its id: the same at every attempt.")
    kind: str
    state: StateName = Field(description="`dead`: given up, until somebody sends it again.")
    attempts: int
    since: datetime = Field(description="When it happened, or was to be sent again.")
    next_attempt_at: datetime | None = Field(description="Null: as soon as those before it are through, or never.")
    settled_at: datetime | None = Field(description="When it was delivered or given up.")
    outcome: str = Field(description="What came of the last attempt.", examples=["status 503"])


class DeliveriesOut(Model):
    deliveries: list[DeliveryOut] = Field(description="Newest event first.")


class ResendIn(Model):
    event: str | None = Field(default=None, description="Its id; null: all that were given up.")
