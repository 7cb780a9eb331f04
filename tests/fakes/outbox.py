"""A MemoryStore that is also the outbox of webhooks."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime

from nfemu.model.identity import EventId, WebhookId
from nfemu.model.webhooks import Delivery, DeliveryState, RecordedEvent
from tests.fakes.faults import Faults
from tests.fakes.store import MemoryStore


class MemoryOutbox(MemoryStore):
    """Implements `webhooks.outbox.Outbox`. An event's place among all is its serial."""

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__(faults)
        self._positions: dict[WebhookId, int] = {}
        self._sent: dict[tuple[WebhookId, EventId], Delivery] = {}
        self.moved = asyncio.Event()
        """Set by every attempt."""

    async def begin_webhooks(self, webhooks: Collection[WebhookId]) -> None:
        last = len(self._tables.events)
        self._positions = {name: self._positions.get(name, last) for name in webhooks}
        self._sent = {key: each for key, each in self._sent.items() if key[0] in self._positions}

    async def events_for(self, webhook: WebhookId, limit: int) -> list[RecordedEvent]:
        if webhook not in self._positions:
            return []
        numbered = [RecordedEvent(serial, event) for serial, event in enumerate(self._tables.events, 1)]
        return numbered[self._positions[webhook] :][:limit]

    async def take_events(self, webhook: WebhookId, serial: int, deliveries: Sequence[Delivery]) -> None:
        with self._faults.point("store"):
            if webhook in self._positions:
                self._positions[webhook] = serial
                self._sent |= {(each.webhook, each.event): each for each in deliveries}

    async def next_delivery(self, webhook: WebhookId) -> Delivery | None:
        return next((each for each in self._of(webhook) if each.state is DeliveryState.PENDING), None)

    async def put_delivery(self, delivery: Delivery) -> None:
        with self._faults.point("store"):
            if (delivery.webhook, delivery.event) in self._sent:
                self._sent[delivery.webhook, delivery.event] = delivery
                self.moved.set()

    async def delivery(self, webhook: WebhookId, event: EventId) -> Delivery | None:
        return self._sent.get((webhook, event))

    async def deliveries(
        self, webhook: WebhookId, state: DeliveryState | None = None, limit: int = 100
    ) -> list[Delivery]:
        return [each for each in self._of(webhook) if state in (None, each.state)][::-1][:limit]

    async def forget_deliveries(self, before: datetime) -> None:
        old = [key for key, each in self._sent.items() if each.settled_at is not None and each.settled_at < before]
        for key in old:
            del self._sent[key]

    def states(self, webhook: WebhookId) -> list[DeliveryState]:
        """Of its events, in their order."""
        return [each.state for each in self._of(webhook)]

    def _of(self, webhook: WebhookId) -> list[Delivery]:
        return [each for (name, _), each in self._sent.items() if name == webhook]
