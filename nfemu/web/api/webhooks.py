"""`/api/v1/webhooks`: programs that are told of events, and what became of that."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from nfemu.model.identity import EventId, WebhookId
from nfemu.model.webhooks import Delivery, DeliveryState, Webhook
from nfemu.web.api.backend import ApiBackend, ApiConfig
from nfemu.web.api.document import declare, refusals
from nfemu.web.api.models import Done
from nfemu.web.api.webhook_models import (
    DeliveriesOut,
    DeliveryOut,
    NewWebhookOut,
    ResendIn,
    StateName,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
)

Limit = Annotated[int, Query(ge=1, le=10_000)]
State = Annotated[StateName | None, Query(description="Left out: all.")]


class Webhooks:
    def __init__(self, config: ApiConfig, backend: ApiBackend) -> None:
        self._config = config
        self._backend = backend

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/webhooks", tags=["webhooks"], responses=refusals(404)),
            ("GET", "", self._list, "listWebhooks"),
            ("POST", "", self._add, "addWebhook"),
            ("DELETE", "/{webhook}", self._remove, "removeWebhook"),
            ("GET", "/{webhook}/deliveries", self._deliveries, "listDeliveries"),
            ("POST", "/{webhook}/resend", self._resend, "resendEvents"),
        )

    async def _list(self) -> WebhooksOut:
        """Who is told of events, and of which."""
        return WebhooksOut(webhooks=[_webhook(each) for each in self._backend.webhooks.all()])

    async def _add(self, wanted: WebhookIn) -> NewWebhookOut:
        """Have a program told of events, from now on; the answer alone has its secret."""
        webhook, secret = await self._backend.webhooks.add(wanted.callback, wanted.events)
        return NewWebhookOut(webhook=_webhook(webhook), secret=secret)

    async def _remove(self, webhook: str) -> Done:
        """Tell a program nothing any more; what is on its way to it is forgotten."""
        await self._backend.webhooks.remove(WebhookId(webhook))
        return Done(done=[f"webhook {webhook} is removed"])

    async def _deliveries(self, webhook: str, state: State = None, limit: Limit = 100) -> DeliveriesOut:
        """What has become of its events, newest first; for 30 days after they were delivered or given up."""
        wanted = None if state is None else DeliveryState(state)
        found = await self._backend.webhooks.deliveries(WebhookId(webhook), wanted, limit)
        return DeliveriesOut(deliveries=[self._delivery(each) for each in found])

    async def _resend(self, webhook: str, wanted: ResendIn) -> Done:
        """Send an event again, or all that were given up; in front of what waits."""
        event = None if wanted.event is None else EventId(wanted.event)
        again = await self._backend.webhooks.resend(WebhookId(webhook), event)
        return Done(done=[f"event {each.event} ({each.kind}) is sent again" for each in again])

    def _delivery(self, delivery: Delivery) -> DeliveryOut:
        return DeliveryOut(
            event=delivery.event,
            kind=delivery.kind,
            state=delivery.state.value,
            attempts=delivery.attempts,
            since=delivery.since.astimezone(self._config.timezone),
            next_attempt_at=self._moment(delivery.next_attempt_at),
            settled_at=self._moment(delivery.settled_at),
            outcome=delivery.outcome,
        )

    def _moment(self, at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(self._config.timezone)


def _webhook(webhook: Webhook) -> WebhookOut:
    return WebhookOut(
        id=webhook.id, callback=webhook.callback, events=list(webhook.events), configured=webhook.configured
    )
