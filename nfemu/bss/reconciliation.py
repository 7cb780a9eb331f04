"""A provider's statement of a day beside the ledger: what agrees, and each difference.

Both are compared by the ledger's trade numbers, under which a payment or refund is booked once (`ledger`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money


class DifferenceKind(Enum):
    NOT_BOOKED = "paid, not booked"
    NOT_PAID = "booked, not paid"
    AMOUNT = "amount differs"
    REFUND_NOT_BOOKED = "refunded, not booked"
    NOT_REFUNDED = "refund booked, not made"


@dataclass(frozen=True, slots=True)
class Line:
    """One payment or refund, of a statement or of the ledger. `amount` is positive; None: the provider does not say."""

    number: str
    payment_no: PaymentNo
    amount: Money | None
    refund: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """`stated`: what the provider says, `booked` what the ledger has; None: nothing, or it does not say."""

    kind: DifferenceKind
    number: str
    payment_no: PaymentNo
    stated: Money | None
    booked: Money | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`matches`: payments and refunds that agree."""

    matches: int
    differences: tuple[Difference, ...]


def compare(stated: Sequence[Line], booked: Mapping[str, Line], elsewhere: Collection[str]) -> Comparison:
    """`booked` by number: whatever is under a stated number, and all that the ledger has of that day. `elsewhere`:
    numbers that the provider states of another day."""
    numbers = {line.number for line in stated} | set(elsewhere)
    found = [_difference(line, booked.get(line.number)) for line in stated]
    unknown = [_unstated(line) for number, line in booked.items() if number not in numbers]
    differences = tuple(each for each in [*found, *unknown] if each is not None)
    return Comparison(found.count(None), differences)


def _difference(stated: Line, booked: Line | None) -> Difference | None:
    if booked is None:
        kind = DifferenceKind.REFUND_NOT_BOOKED if stated.refund else DifferenceKind.NOT_BOOKED
        return Difference(kind, stated.number, stated.payment_no, stated.amount, None)
    if (booked.payment_no, booked.amount) != (stated.payment_no, stated.amount):
        return Difference(DifferenceKind.AMOUNT, stated.number, stated.payment_no, stated.amount, booked.amount)
    return None


def _unstated(booked: Line) -> Difference:
    kind = DifferenceKind.NOT_REFUNDED if booked.refund else DifferenceKind.NOT_PAID
    return Difference(kind, booked.number, booked.payment_no, None, booked.amount)
