"""From reports of blocked requests to the use case that sends the link: however many come, one at a time, and few.

Enforcement points report a line at most once a second each. What a line was found to be is remembered with the
version of the line that was reported, until the moment from which another request could matter; so a phone that keeps
trying costs the store one read a day, and a flood of phones waits in a queue that is bounded. Nothing here needs
storing: what was sent is in the store.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from nfemu.carrier.ports import Clock
from nfemu.model.errors import NfemuError
from nfemu.model.identity import Msisdn

_log = logging.getLogger(__name__)
_MOST_WAITING = 10_000
_MOST_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class _Known:
    """Nothing is to be done for the line at `version` before `quiet_until` (business time)."""

    version: int
    quiet_until: datetime


class Detection:
    """`detect` is the use case; it says until when a line need not be looked at again."""

    def __init__(self, detect: Callable[[Msisdn], Awaitable[datetime]], clock: Clock) -> None:
        self._detect = detect
        self._clock = clock
        self._waiting: OrderedDict[Msisdn, int] = OrderedDict()
        self._known: OrderedDict[Msisdn, _Known] = OrderedDict()
        self._filled = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._work = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Forget what waits: a phone that is still blocked is reported again."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])

    def blocked(self, msisdn: Msisdn, version: int) -> None:
        """A point has refused a request of the line, which it held at `version`. Returns at once."""
        known = self._known.get(msisdn)
        if known is not None and known.version >= version and self._clock.now() < known.quiet_until:
            return
        if msisdn in self._waiting or len(self._waiting) < _MOST_WAITING:
            self._waiting[msisdn] = max(version, self._waiting.get(msisdn, 0))
            self._filled.set()

    def forget(self) -> None:
        """The rules have changed: what lines were found to be under the old ones says nothing any more."""
        self._known.clear()

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._waiting:
                await self._look(*self._waiting.popitem(last=False))

    async def _look(self, msisdn: Msisdn, version: int) -> None:
        try:
            quiet_until = await self._detect(msisdn)
        except NfemuError as error:
            _log.warning("a blocked request of %s could not be dealt with: %s", msisdn.masked(), error)
            return
        self._known[msisdn] = _Known(version, quiet_until)
        self._known.move_to_end(msisdn)
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
