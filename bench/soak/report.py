"""What a soak has shown, and whether it held."""

from collections import Counter
from dataclasses import dataclass, field

from bench.soak.measuring import Holding

GROWTH = 0.05
"""Share by which a process may grow after the first minute."""
_SPARE_DESCRIPTORS = 2
"""A connection pool may hold one more or less."""


@dataclass(slots=True)
class Report:
    """`rests`: what each process held while nobody was connected, after its first minute and at the end."""

    plan: str
    seen: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    unexplained: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    rests: dict[str, list[Holding]] = field(default_factory=dict)
    disturbances: str = ""

    @property
    def failures(self) -> list[str]:
        """What did not hold, a line each."""
        found = [f"wrong: {each}" for each in self.wrong[:20]]
        found += [f"unexplained: {kind} ({count})" for kind, count in self.unexplained.most_common()]
        for name, first, last in self._compared():
            if last.pss > first.pss * (1 + GROWTH):
                found.append(f"{name} grew by {last.pss / first.pss - 1:.1%}")
            if last.descriptors > first.descriptors + _SPARE_DESCRIPTORS:
                found.append(f"{name} held {first.descriptors} descriptors at rest, now {last.descriptors}")
            if last.threads > first.threads + _SPARE_DESCRIPTORS:
                found.append(f"{name} had {first.threads} threads at rest, now {last.threads}")
        return found

    def _compared(self) -> list[tuple[str, Holding, Holding]]:
        """First and last rest of the processes that have two."""
        return [(name, rests[0], rests[-1]) for name, rests in self.rests.items() if len(rests) > 1]

    @property
    def passed(self) -> bool:
        return not self.failures

    def lines(self) -> list[str]:
        growth = [
            f"{name} at rest, after its first minute and at the end: {first}; {last}; growth {_growth(first, last)}"
            for name, first, last in self._compared()
        ]
        return [
            self.plan,
            *self.samples,
            f"requests judged: {self.seen.total()}; wrong verdicts: {len(self.wrong)}",
            *_listed("answers", self.seen),
            *_listed("actions", self.actions),
            *_listed("errors", self.errors),
            self.disturbances,
            *(growth or ["memory: not judged, the run was too short"]),
            *(f"FAILED {each}" for each in self.failures),
            "passed" if self.passed else "FAILED",
        ]


def _growth(first: Holding, last: Holding) -> str:
    return f"{last.rss / first.rss - 1:+.1%} RSS, {last.pss / first.pss - 1:+.1%} PSS"


def _listed(title: str, counted: Counter[str]) -> list[str]:
    return [f"{title}: " + (", ".join(f"{kind} {count}" for kind, count in counted.most_common()) or "none")]
