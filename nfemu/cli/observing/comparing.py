"""What was expected beside what was seen, point by point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nfemu.client.values import Point
from nfemu.policy.points import Place

_NOT_SEEN = "-"


@dataclass(frozen=True, slots=True)
class Compared:
    """`expected` and `observed` are signs as in `model.signs`."""

    place: str
    verdict: str
    rule: str
    expected: str
    observed: str
    same: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A URL that does not fare as `explain` says, with all that it met."""

    url: str
    points: Sequence[Compared]


def compare(points: Sequence[Point], seen: Mapping[str, str]) -> list[Compared]:
    """A row for each point. Whether a header was inserted is seen only where an origin shows what it received."""
    return [_compared(point, seen.get(point.place)) for point in points]


def _compared(point: Point, observed: str | None) -> Compared:
    may_be_hidden = point.place == Place.IDENTITY.value
    same = point.sign == observed or (observed is None and may_be_hidden)
    return Compared(point.place, point.verdict, point.rule, point.sign, observed or _NOT_SEEN, same)
