"""Octets of every line, by policy and group of destinations: counted where they pass, bounded where a profile says so.

Theory (G7). A connection counts what it reads from its phone and writes to it, from the first octet of a request's
head to the last of the response, tunnels included; what a phone sends before anything was allowed counts with what is
allowed next, and refusals do not count. A counter is one line's under one policy in one group; every second its growth
is reported, so a worker that is killed loses one second of it at most. What bounds them is in limiter.py.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from nfemu.gateway.engine.judge import Line
from nfemu.gateway.engine.limiter import Counter, Limiter
from nfemu.gateway.ports import GatewayRules
from nfemu.model.errors import NotFound
from nfemu.model.identity import GroupName, Imsi, PolicyName
from nfemu.model.policy import UNLIMITED, Limits
from nfemu.model.usage import Allowance, Usage

Key = tuple[Imsi, PolicyName]


def limits_of(rules: GatewayRules, policy: PolicyName) -> Limits:
    """No limits for a policy that is gone: nothing new goes by it."""
    try:
        return rules.policies.profile(policy).limits
    except NotFound:
        return UNLIMITED


class Meters:
    """One per worker."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counters: dict[tuple[Imsi, PolicyName, str], Counter] = {}
        self._limiters: dict[Key, Limiter] = {}
        self._allowances: dict[Key, Allowance] = {}
        self._before: dict[Key, int] = {}
        """For lines without limiter, which may get one: octets of forgotten counters, less those of earlier days."""
        self.day_ends: datetime | None = None
        """When the caps of this day end, in the carrier's zone; None before the control process has said so."""

    def counter(self, line: Line, group: GroupName | None) -> Counter:
        """Of what the line does in that group. Whoever uses it adds to `flows`, and takes away in the end."""
        return self._counter((line.state.imsi, line.profile.name), group or "", line.profile.limits)

    def add(self, usage: Usage, limits: Limits) -> None:
        """What somebody else has carried for the line, who does not wait: the kernel."""
        key = (usage.imsi, usage.policy)
        counter = self._counter(key, usage.group, limits)
        counter.up += usage.up
        counter.down += usage.down
        limiter = self._limiters.get(key)
        if limiter is not None:
            limiter.spend()

    def _counter(self, key: Key, group: str, limits: Limits) -> Counter:
        counter = self._counters.get((*key, group))
        if counter is None:
            self.limiter_of(key, limits)  # one that is made now takes the counters that are there
            counter = self._counters[*key, group] = Counter()
            limiter = self._limiters.get(key)  # also one whose limits a reload has lifted, and another may bring back
            if limiter is not None:
                limiter.add(counter)
        return counter

    def limiter(self, line: Line) -> Limiter | None:
        """None where the line's profile has no limits."""
        return self.limiter_of((line.state.imsi, line.profile.name), line.profile.limits)

    def limiter_of(self, key: Key, limits: Limits) -> Limiter | None:
        """The same by the line's key."""
        if limits.unlimited:
            return None
        limiter = self._limiters.get(key)
        if limiter is None:
            limiter = self._limiters[key] = Limiter(limits, self._now, self._before.pop(key, 0))
            for (imsi, policy, _), counter in self._counters.items():
                if (imsi, policy) == key:
                    limiter.add(counter)
            known = self._allowances.get(key)
            if known is not None:
                limiter.allow(known.others, known.sharers)
        return limiter

    def exceeded(self, key: Key, limits: Limits) -> bool:
        """Has the line used its daily cap?"""
        limiter = self.limiter_of(key, limits) if limits.daily_cap else None
        return limiter is not None and limiter.exceeded()

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
                self._forget((imsi, policy), counter)
        return grown

    def _forget(self, key: Key, counter: Counter) -> None:
        limiter = self._limiters.get(key)
        if limiter is not None:
            limiter.remove(counter)
        else:
            self._before[key] = self._before.get(key, 0) + counter.up + counter.down

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

    def past_cap(self, rules: GatewayRules) -> set[Key]:
        """Of all lines that this point has heard of, those that have used their daily cap."""
        heard = {*self._limiters, *self._allowances}
        limiters = ((key, self.limiter_of(key, limits_of(rules, key[1]))) for key in heard)
        return {key for key, limiter in limiters if limiter is not None and limiter.exceeded()}

    def start_day(self, ends_at: datetime) -> None:
        """Nobody has used anything yet. The first day that a worker hears of is the one that it is in."""
        if self.day_ends is not None and ends_at != self.day_ends:
            self._allowances.clear()
            self._before.clear()
            for (imsi, policy, _), counter in self._counters.items():
                key = (imsi, policy)
                if key not in self._limiters:
                    self._before[key] = self._before.get(key, 0) - counter.up - counter.down
            for limiter in self._limiters.values():
                limiter.start_day()
        self.day_ends = ends_at

    def forget(self) -> None:
        """Everything, as if nothing had been counted yet."""
        for known in (self._counters, self._limiters, self._allowances, self._before):
            known.clear()
        self.day_ends = None

    def rules_changed(self, rules: GatewayRules) -> None:
        """Limits as the new rules say."""
        for (_, policy), limiter in self._limiters.items():
            limiter.limit(limits_of(rules, policy))
