"""All receivers of a running carrier: a task for each, woken when something has happened, or when a pause is over.

It outlives the lives whose events it tells of. A life's events are read from the store of the moment; what was under
way when another state was loaded is refused by the old store, and the next step finds its place in the new one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from nfemu.model.errors import Conflict, NfemuError, NotFound
from nfemu.model.identity import EventId, WebhookId
from nfemu.model.webhooks import Delivery, DeliveryState, Webhook
from nfemu.webhooks.ladder import revived
from nfemu.webhooks.outbox import Outbox
from nfemu.webhooks.register import Register
from nfemu.webhooks.target import Target, WebhookRules

_log = logging.getLogger(__name__)
_AFTER_A_FAILURE = timedelta(seconds=1)
_LONGEST_SLEEP = timedelta(minutes=1)
"""The wall clock may be set meanwhile."""
_MOST_RESENT = 10_000


class Courier:
    """`begin` before anything happens that is to be told, `start`, and `stop` in the end."""

    def __init__(
        self, register: Register, outbox: Callable[[], Outbox], wall: Callable[[], datetime], currency: str
    ) -> None:
        self._register = register
        self._outbox = outbox
        self._wall = wall
        self._currency = currency
        self._tasks: dict[WebhookId, tuple[Webhook, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()
        self._alone = asyncio.Lock()

    # ---- its life

    async def begin(self, outbox: Outbox | None = None) -> None:
        """Whoever is new hears what happens from now on, in that store (None: that of the moment). Raises
        Unavailable."""
        await (outbox or self._outbox()).begin_webhooks(self._register.all().keys())

    def start(self) -> None:
        self._follow()

    async def stop(self) -> None:
        for name in list(self._tasks):
            await self._end(name)

    async def follow_configuration(self, configured: Mapping[WebhookId, Webhook], rules: WebhookRules) -> None:
        """Another configuration is in force. What cannot be stored now is found at the next change, or start."""
        self._register.follow(configured, rules)
        try:
            await self.follow()
        except NfemuError as error:
            _log.warning("webhooks that are new are told of nothing yet: %s", error)

    async def follow(self) -> None:
        """The register has changed. Raises Unavailable."""
        async with self._alone:
            wanted = self._register.all()
            for name in [name for name, (webhook, _) in self._tasks.items() if wanted.get(name) != webhook]:
                await self._end(name)
            await self.begin()
            self._follow()

    def wake(self) -> None:
        """Something has happened."""
        self._changed.set()
        self._changed = asyncio.Event()

    # ---- what people ask of it

    def all(self) -> list[Webhook]:
        return list(self._register.all().values())

    async def add(self, callback: str, events: list[str]) -> tuple[Webhook, str]:
        """The webhook and its secret. Raises as `Register.add`."""
        webhook = self._register.add(callback, events)
        await self.follow()
        return webhook, self._register.secret(webhook.id)

    async def remove(self, name: WebhookId) -> None:
        """With all that was on its way. Raises as `Register.remove`."""
        self._register.remove(name)
        await self.follow()

    async def deliveries(self, name: WebhookId, state: DeliveryState | None, limit: int) -> list[Delivery]:
        """Newest first. Raises NotFound, Unavailable."""
        return await self._outbox().deliveries(self._register.get(name).id, state, limit)

    async def resend(self, name: WebhookId, event: EventId | None) -> list[Delivery]:
        """One event again, None: all that were given up; those that are on their way then, oldest first.

        Raises NotFound; Conflict for one that is on its way already; Unavailable.
        """
        webhook = self._register.get(name).id
        outbox = self._outbox()
        if event is None:
            found = (await outbox.deliveries(webhook, DeliveryState.DEAD, _MOST_RESENT))[::-1]
        else:
            found = [await self._settled(outbox, webhook, event)]
        again = [revived(each, self._wall()) for each in found]
        for each in again:
            await outbox.put_delivery(each)
        self.wake()
        return again

    @staticmethod
    async def _settled(outbox: Outbox, webhook: WebhookId, event: EventId) -> Delivery:
        found = await outbox.delivery(webhook, event)
        if found is None:
            raise NotFound(
                f"webhook `{webhook}` has no event `{event}`; `nfemu webhooks deliveries` shows which it has"
            )
        if found.state is DeliveryState.PENDING:
            raise Conflict(f"event `{event}` is on its way to `{webhook}` already")
        return found

    # ---- inside

    def _follow(self) -> None:
        for name, webhook in self._register.all().items():
            if name not in self._tasks:
                target = Target(
                    webhook,
                    self._register.secret(name),
                    self._outbox,
                    lambda: self._register.rules,
                    self._wall,
                    self._currency,
                )
                self._tasks[name] = webhook, asyncio.create_task(self._serve(target), name=f"webhook {name}")

    async def _end(self, name: WebhookId) -> None:
        _, task = self._tasks.pop(name)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _serve(self, target: Target) -> None:
        while True:
            changed = self._changed
            try:
                pause = await target.step()
            except NfemuError as error:
                _log.warning("webhook `%s` waits for the store: %s", target.webhook.id, error)
                pause = _AFTER_A_FAILURE
            except Exception:  # noqa: BLE001 - the outermost loop of a task that nobody waits for
                _log.exception("webhook `%s` goes on after a failure of ours", target.webhook.id)
                pause = _LONGEST_SLEEP
            with contextlib.suppress(TimeoutError):
                # not `wait_for`, which on Python 3.11 may swallow the cancelling of this task
                async with asyncio.timeout(min(pause or _LONGEST_SLEEP, _LONGEST_SLEEP).total_seconds()):
                    await changed.wait()
