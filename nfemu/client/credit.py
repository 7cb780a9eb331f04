"""What the API answers about a credit level."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from nfemu.client.values import known_fields, moment


@dataclass(frozen=True, slots=True)
class Contribution:
    """`input`: as in `credit.points` of `dunning.yaml`."""

    input: str
    value: int
    points: int


@dataclass(frozen=True, slots=True)
class Credit:
    """`level` holds; `earned` would be computed now, out of `score`. `kept`: the account is too young for that."""

    level: int
    earned: int
    kept: bool
    score: int
    base: int
    contributions: list[Contribution]
    tags: list[str]
    next_at: datetime | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        parts = [Contribution(**known_fields(Contribution, each)) for each in data["contributions"]]
        at = None if data["next_at"] is None else moment(data["next_at"])
        return cls(**{**known_fields(cls, data), "contributions": parts, "next_at": at})
