"""A scenario that was read, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from nfemu.client.values import Event, Explanation
from nfemu.scenario.schema import Given, Step


@dataclass(frozen=True, slots=True)
class Act:
    """What a step does: `name` is the key that it is written under, `value` what stands there."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """A step of a scenario. `line` in the file; `as_written`: for reports, `get http://news.example/`."""

    number: int
    line: int
    written: Step
    act: Act | None
    """None: nothing is done, only looked at."""

    @property
    def as_written(self) -> str:
        if self.act is None:
            return "expect"
        if self.act.value is True:
            return self.act.name
        return f"{self.act.name} {_shown(self.act.value)}"


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    about: str
    file: Path
    called: str
    """In the names of captures and in JUnit XML: unlike any other of the run."""
    needs_bearer: bool
    line: str | None
    given: Given
    steps: Sequence[ScenarioStep]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a scenario's carrier must be configured with, beside what is at hand. `settings` as `--set` takes them."""

    overlay: str | None
    settings: tuple[str, ...]

    @classmethod
    def of(cls, given: Given) -> "Needs":
        return cls(given.carrier, tuple(f"{place}={value}" for place, value in (given.settings or {}).items()))


USUAL = Needs(None, ())


class Verdict(Enum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    INTERRUPTED = "interrupted"
    """The run was asked to end in the midst of it."""


ENDING = (Verdict.FAILED, Verdict.INTERRUPTED)
"""No further step is played then."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """`what` as it is written under `expect`; the other two in words."""

    what: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a step. `mismatches` is empty where all was as expected; `error`: it could not be done at all."""

    step: ScenarioStep
    number: str | None
    """The line."""
    verdict: Verdict
    mismatches: Sequence[Mismatch]
    error: str
    elapsed_ms: float
    """Wall time."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario. Of a failure, the rule that decided, in words where it is none of the policy's, and the
    line's timeline; `reason`: why it is not applicable, or could not be begun."""

    scenario: Scenario
    verdict: Verdict
    played: Sequence[Played]
    reason: str
    elapsed_ms: float
    rule: Explanation | str | None = None
    timeline: Sequence[Event] = ()

    @property
    def ended_at(self) -> Played | None:
        """The step that failed, or was interrupted."""
        return next((each for each in self.played if each.verdict in ENDING), None)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, str | int):
        return str(value)
    written = getattr(value, "model_dump", dict)(by_alias=True, exclude_defaults=True)
    return ", ".join(f"{name} {text}" for name, text in written.items())
