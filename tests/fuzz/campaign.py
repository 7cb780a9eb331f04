"""Feeding one target: mutations of its corpus, a watchdog around each, and the answers counted."""

import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import FrameType

from tests.fuzz.corpus import seeds
from tests.fuzz.mutator import mutate

HANG_S = 5.0
"""An input that is not read by then hangs; a thousand times what the slowest takes."""
_POOL = 400
"""Seeds at most that a campaign adds by itself."""

Check = Callable[[bytes], str]
"""Raises AssertionError where a property does not hold; else what the reader made of it: `accepted`, or why not."""


@dataclass(frozen=True, slots=True)
class Target:
    """`tokens`: words of the protocol; `inputs`: how many `make test-long` feeds it."""

    name: str
    tokens: Sequence[bytes]
    check: Check
    inputs: int


@dataclass(slots=True)
class Report:
    """`answers`: how many inputs drew each; quoted parts and numbers left out."""

    target: str
    inputs: int = 0
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        return sum(count for answer, count in self.answers.items() if answer.startswith("accepted"))

    def __str__(self) -> str:
        return f"{self.target}: {self.inputs} inputs, {self.accepted} accepted, {len(self.answers)} kinds of answer"


class Hang(AssertionError):
    """A reader that does not come to an end in time."""


def run(target: Target, count: int, seed: int) -> Report:
    """`count` mutations, the same for the same seed. Raises AssertionError with the first input that breaks a rule."""
    random = Random(f"{target.name} {seed}")
    pool = list(seeds(target.name).values())
    known = {_kind(answer(target, data)) for data in pool}
    most = len(pool) + _POOL
    report = Report(target.name)
    with watchdog():
        for _ in range(count):
            data = mutate(random, pool, target.tokens)
            kind = _kind(answer(target, data))
            report.inputs += 1
            report.answers[kind] += 1
            if kind not in known and len(pool) < most:
                known.add(kind)
                pool.append(data)
    return report


def answer(target: Target, data: bytes, within_s: float = HANG_S) -> str:
    """What the target makes of one input. Raises AssertionError that shows the input: it belongs into the corpus."""
    signal.setitimer(signal.ITIMER_REAL, within_s)
    try:
        return target.check(data)
    except Exception as error:
        raise AssertionError(f"{target.name}, input {data!r}: {type(error).__name__}: {error}") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def watchdog() -> Iterator[None]:
    """Makes `answer` raise within an input that hangs. In the main thread only."""

    def bark(_: int, __: FrameType | None) -> None:
        raise Hang("not read within its time")

    before = signal.signal(signal.SIGALRM, bark)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


def _kind(text: str) -> str:
    return re.sub(r"[0-9]+", "0", re.sub(r"`[^`]*`", "``", text))[:120]
