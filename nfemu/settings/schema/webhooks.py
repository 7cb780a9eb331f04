"""`webhooks` of `carrier.yaml`."""

from datetime import timedelta

from pydantic import Field

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Duration, Name, Number, ReceiverHost


class WebhookSection(Section):
    """A program that is told of events."""

    callback: str = Field(
        examples=["http://127.0.0.1:9000/events"],
        description="Where they are posted to: this machine, or one of `hosts`.",
    )
    events: list[str] = Field(
        examples=['["payment.*", order.done]'],
        description="Kinds of the timeline's events, families of them, `*` for all; TM Forum's notifications by name.",
    )


class WebhooksSection(Section):
    """Programs that are told of events, beside those that register by the API."""

    hosts: list[ReceiverHost] = Field(default=[], description="May be called, beside this machine's loopback.")
    timeout: Duration = Field(default=timedelta(seconds=10), description="A receiver has so long for its answer.")
    retry: Duration = Field(
        default=timedelta(seconds=5), description="After a failure, until the next attempt; pauses double."
    )
    longest_retry: Duration = Field(default=timedelta(hours=1), description="No pause is longer.")
    refusals: Number = Field(
        default=8,
        ge=1,
        le=100,
        examples=["8"],
        description="An event that the receiver refuses so often (3xx, 4xx) is given up.",
    )
    give_up: Duration = Field(
        default=timedelta(hours=24), description="So is one that is so old and fails again, whatever the reason."
    )
    receivers: dict[Name, WebhookSection] = Field(default={}, description="By a name of your choice.")
