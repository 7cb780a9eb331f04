"""Two contenders in one run, interleaved A B B A, so that a drifting machine treats both alike."""

import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Measure = Callable[[], Awaitable[float]]
"""One round; the cost of it, in any unit that is the same for both."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """`other / ours` per pair of rounds: above one, ours is cheaper. `low` and `high` bound the middle half."""

    median: float
    low: float
    high: float
    ours: float
    other: float

    def __str__(self) -> str:
        return f"{self.median:.2f} (middle half {self.low:.2f} to {self.high:.2f})"


async def interleaved(ours: Measure, other: Measure, rounds: int = 10) -> Ratio:
    """Run `rounds` rounds of each after one warm-up round of each."""
    await ours()
    await other()
    a: list[float] = []
    b: list[float] = []
    for index in range(rounds):
        for measure, into in ((ours, a), (other, b)) if index % 2 == 0 else ((other, b), (ours, a)):
            into.append(await measure())
    ratios = [theirs / mine for mine, theirs in zip(a, b, strict=True)]
    quarters = statistics.quantiles(ratios, n=4)
    return Ratio(statistics.median(ratios), quarters[0], quarters[2], statistics.median(a), statistics.median(b))
