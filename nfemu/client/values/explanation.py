"""Why a line may reach something, or may not."""

from dataclasses import dataclass
from typing import Any, Self

from nfemu.client.values.plain import known_fields


@dataclass(frozen=True, slots=True)
class Candidate:
    group: str
    pattern: str
    decided: bool
    remark: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Point:
    """A place that the traffic meets on its way."""

    place: str
    verdict: str
    rule: str
    sign: str
    """What the phone sees of it."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Explanation:
    destination: str
    profile: str | None
    verdict: str
    """`allow`, `redirect` or `reject`."""
    enrich: bool
    rule: str
    reason: str
    summary: str
    addresses: list[str]
    """What the name resolves to for this line."""
    leads_to: str
    """What is dialled; empty where nothing is."""
    candidates: list[Candidate]
    points: list[Point]
    """What the traffic meets, in order."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(
            **{
                **known_fields(cls, data),
                "candidates": [Candidate.of(each) for each in data["candidates"]],
                "points": [Point.of(each) for each in data["points"]],
            }
        )
