"""What bounds a line's octets: its daily cap and its rate (G7).

Theory. A limiter is one line's under one policy with limits. It knows what this worker has passed, exactly and at once,
and what the other workers have, as of their last reports. So the cap is exact for a line that is on one worker (but for
one read of each connection), and one that uses several at a time can pass it by what they carry in a second. The rate
is a token bucket that holds one second's worth; workers on which the line is active share the rate evenly, again as of
the last reports. Past the cap the bucket fills at a slower rate, so what paying needs is bounded as well, and still
carried.

Whoever waits for the rate does so in a queue of the line, in the order of coming, and is charged before the next one is
looked at. What is light goes on as soon as nothing is owed. Bulk (a read of 8 KiB or more) has a queue of its own and
goes on when the bucket holds as much again, so it leaves no debt: uploads do not starve the line's own payment. Past
the cap only so many further connections may wait in each; the rest learn at once that they would have to.

What a fast rate has lent, a slow one would take a minute to get back. So when the rate falls, nothing is owed any more;
and what connections that end at the cap have carried is their last read each, which nobody waits for. Past the cap a
read of bulk, which may be larger than the one that it has waited for, is owed by bulk alone: it is paid for before any
more of it goes on, and what is light waits for no more than what is light has passed. So much can be owed at a time.
Whoever waits to be opened has passed nothing yet, and owes nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable

from nfemu.model.policy import Limits

_LEAST_BURST = 65_536
"""Octets: what one read of a connection can carry."""
_MOST_OWED = 32 * _LEAST_BURST
"""Octets, by bulk alone: what is past it, all wait for."""
MAX_WAITING = 16
"""Connections of a kind, light or bulk, that may wait to be opened past the cap: what a browser asks for at once."""
BULK = 8192
"""Octets of a connection since it last went on, from which on it is bulk."""


class Counter:
    """`up` and `down` only grow. `flows`: how many connections count into it now."""

    __slots__ = ("down", "flows", "told_down", "told_up", "up")

    def __init__(self, up: int = 0) -> None:
        self.up = up
        self.down = self.told_up = self.told_down = self.flows = 0


class Limiter:
    """One line under one policy. `now` is monotonic, in seconds."""

    def __init__(self, limits: Limits, now: Callable[[], float], before: int = 0) -> None:
        """`before`: octets of this day that no counter holds any more."""
        self._limits = limits
        self._now = now
        self._counters: list[Counter] = []
        self._others = 0
        self._sharers = 1
        self._before = before
        """Octets of counters that are gone, less those of earlier days."""
        self._paced = before
        self._tokens = self._burst()
        self._filled_at = now()
        self._owed = 0.0
        """Octets, by bulk alone."""
        self._charged_at = self.rate
        """Bits per second that held at the last charge."""
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._bulk = asyncio.Lock()
        self._light_waiting = self._bulk_waiting = 0

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def rate(self) -> int:
        """Bits per second that hold now; 0: none."""
        slow, rate = self._limits.rate_past_cap, self._limits.rate
        return min(slow, rate or slow) if slow and self.exceeded() else rate

    def exceeded(self) -> bool:
        """Has the line used its cap of this day?"""
        cap = self._limits.daily_cap
        return cap > 0 and self._own() + self._others >= cap

    async def pace(self, octets: int) -> None:
        """Return when a connection may go on, in its turn, given all that has passed; `octets`: what it has itself."""
        if octets < BULK:
            await self._pace_light()
        else:
            self._charge()
            self._owe(octets)
            await self._pace_bulk(octets)

    async def enter(self, octets: int) -> bool:
        """The same for a further connection, which has passed nothing yet: `octets` are what it brings. False at once
        where too many wait already."""
        waiting = self._light_waiting if octets < BULK else self._bulk_waiting
        if waiting >= MAX_WAITING and self.exceeded():
            return False
        await (self._pace_light() if octets < BULK else self._pace_bulk(octets))
        return True

    async def _pace_light(self) -> None:
        self._light_waiting += 1
        try:
            async with self._turn:
                await self._filled_to(0)
        finally:
            self._light_waiting -= 1

    async def _pace_bulk(self, octets: int) -> None:
        self._bulk_waiting += 1
        try:
            async with self._bulk:
                await self._filled_to(octets)
        finally:
            self._bulk_waiting -= 1

    def _owe(self, octets: int) -> None:
        """What of them has been passed ahead of the rate is bulk's debt alone, past the cap."""
        if self._tokens < 0 and self.exceeded():
            moved = min(octets, -self._tokens, _MOST_OWED - self._owed)
            self._owed += moved
            self._tokens += moved
            self._changed.set()

    async def _filled_to(self, octets: int) -> None:
        self._charge()
        while (missing := min(octets, self._burst()) - self._tokens) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(missing / self._octets_per_second()):
                    await self._changed.wait()
            self._charge()

    def spend(self) -> None:
        """Charge what who does not wait has passed: it puts others off for a second, at most."""
        self._charge()
        self._tokens = max(self._tokens, -self._octets_per_second())

    def ends(self, octets: int) -> bool:
        """Past the cap, what is not essential ends at once, and nobody waits for the `octets` that it passed last."""
        if not self.exceeded():
            return False
        self._charge()
        if self._tokens < 0:
            self._tokens = min(0.0, self._tokens + octets)
        return True

    def add(self, counter: Counter) -> None:
        """What it has counted already is part of the day's use, and nobody waits for it."""
        self._counters.append(counter)
        self._paced += counter.up + counter.down

    def remove(self, counter: Counter) -> None:
        """It counts no more; what it has counted stays."""
        self._counters.remove(counter)
        self._before += counter.up + counter.down

    def allow(self, others: int, sharers: int) -> None:
        self._others, self._sharers = others, max(1, sharers)
        self._changed.set()

    def limit(self, limits: Limits) -> None:
        """New rules; whoever waits goes by them."""
        self._limits = limits
        self._changed.set()

    def start_day(self) -> None:
        own = self._own()
        self._before -= own
        self._paced -= own
        self._others = 0
        self._changed.set()

    def _own(self) -> int:
        return self._before + sum(counter.up + counter.down for counter in self._counters)

    def _charge(self) -> None:
        """Fill the bucket, and take from it what has passed since the last call."""
        own = self._own()
        octets, self._paced = own - self._paced, own
        now = self._now()
        filled = self._tokens + (now - self._filled_at) * self._octets_per_second()
        self._filled_at = now
        self._pay(filled - self._burst())
        self._tokens = min(self._burst(), filled) - octets if self.rate else self._burst()
        if self._has_fallen():
            self._tokens = max(0.0, self._tokens)
        if self.rate != self._charged_at:
            self._owed, self._charged_at = 0.0, self.rate
        self._tokens -= self._pay(self._tokens)

    def _pay(self, octets: float) -> float:
        """What of them bulk owes."""
        paid = max(0.0, min(self._owed, octets))
        self._owed -= paid
        return paid

    def _has_fallen(self) -> bool:
        """The rate, since the last charge."""
        return self.rate > 0 and (self._charged_at == 0 or self.rate < self._charged_at)

    def _octets_per_second(self) -> float:
        return self.rate / 8 / self._sharers

    def _burst(self) -> float:
        return max(_LEAST_BURST, self.rate / 8)
