"""Workers killed and rules reloaded under traffic."""

import asyncio
import os
import re
import signal
from pathlib import Path

from bench.soak.journeys import Surroundings
from bench.soak.office import Desks
from nfemu.client import Client
from nfemu.client.values import Status

_POLL_S = 0.1


class Disturbances:
    """`spared`: a worker that is never killed, so that its memory can be followed from beginning to end."""

    def __init__(self, desks: Desks, policies: Path, texts: list[str], surroundings: Surroundings) -> None:
        self._desks = desks
        self._policies = policies
        self._texts = texts
        self._here = surroundings
        self._current = 0
        self.spared = 0
        self.killed = 0
        self.reloaded = 0

    async def workers(self) -> list[int]:
        """Process ids of those that serve."""
        status = await self._desks.call(Client.status)
        assert isinstance(status, Status)
        found = [re.fullmatch(r"worker (\d+)", each.name) for each in status.components if each.healthy]
        return [int(match[1]) for match in found if match]

    async def restarts(self) -> int:
        """How many workers have been replaced, for whatever reason."""
        status = await self._desks.call(Client.status)
        assert isinstance(status, Status)
        return sum(int(count) for each in status.components for count in re.findall(r"(\d+) restarts", each.detail))

    async def follow(self) -> bool:
        """Whether the spared worker still serves; if not (it was late, and taken out) another one is spared now."""
        while not (serving := await self.workers()):  # noqa: ASYNC110  (nothing to wait on)
            await asyncio.sleep(_POLL_S)
        if self.spared in serving:
            return True
        self.spared = serving[-1]
        return False

    async def kill_a_worker(self) -> None:
        """And wait until another serves in its place."""
        before = await self.workers()
        victim = next((pid for pid in before if pid != self.spared), 0)
        if not victim:
            return
        self._here.trouble.begin(True)
        os.kill(victim, signal.SIGKILL)
        while victim in (now := await self.workers()) or len(now) < len(before):  # noqa: ASYNC110  (nothing to wait on)
            await asyncio.sleep(_POLL_S)
        self._here.trouble.settle(False)
        self.killed += 1

    async def reload(self) -> None:
        """The other variant of the policies comes into force."""
        following = 1 - self._current
        self._here.rules.begin(following)
        await asyncio.to_thread(self._policies.write_text, self._texts[following], encoding="utf-8")
        await self._desks.call(Client.reload)
        self._here.rules.settle(following)
        self._current = following
        self.reloaded += 1

    async def disturb(self, every_s: float, ended: asyncio.Event) -> None:
        """One after the other, while the surroundings are going."""
        while not ended.is_set():
            for work in (self.reload, self.kill_a_worker):
                await asyncio.sleep(every_s)
                await self._here.going.wait()
                if ended.is_set():
                    return
                await work()
