"""Finding what one seed holds twice: 16 bytes a card, and nothing for a whole range of cards."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from nfemu.model.errors import Conflict
from nfemu.model.subscriber import Subscriber


class Span(NamedTuple):
    """Consecutive identities, both ends included."""

    low: int
    high: int

    @classmethod
    def of(cls, first: str, count: int) -> "Span":
        return cls(as_int(first), as_int(first) + count - 1)


def as_int(digits: str) -> int:
    """Digits with a 1 before them: an IMSI may begin with zeros, and they count."""
    return int("1" + digits)


def as_digits(value: int) -> str:
    return str(value)[1:]


class _Column:
    """One kind of identity, of single cards by position and of ranges by position."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.values = array("Q")
        self.spans = spans

    def shared(self) -> int | None:
        """A value that is held twice, if any is."""
        ordered = sorted(self.values)
        for one, other in pairwise(ordered):
            if one == other:
                return one
        for span in self.spans:
            position = bisect_left(ordered, span.low)
            if position < len(ordered) and ordered[position] <= span.high:
                return ordered[position]
        rising = sorted(self.spans)
        for lower, upper in pairwise(rising):
            if upper.low <= lower.high:
                return upper.low
        return None

    def partners(self, other: "_Column", value: int) -> list[str]:
        """What the holders of `value` have in the other column."""
        single = [other.values[position] for position, held in enumerate(self.values) if held == value]
        in_range = [
            theirs.low + value - ours.low
            for ours, theirs in zip(self.spans, other.spans, strict=True)
            if ours.low <= value <= ours.high
        ]
        return [as_digits(partner) for partner in single + in_range]


class Twins:
    """The IMSIs and numbers of one seed."""

    def __init__(self, imsis: Sequence[Span], numbers: Sequence[Span]) -> None:
        """The two spans of each range, in one order."""
        self._imsis = _Column(imsis)
        self._numbers = _Column(numbers)

    def add(self, cards: Sequence[Subscriber]) -> None:
        self._imsis.values.extend([as_int(card.imsi.digits) for card in cards])
        self._numbers.values.extend([as_int(card.msisdn.e164) for card in cards])

    def check(self) -> None:
        """Raises Conflict that names two cards with one number, or one IMSI."""
        number = self._numbers.shared()
        if number is not None:
            one, other, *_ = self._numbers.partners(self._imsis, number)
            raise Conflict(
                f"number `{as_digits(number)}` is in the seed twice, for IMSI `{one}` and IMSI `{other}`; "
                "give each card a number of its own"
            )
        imsi = self._imsis.shared()
        if imsi is not None:
            one, other, *_ = self._imsis.partners(self._numbers, imsi)
            raise Conflict(
                f"IMSI `{as_digits(imsi)}` is in the seed twice, with number `{one}` and number `{other}`; "
                "give each card an IMSI of its own"
            )
