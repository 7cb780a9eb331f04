"""What lines have used in this business day, by point: so that each can be told of the others' use (G7).

Points are told of limited lines only, but all are counted: a reload may bring a cap, and the day's use counts under it.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from nfemu.model.identity import Imsi, PolicyName
from nfemu.model.usage import Allowance, Usage

Key = tuple[Imsi, PolicyName]
_ACTIVE_S = 2.5
"""A line is active at a point that has reported it within this time."""


class Sharing:
    """`limited`: the policies with limits, as in force. `now` is monotonic, in seconds."""

    def __init__(self, limited: Callable[[], frozenset[PolicyName]], now: Callable[[], float]) -> None:
        self._limited = limited
        self._now = now
        self._totals: dict[Key, int] = {}
        self._own: dict[Hashable, dict[Key, int]] = {}
        self._active: dict[Key, dict[Hashable, float]] = {}

    def start_day(self, totals: Mapping[Key, int]) -> None:
        """`totals`: what was used before any of the points was there."""
        self._totals = dict(totals)
        self._own.clear()
        self._active.clear()

    def add(self, point: Hashable, usage: Iterable[Usage]) -> list[Key]:
        """A point's report; the limited lines in it."""
        limited, now = self._limited(), self._now()
        own = self._own.setdefault(point, {})
        keys: dict[Key, None] = {}
        for each in usage:
            key = (each.imsi, each.policy)
            octets = each.up + each.down
            self._totals[key] = self._totals.get(key, 0) + octets
            own[key] = own.get(key, 0) + octets
            if each.policy in limited:
                self._active.setdefault(key, {})[point] = now
                keys[key] = None
        return list(keys)

    def leave(self, point: Hashable) -> None:
        """The point is gone; what it has reported stays in the totals."""
        own = self._own.pop(point, {})
        for key in own:
            self._active.get(key, {}).pop(point, None)

    def known(self) -> list[Key]:
        """Every limited line that has used something today."""
        limited = self._limited()
        return [key for key in self._totals if key[1] in limited]

    def used(self, key: Key) -> int:
        """Octets in this day, as far as they are reported."""
        return self._totals.get(key, 0)

    def allowances(self, point: Hashable, keys: Sequence[Key]) -> tuple[Allowance, ...]:
        """What `point` must know of these lines."""
        own = self._own.get(point, {})
        return tuple(Allowance(*key, self._totals.get(key, 0) - own.get(key, 0), self._sharers(key)) for key in keys)

    def _sharers(self, key: Key) -> int:
        oldest = self._now() - _ACTIVE_S
        return sum(at >= oldest for at in self._active.get(key, {}).values())
