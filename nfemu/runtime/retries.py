"""Work on accounts that has to happen soon, in wall time: retries, and reactivations behind the success page."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from nfemu.model.errors import NfemuError
from nfemu.model.identity import AccountId

_log = logging.getLogger(__name__)
_FIRST_RETRY = 0.2
_LONGEST_RETRY = 5.0
"""Seconds."""


class Retries:
    """Runs `work` for an account after a delay, again and again until it succeeds. One run per account waits at most.

    Nothing here needs storing: what is left to do is found in the store at the next start.
    """

    def __init__(self, work: Callable[[AccountId], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: dict[AccountId, asyncio.TimerHandle] = {}
        self._delays: dict[AccountId, float] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._stopped = False

    def __contains__(self, account: AccountId) -> bool:
        """Is a run for `account` waiting?"""
        return account in self._waiting

    def schedule(self, account: AccountId, delay: float = _FIRST_RETRY) -> None:
        """In `delay` seconds, unless a run is waiting already; later after each run that did not succeed."""
        if self._stopped or account in self._waiting:
            return
        delay = self._delays.get(account, delay)
        self._waiting[account] = asyncio.get_running_loop().call_later(delay, self._launch, account, delay)

    async def stop(self) -> None:
        """Forget what waits and let finish what runs."""
        self._stopped = True
        for handle in self._waiting.values():
            handle.cancel()
        self._waiting.clear()
        while self._running:
            await asyncio.wait(self._running)

    def _launch(self, account: AccountId, delay: float) -> None:
        del self._waiting[account]
        task = asyncio.get_running_loop().create_task(self._attempt(account, delay))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _attempt(self, account: AccountId, delay: float) -> None:
        """What this run, or the work itself, schedules again waits twice as long."""
        self._delays[account] = min(max(delay * 2, _FIRST_RETRY), _LONGEST_RETRY)
        try:
            await self._work(account)
        except NfemuError as error:
            _log.warning("account `%s` is not finished yet, trying again: %s", account, error)
            self.schedule(account)
        if account not in self._waiting:
            self._delays.pop(account, None)
