"""Traffic on its way from the enforcement points' reports to the tariffs: octets by line, charged soon after they are
stored.

What waits here is in memory only: a control process that is killed loses it, in the subscriber's favour; one that ends
in order loses nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from nfemu.model.errors import NfemuError
from nfemu.model.identity import Imsi, PolicyName
from nfemu.model.usage import Usage

_log = logging.getLogger(__name__)


class Metering:
    """`charge` counts a line's octets; `is_free`: under which policies nothing is counted, as of now."""

    def __init__(self, charge: Callable[[Imsi, int], Awaitable[None]], is_free: Callable[[PolicyName], bool]) -> None:
        self._charge = charge
        self._is_free = is_free
        self._waiting: dict[Imsi, int] = {}
        self._work: asyncio.Task[None] | None = None

    def add(self, usage: Sequence[Usage]) -> None:
        """What has been stored. Octets that could not be charged are, with the next that come."""
        for each in usage:
            octets = each.up + each.down
            if octets and not self._is_free(each.policy):
                self._waiting[each.imsi] = self._waiting.get(each.imsi, 0) + octets
        if self._waiting and (self._work is None or self._work.done()):
            self._work = asyncio.get_running_loop().create_task(self._run())

    async def settle(self) -> None:
        """Return when everything that could be charged is."""
        if self._work is not None:
            await asyncio.wait([self._work])

    def abandon(self) -> None:
        """Charge nothing any more."""
        self._waiting.clear()

    async def _run(self) -> None:
        failed: dict[Imsi, int] = {}
        while self._waiting:
            imsi, octets = self._waiting.popitem()
            try:
                await self._charge(imsi, octets)
            except NfemuError as error:
                _log.warning("%d octets could not be charged and wait: %s", octets, error)
                failed[imsi] = failed.get(imsi, 0) + octets
        for imsi, octets in failed.items():
            self._waiting[imsi] = self._waiting.get(imsi, 0) + octets
