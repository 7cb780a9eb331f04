"""Finding identities that occur twice among a million, without keeping a million of them as objects.

Identities are whole numbers here. Those named one by one are a dictionary, ranges are intervals, and what comes
from a CSV file is an array of machine words (8 bytes each, and 4 for its line), sorted once.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

_SHOWN = 20
"""Duplicates reported of one CSV file; one wrong export may hold a million."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an identity was given."""

    file: str
    line: int

    def seen_from(self, file: str) -> str:
        return f"line {self.line}" if file == self.file else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Double:
    """`value` was given at `place` although it had been given at `first`."""

    value: int
    place: Place
    first: Place


@dataclass(slots=True)
class Register:
    """All identities of one kind: numbers, or IMSIs, or static addresses."""

    singles: dict[int, Place] = field(default_factory=dict)
    ranges: list[tuple[int, int, Place]] = field(default_factory=list)
    """First, last (included), place."""
    bulk_file: str = ""
    bulk: "array[int]" = field(default_factory=lambda: array("Q"))
    bulk_lines: "array[int]" = field(default_factory=lambda: array("I"))
    _doubles: list[Double] = field(default_factory=list)
    _sorted: "array[int] | None" = None

    def add(self, value: int, place: Place) -> None:
        first = self.singles.setdefault(value, place)
        if first is not place:
            self._doubles.append(Double(value, place, first))

    def add_range(self, first: int, count: int, place: Place) -> None:
        self.ranges.append((first, first + count - 1, place))

    def add_bulk(self, value: int, line: int) -> None:
        self.bulk.append(value)
        self.bulk_lines.append(line)

    def __contains__(self, value: int) -> bool:
        if value in self.singles or any(first <= value <= last for first, last, _ in self.ranges):
            return True
        order = self._order()
        index = bisect_left(order, value)
        return index < len(order) and order[index] == value

    def doubles(self) -> Iterator[Double]:
        """Every identity given more than once, but for the long tail of a CSV file."""
        yield from self._doubles
        yield from self._range_doubles()
        for value, place in self.singles.items():
            for first, last, range_place in self.ranges:
                if first <= value <= last:
                    yield Double(value, range_place, place)
        yield from self._bulk_doubles()

    def _range_doubles(self) -> Iterator[Double]:
        reach: tuple[int, Place] | None = None
        for first, last, place in sorted(self.ranges, key=lambda item: item[:2]):
            if reach is not None and first <= reach[0]:
                yield Double(first, place, reach[1])
            if reach is None or last > reach[0]:
                reach = (last, place)

    def _order(self) -> "array[int]":
        if self._sorted is None or len(self._sorted) != len(self.bulk):
            self._sorted = array("Q", sorted(self.bulk))
        return self._sorted

    def _bulk_doubles(self) -> Iterator[Double]:
        """Candidates come from the sorted copy; the lines then from the unsorted one."""
        order = self._order()
        repeated = {one for one, two in pairwise(order) if one == two}
        known = {value: place for value, place in self.singles.items() if _within(order, value, value)}
        inside = [item for item in self.ranges if _within(order, item[0], item[1])]
        if not (repeated or known or inside):
            return
        find = _finder(inside)
        shown = 0
        for value, line in zip(self.bulk, self.bulk_lines, strict=True):
            if value not in known and value not in repeated and find(value) is None:
                continue
            place = Place(self.bulk_file, line)
            first = known.setdefault(value, find(value) or place)
            if first is not place:
                yield Double(value, place, first)
                shown += 1
            if shown == _SHOWN:
                return


def _within(order: "array[int]", first: int, last: int) -> bool:
    index = bisect_left(order, first)
    return index < len(order) and order[index] <= last


def _finder(ranges: list[tuple[int, int, Place]]) -> Callable[[int], Place | None]:
    def find(value: int) -> Place | None:
        return next((place for first, last, place in ranges if first <= value <= last), None)

    return find
