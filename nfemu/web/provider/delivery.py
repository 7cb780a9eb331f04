"""Notifications to the merchant: tried at once, then again on a ladder of business time until accepted.

The duty to notify is in the provider's books (`ProviderOrder.notify_at`), so a process that dies leaves it to the
next one. An attempt whose outcome could not be recorded is made again after a start; the merchant books once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from nfemu.model.errors import Unavailable
from nfemu.model.provider import ProviderOrder
from nfemu.web.provider.book import ProviderRecords
from nfemu.web.provider.signature import SignedNotification

_LOG = logging.getLogger(__name__)
LADDER = tuple(timedelta(seconds=each) for each in (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800))
"""Waiting times between attempts, as providers keep them; after the last one the provider gives up."""
ANSWER_WITHIN = 5.0
"""Seconds that the payer's browser waits for the merchant's answer; the attempt itself goes on."""

Deliver = Callable[[bytes, Mapping[str, str]], Awaitable[int]]
"""The merchant's notification endpoint: body and headers (lower case) in, HTTP status out; 2xx accepts."""
Duty = Callable[[], Awaitable[str | None]]
Later = Callable[[datetime, Duty], None]
"""Does something at a business time, and tells what it did to whoever moved the clock."""


class Notifications:
    """The provider's outbox. `sign` makes a notification anew for every attempt: nonce and timestamp are fresh."""

    def __init__(
        self,
        records: ProviderRecords,
        sign: Callable[[ProviderOrder], SignedNotification],
        deliver: Deliver,
        later: Later,
        now: Callable[[], datetime],
        ladder: Sequence[timedelta] = LADDER,
    ) -> None:
        self._records = records
        self._sign = sign
        self._deliver = deliver
        self._later = later
        self._now = now
        self._ladder = ladder
        self._attempts: set[asyncio.Task[bool]] = set()

    async def submit(self, order: ProviderOrder) -> bool:
        """The first attempt for an order that is paid now. True once the merchant has accepted it; False when it is
        late, or refused and will be tried again."""
        task = asyncio.create_task(self._attempt(order))
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)
        done, _ = await asyncio.wait([task], timeout=ANSWER_WITHIN)
        return bool(done) and task.result()

    async def resume(self) -> None:
        """Take up what an earlier process left. Raises Unavailable."""
        for order in await self._records.provider_orders_to_notify():
            self._schedule(order)

    async def settle_attempts(self) -> None:
        """Wait for the attempts under way (before the process ends)."""
        await asyncio.gather(*self._attempts, return_exceptions=True)

    def _schedule(self, order: ProviderOrder) -> None:
        async def again() -> str:
            outcome = "accepted" if await self._attempt(order) else "not accepted"
            return f"notification of payment {order.no}: attempt {order.attempts + 1} {outcome}"

        if order.notify_at is not None:
            self._later(order.notify_at, again)

    async def _attempt(self, order: ProviderOrder) -> bool:
        """One attempt, and what follows from it, recorded where that is possible. True: accepted."""
        signed = self._sign(order)
        status = await self._deliver(signed.body, signed.headers)
        accepted = 200 <= status < 300
        after = replace(order, notify_at=None) if accepted else self._refused(order, status)
        try:
            await self._records.put_provider_order(after)
        except Unavailable as error:
            _LOG.warning("attempt %d for order %s is not on record: %s", order.attempts + 1, order.no, error)
        self._schedule(after)
        return accepted

    def _refused(self, order: ProviderOrder, status: int) -> ProviderOrder:
        attempts = order.attempts + 1
        _LOG.warning("notification of order %s: attempt %d answered %d", order.no, attempts, status)
        if attempts > len(self._ladder):
            _LOG.error("notification of order %s given up after %d attempts", order.no, attempts)
            return replace(order, attempts=attempts, notify_at=None)
        return replace(order, attempts=attempts, notify_at=self._now() + self._ladder[attempts - 1])
