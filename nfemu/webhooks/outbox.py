"""What webhooks ask of the store. The timeline itself is the outbox: an event is there as soon as what it tells of, in
the same commit, and each receiver has a position in it. Reading on from there makes deliveries, and moves the position
in the commit that stores them, so nothing is left out and nothing comes in twice, whenever the process ends.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from nfemu.model.identity import EventId, Imsi, WebhookId
from nfemu.model.subscriber import Subscriber
from nfemu.model.webhooks import Delivery, DeliveryState, RecordedEvent


class Outbox(Protocol):
    """Every method raises Unavailable: nothing was written."""

    async def begin_webhooks(self, webhooks: Collection[WebhookId]) -> None:
        """Those that have no position begin behind the last event that there is; of all others everything is
        forgotten."""

    async def events_for(self, webhook: WebhookId, limit: int) -> list[RecordedEvent]:
        """Of all lines, from its position on, in their order. Nothing for who has none."""

    async def take_events(self, webhook: WebhookId, serial: int, deliveries: Sequence[Delivery]) -> None:
        """Store the deliveries, and move the position to that event."""

    async def next_delivery(self, webhook: WebhookId) -> Delivery | None:
        """The first pending one, due or not."""

    async def put_delivery(self, delivery: Delivery) -> None:
        """In a new state. One that is not there any more stays so."""

    async def delivery(self, webhook: WebhookId, event: EventId) -> Delivery | None: ...

    async def deliveries(
        self, webhook: WebhookId, state: DeliveryState | None = None, limit: int = 100
    ) -> list[Delivery]:
        """Newest event first."""

    async def forget_deliveries(self, before: datetime) -> None:
        """Those delivered or given up before then."""

    async def subscriber_by_imsi(self, imsi: Imsi) -> Subscriber | None: ...
