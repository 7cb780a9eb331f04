"""Octets of every line, by policy and group of destinations: counted where they pass, bounded where a profile says so.

Theory (G7). A connection counts what it reads from its phone and writes to it, from the first octet of a request's
head to the last of the response, tunnels included; what a phone sends before anything was allowed counts with what is
allowed next, and refusals do not count. A counter is one line's under one policy in one group; every second its growth
is reported, so a worker that is killed loses one second of it at most.

A limiter is one line's under one policy with limits. It knows what this worker has passed, exactly and at once, and
what the other workers have, as of their last reports. So the cap is exact for a line that is on one worker (but for one
read of each connection), and one that uses several at a time can pass it by what they carry in a second. The rate is a
token bucket that holds one second's worth; workers on which the line is active share the rate evenly, again as of the
last reports.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from nfemu.gateway.engine.judge import Line
from nfemu.gateway.ports import GatewayRules
from nfemu.model.errors import NotFound
from nfemu.model.identity import GroupName, Imsi, PolicyName
from nfemu.model.policy import UNLIMITED, Limits
from nfemu.model.usage import Allowance, Usage

_LEAST_BURST = 65_536
"""Octets: what one read of a connection can carry."""

Key = tuple[Imsi, PolicyName]


class Counter:
    """`up` and `down` only grow. `flows`: how many connections count into it now."""

    __slots__ = ("down", "flows", "told_down", "told_up", "up")

    def __init__(self) -> None:
        self.up = self.down = self.told_up = self.told_down = self.flows = 0


class Limiter:
    """One line under one policy. `now` is monotonic, in seconds."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._limits = limits
        self._now = now
        self._counters: list[Counter] = []
        self._others = 0
        self._sharers = 1
        self._before = 0
        """Octets of counters that are gone, less those of earlier days."""
        self._paced = 0
        self._tokens = self._burst()
        self._filled_at = now()
        self._changed = asyncio.Event()

    @property
    def limits(self) -> Limits:
        return self._limits

    def exceeded(self) -> bool:
        """Has the line used its cap of this day?"""
        cap = self._limits.daily_cap
        return cap > 0 and self._own() + self._others >= cap

    async def pace(self) -> None:
        """Return when the line may go on, given what has passed since the last call."""
        own = self._own()
        self._spend(own - self._paced)
        self._paced = own
        while self._limits.rate and self._tokens < 0:
            self._changed.clear()
            try:
                async with asyncio.timeout(-self._tokens / self._octets_per_second()):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._spend(0)

    def add(self, counter: Counter) -> None:
        self._counters.append(counter)

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

    def _own(self) -> int:
        return self._before + sum(counter.up + counter.down for counter in self._counters)

    def _spend(self, octets: int) -> None:
        now = self._now()
        fresh = (now - self._filled_at) * self._octets_per_second()
        self._filled_at = now
        self._tokens = min(self._burst(), self._tokens + fresh) - octets

    def _octets_per_second(self) -> float:
        return self._limits.rate / 8 / self._sharers

    def _burst(self) -> float:
        return max(_LEAST_BURST, self._limits.rate / 8)


class Meters:
    """One per worker."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counters: dict[tuple[Imsi, PolicyName, str], Counter] = {}
        self._limiters: dict[Key, Limiter] = {}
        self._allowances: dict[Key, Allowance] = {}
        self.day_ends: datetime | None = None
        """When the caps of this day end, in the carrier's zone; None before the control process has said so."""

    def counter(self, line: Line, group: GroupName | None) -> Counter:
        """Of what the line does in that group. Whoever uses it adds to `flows`, and takes away in the end."""
        key = (line.state.imsi, line.profile.name, group or "")
        counter = self._counters.get(key)
        if counter is None:
            limiter = self.limiter(line)  # one that is made now takes the counters that are there
            counter = self._counters[key] = Counter()
            if limiter is not None:
                limiter.add(counter)
        return counter

    def limiter(self, line: Line) -> Limiter | None:
        """None where the line's profile has no limits."""
        limits = line.profile.limits
        if not limits.daily_cap and not limits.rate:
            return None
        key = (line.state.imsi, line.profile.name)
        limiter = self._limiters.get(key)
        if limiter is None:
            limiter = self._limiters[key] = Limiter(limits, self._now)
            for (imsi, policy, _), counter in self._counters.items():
                if (imsi, policy) == key:
                    limiter.add(counter)
            known = self._allowances.get(key)
            if known is not None:
                limiter.allow(known.others, known.sharers)
        return limiter

    def growth(self) -> list[Usage]:
        """What has passed since the last call. Counters that nobody uses and that did not grow are forgotten."""
        grown = []
        for (imsi, policy, group), counter in list(self._counters.items()):
            up, down = counter.up - counter.told_up, counter.down - counter.told_down
            if up or down:
                counter.told_up, counter.told_down = counter.up, counter.down
                grown.append(Usage(imsi, policy, group, up, down))
            elif not counter.flows:
                del self._counters[imsi, policy, group]
                limiter = self._limiters.get((imsi, policy))
                if limiter is not None:
                    limiter.remove(counter)
        return grown

    def allow(self, allowances: Sequence[Allowance]) -> list[Key]:
        """Take over what the others have used; the lines that are past their cap."""
        exceeded = []
        for each in allowances:
            key = (each.imsi, each.policy)
            self._allowances[key] = each
            limiter = self._limiters.get(key)
            if limiter is not None:
                limiter.allow(each.others, each.sharers)
                if limiter.exceeded():
                    exceeded.append(key)
        return exceeded

    def start_day(self, ends_at: datetime) -> None:
        """Nobody has used anything yet. The first day that a worker hears of is the one that it is in."""
        if self.day_ends is not None and ends_at != self.day_ends:
            self._allowances.clear()
            for limiter in self._limiters.values():
                limiter.start_day()
        self.day_ends = ends_at

    def rules_changed(self, rules: GatewayRules) -> list[Key]:
        """Limits as the new rules say; the lines that are past their cap by them."""
        for (_, policy), limiter in self._limiters.items():
            try:
                limiter.limit(rules.policies.profile(policy).limits)
            except NotFound:
                limiter.limit(UNLIMITED)
        return [key for key, limiter in self._limiters.items() if limiter.exceeded()]
