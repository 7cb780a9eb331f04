"""Notifications to the merchant: tried at once, then again on a ladder of business time until accepted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nfemu.model.identity import PaymentNo
from nfemu.web.provider.signature import SignedNotification

_LOG = logging.getLogger(__name__)
LADDER = tuple(timedelta(seconds=each) for each in (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800))
"""Waiting times between attempts, as providers keep them; after the last one the provider gives up."""
ANSWER_WITHIN = 5.0
"""Seconds that the payer's browser waits for the merchant's answer; the attempt itself goes on."""
_LOOK_EVERY = 0.5

Deliver = Callable[[bytes, Mapping[str, str]], Awaitable[int]]
"""The merchant's notification endpoint: body and headers (lower case) in, HTTP status out; 2xx accepts."""


@dataclass(slots=True)
class _Pending:
    no: PaymentNo
    sign: Callable[[], SignedNotification]
    attempts: int = 0
    due: datetime | None = None
    """None while an attempt is under way."""


class Notifications:
    """The provider's outbox. `now` is business time, which a test clock may move; call `run` as a task."""

    def __init__(self, deliver: Deliver, now: Callable[[], datetime], ladder: Sequence[timedelta] = LADDER) -> None:
        self._deliver = deliver
        self._now = now
        self._ladder = ladder
        self._pending: dict[PaymentNo, _Pending] = {}
        self._attempts: set[asyncio.Task[bool]] = set()
        self._filled = asyncio.Event()

    async def submit(self, no: PaymentNo, sign: Callable[[], SignedNotification]) -> bool:
        """Deliver the notification of order `no`; True once the merchant has accepted it, False when it is late or
        refused and will be tried again. `sign` makes it anew for every attempt: nonce and timestamp are fresh."""
        if no in self._pending:
            return False
        pending = self._pending[no] = _Pending(no, sign)
        task = self._start(pending)
        done, _ = await asyncio.wait([task], timeout=ANSWER_WITHIN)
        return bool(done) and task.result()

    async def retry_due(self) -> int:
        """Try again whatever is due at business time `now`; the number that was accepted."""
        now = self._now()
        due = [each for each in self._pending.values() if each.due is not None and each.due <= now]
        return sum(await asyncio.gather(*(self._start(each) for each in due)))

    def waiting(self) -> list[PaymentNo]:
        """Orders whose notification has not been accepted yet."""
        return list(self._pending)

    async def run(self) -> None:
        """Keep trying until cancelled. Business time may jump, so it is looked at again and again."""
        while True:
            await self._filled.wait()
            await self.retry_due()
            if not self._pending:
                self._filled.clear()
            await asyncio.sleep(_LOOK_EVERY)

    async def settle_attempts(self) -> None:
        """Wait for the attempts under way (before the process ends)."""
        await asyncio.gather(*self._attempts, return_exceptions=True)

    def _start(self, pending: _Pending) -> asyncio.Task[bool]:
        pending.due = None
        task = asyncio.create_task(self._attempt(pending))
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)
        return task

    async def _attempt(self, pending: _Pending) -> bool:
        signed = pending.sign()
        status = await self._deliver(signed.body, signed.headers)
        if 200 <= status < 300:
            del self._pending[pending.no]
            return True
        _LOG.warning("notification of order %s: attempt %d answered %d", pending.no, pending.attempts + 1, status)
        if pending.attempts >= len(self._ladder):
            _LOG.error("notification of order %s given up after %d attempts", pending.no, pending.attempts + 1)
            del self._pending[pending.no]
            return False
        pending.due = self._now() + self._ladder[pending.attempts]
        pending.attempts += 1
        self._filled.set()
        return False
