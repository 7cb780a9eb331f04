"""One receiver: its events in their order, one request at a time, and nobody else's business.

A step reads on from the receiver's position in the timeline, and then sends what is due. Everything that it remembers
is in the store. Each receiver is a task of its own, so one that is slow, or hangs, or is down holds up its own events.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nfemu.model.webhooks import Delivery, DeliveryState, RecordedEvent, Webhook
from nfemu.webhooks.callback import Callback
from nfemu.webhooks.envelope import deliveries
from nfemu.webhooks.ladder import Ladder, Outcome, after
from nfemu.webhooks.outbox import Outbox
from nfemu.webhooks.posting import post
from nfemu.webhooks.signature import signed

_log = logging.getLogger(__name__)
Send = Callable[[Callback, Mapping[str, str], bytes, Collection[str], float], Awaitable[Outcome]]
"""As `posting.post`."""
PORTION = 200
"""Events that are read at a time."""
KEPT = timedelta(days=30)
"""What was delivered or given up is shown for so long."""


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """`hosts` may be called beside this machine. `within`: seconds that a receiver may take. `limit`: of webhooks."""

    hosts: Collection[str] = ()
    ladder: Ladder = field(default_factory=Ladder)
    within: float = 10.0
    limit: int = 32


class Target:
    """`outbox` is the store of the moment, `rules` those of the moment, `currency` the carrier's."""

    def __init__(
        self,
        webhook: Webhook,
        secret: str,
        outbox: Callable[[], Outbox],
        rules: Callable[[], WebhookRules],
        wall: Callable[[], datetime],
        currency: str,
        send: Send = post,
    ) -> None:
        self.webhook = webhook
        self._callback = Callback.parse(webhook.callback)
        self._secret = secret
        self._outbox = outbox
        self._rules = rules
        self._wall = wall
        self._currency = currency
        self._send = send

    async def step(self) -> timedelta | None:
        """Read on and send until nothing is due. For how long nothing will be, None: until something happens.

        Raises Unavailable.
        """
        outbox = self._outbox()
        while True:
            await self._read_on(outbox)
            delivery = await outbox.next_delivery(self.webhook.id)
            if delivery is None:
                return None
            now = self._wall()
            if delivery.next_attempt_at is not None and delivery.next_attempt_at > now:
                return delivery.next_attempt_at - now
            await self._attempt(outbox, delivery)

    async def _read_on(self, outbox: Outbox) -> None:
        while recorded := await outbox.events_for(self.webhook.id, PORTION):
            made = [delivery for each in recorded for delivery in await self._deliveries(outbox, each)]
            await outbox.take_events(self.webhook.id, recorded[-1].serial, made)
            await outbox.forget_deliveries(self._wall() - KEPT)

    async def _deliveries(self, outbox: Outbox, recorded: RecordedEvent) -> list[Delivery]:
        card = await outbox.subscriber_by_imsi(recorded.event.imsi)
        return [] if card is None else list(deliveries(self.webhook, recorded, card, self._currency))

    async def _attempt(self, outbox: Outbox, delivery: Delivery) -> None:
        rules = self._rules()
        headers = signed(delivery, self._secret, self._wall())
        outcome = await self._send(self._callback, headers, delivery.body.encode(), rules.hosts, rules.within)
        tried = after(rules.ladder, delivery, outcome, self._wall())
        await outbox.put_delivery(tried)
        if tried.state is not DeliveryState.DELIVERED:
            verdict = "given up" if tried.state is DeliveryState.DEAD else "tried again later"
            _log.warning(
                "webhook `%s`: %s %s, attempt %d: %s; %s",
                self.webhook.id,
                delivery.kind,
                delivery.event,
                tried.attempts,
                tried.outcome,
                verdict,
            )
