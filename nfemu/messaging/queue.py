"""What waits for receivers: each message with one of them at a time, until it is acknowledged.

What waits the store says. Here is only what is with a receiver at the moment, so what was not acknowledged comes again
after anything: a connection that ends, a process that is killed.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from nfemu.model.errors import Unavailable
from nfemu.model.identity import NoticeId
from nfemu.model.notices import Relayed

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Of `carrier.ports.Store`."""

    async def relayed(self, limit: int) -> list[Relayed]: ...

    async def forget_relayed(self, notices: Sequence[NoticeId]) -> None: ...


class RelayQueue:
    """`source` is the store of the moment."""

    def __init__(self, source: Callable[[], Source]) -> None:
        self._source = source
        self._out: set[NoticeId] = set()
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Something waits, or may wait again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def take(self, most: int) -> list[Relayed]:
        """Up to `most` messages that are with nobody, one at least, in the order in which they were sent."""
        while True:
            changed = self._changed
            found = await self._waiting(most)
            if found:
                self._out |= {message.notice.id for message in found}
                return found
            await changed.wait()

    async def _waiting(self, most: int) -> list[Relayed]:
        """What was out when the store was read may have been acknowledged since: it is not read as waiting."""
        out = set(self._out)
        try:
            found = await self._source().relayed(len(out) + most)
        except Unavailable as error:
            _log.warning("short messages for receivers cannot be read: %s", error)
            return []
        return [message for message in found if message.notice.id not in out | self._out][:most]

    async def acknowledged(self, notice: NoticeId) -> bool:
        """A receiver has it, or refuses it for good. False: that cannot be stored, and it has to come again."""
        try:
            await self._source().forget_relayed([notice])
        except Unavailable as error:
            _log.warning("message %s was acknowledged, which cannot be stored; it comes again: %s", notice, error)
            return False
        self._out.discard(notice)
        return True

    def give_back(self, notices: Sequence[NoticeId]) -> None:
        """They were not acknowledged, and are for whoever comes next."""
        self._out -= set(notices)
        self.wake()
