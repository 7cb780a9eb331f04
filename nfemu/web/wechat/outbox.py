"""Notifications to merchants: tried at once, then again on the ladder of business time until accepted.

The duty to notify is in the books, so a process that dies leaves it to the next one. An attempt whose outcome could not
be recorded is made again after a start: merchants hear some things twice, and must book once.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nfemu.model.errors import NfemuError, NotFound, Unavailable
from nfemu.runtime.locks import KeyedLocks
from nfemu.web.wechat.books import Books
from nfemu.web.wechat.envelope import Envelopes, Signed
from nfemu.web.wechat.merchants import Merchants
from nfemu.web.wechat.refusals import Refusals
from nfemu.wechat.debugging.deliveries import Delivery
from nfemu.wechat.documents import Document, deviating, refund_event, trade_document
from nfemu.wechat.faults import Deviation, deliveries
from nfemu.wechat.notification import Attempt, Event, Notification, attempted
from nfemu.wechat.trade import Trade, TradeState

_LOG = logging.getLogger(__name__)
ANSWER_WITHIN = 5.0
"""Seconds that a merchant has."""
_KEPT_OF_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Heard:
    """What a merchant answered: its HTTP status, 0 without one, and what it said, or why there was nothing."""

    status: int
    text: str = ""


Deliver = Callable[[str, bytes, Mapping[str, str]], Awaitable[Heard]]
"""Post a body with headers to a URL. Never raises for what the merchant does."""
Duty = Callable[[], Awaitable[str | None]]
Later = Callable[[datetime, Duty], None]
"""Does something at a business time, and tells what it did to whoever moved the clock."""


class Outbox:
    """`now` is business time, `wall` wall time, both aware. `refusals` keeps what a merchant has not accepted."""

    def __init__(
        self,
        books: Books,
        merchants: Merchants,
        deliver: Deliver,
        later: Later,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
        refusals: Refusals,
    ) -> None:
        self._books = books
        self._refusals = refusals
        self._merchants = merchants
        self._envelopes = Envelopes(merchants, wall)
        self._deliver = deliver
        self._later = later
        self._now = now
        self._wall = wall
        self._locks: KeyedLocks[str] = KeyedLocks()
        self._held: defaultdict[str, set[str]] = defaultdict(set)
        self._planned: dict[str, datetime] = {}
        """When each is told next; what was planned for another time before is moot."""
        self._running: set[asyncio.Task[bool]] = set()

    async def submit(self, notification: Notification) -> bool:
        """One that has just entered the books: told at once where it is due. True once the merchant has accepted it;
        False when it is late, held back, or refused and will be tried again."""
        if notification.held:
            self._held[notification.mchid].add(notification.id)
        if notification.due_at is None or notification.due_at > self._now():
            self._schedule(notification)
            return False
        task = self._begin(self._first_attempt(notification))
        done, _ = await asyncio.wait([task], timeout=ANSWER_WITHIN)
        return bool(done) and task.result()

    async def resend(self, identifier: str) -> bool:
        """Once more, now, whatever became of it. True: accepted. Raises NotFound, Unavailable."""
        if await self._books.notification(identifier) is None:
            raise NotFound(f"there is no notification `{identifier}`; `nfemu pay show` lists those of an order")
        return await self._begin(self._attempt(identifier))

    async def resume(self) -> None:
        """Take up what an earlier process left. Raises Unavailable."""
        for notification in await self._books.notifications_due():
            if notification.held:
                self._held[notification.mchid].add(notification.id)
            self._schedule(notification)

    async def settle_attempts(self) -> None:
        """Wait for the attempts under way (before the process ends)."""
        await asyncio.gather(*self._running, return_exceptions=True)

    def _begin(self, attempt: Coroutine[Any, Any, bool]) -> asyncio.Task[bool]:
        """To its end, whoever waits for it."""
        task = asyncio.create_task(attempt)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _schedule(self, notification: Notification) -> None:
        due_at = notification.due_at

        async def again() -> str | None:
            if self._planned.get(notification.id) != due_at:
                return None
            outcome = "accepted" if await self._begin(self._attempt(notification.id)) else "not accepted"
            return f"notification of order {notification.out_trade_no}: attempt {notification.attempts + 1} {outcome}"

        if due_at is None:
            self._planned.pop(notification.id, None)
        else:
            self._planned[notification.id] = due_at
            self._later(due_at, again)

    async def _first_attempt(self, notification: Notification) -> bool:
        """The same where nobody else tries again."""
        try:
            return await self._attempt(notification.id)
        except NfemuError as error:
            _LOG.warning("notification %s waits for its first attempt: %s", notification.id, error)
            self._schedule(notification)
            return False

    async def _attempt(self, identifier: str) -> bool:
        """One attempt, and what follows from it, recorded where that is possible. True: accepted. Raises Unavailable
        where the books cannot be read."""
        await self._locks.acquire(identifier)
        try:
            notification = await self._books.notification(identifier)
            if notification is None:
                return False
            made = await self._tell(notification)
            accepted = any(attempt.accepted for attempt in made)
            after = attempted(notification, self._now(), accepted=accepted)
            await self._record(after, made)
        finally:
            self._locks.release(identifier)
        self._schedule(after)
        if accepted:
            self._release(notification)
        return accepted

    async def _record(self, after: Notification, made: list[Attempt]) -> None:
        try:
            await self._books.keep([after, *made])
        except Unavailable as error:
            _LOG.warning("attempt %d of notification %s is not on record: %s", after.attempts, after.id, error)

    async def _tell(self, notification: Notification) -> list[Attempt]:
        """Everything that this attempt sends, one after the other. Raises Unavailable."""
        trade = await self._books.trade(notification.mchid, notification.out_trade_no)
        merchant = self._merchants.find(notification.mchid)
        if trade is None or merchant is None:
            return [self._made(notification, Deviation.NONE, Heard(0, "the merchant is not there any more"))]
        document = await self._document(notification, trade)
        fault = trade.fault if notification.event is Event.PAID else None
        made = []
        for deviation in deliveries(fault, notification.attempts):
            envelope = self._envelopes.make(merchant, notification, deviating(document, trade, deviation), deviation)
            heard = await self._deliver(notification.url, envelope.body, envelope.headers)
            attempt = self._made(notification, deviation, heard)
            made.append(attempt)
            if not attempt.accepted:
                self._keep(notification, envelope, attempt)
        return made

    def _keep(self, notification: Notification, envelope: Signed, attempt: Attempt) -> None:
        deviation = "" if attempt.deviation is Deviation.NONE else attempt.deviation.value
        said = ": ".join(part for part in (deviation, attempt.answer) if part)
        what = Delivery(envelope.headers, envelope.body)
        self._refusals.keep_delivery(notification.mchid, what, notification.url, attempt.status, said, attempt.wall)

    def _made(self, notification: Notification, deviation: Deviation, heard: Heard) -> Attempt:
        attempt = Attempt(
            notification.id,
            notification.attempts + 1,
            self._now(),
            self._wall(),
            deviation,
            heard.status,
            heard.text[:_KEPT_OF_ANSWER],
        )
        if not attempt.accepted:
            told = (attempt.number, notification.out_trade_no, deviation.value, heard.status, attempt.answer)
            _LOG.warning("attempt %d for order %s (%s): answered %d %s", *told)
        return attempt

    async def _document(self, notification: Notification, trade: Trade) -> Document:
        """As it was when it happened: a payment stays one whatever is refunded since."""
        if notification.event is Event.PAID:
            return trade_document(replace(trade, state=TradeState.SUCCESS))
        refund = await self._books.refund(notification.mchid, notification.out_refund_no)
        if refund is None:
            raise NotFound(f"there is no refund `{notification.out_refund_no}`")
        return refund_event(refund, trade)

    def _release(self, told: Notification) -> None:
        """What was held back until another one of this merchant was heard goes out now."""
        held = self._held[told.mchid] - {told.id}
        self._held.pop(told.mchid)
        for identifier in held:
            self._begin(self._release_one(identifier))

    async def _release_one(self, identifier: str) -> bool:
        """Unless its hour has come meanwhile; one that cannot be told now is told then."""
        try:
            notification = await self._books.notification(identifier)
            return notification is not None and notification.held and await self._attempt(identifier)
        except NfemuError as error:
            _LOG.warning("notification %s is held back still: %s", identifier, error)
            return False
