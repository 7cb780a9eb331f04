"""A statement beside the ledger: matches are counted, and each difference has a name."""

import pytest

from nfemu.bss.reconciliation import Comparison, Difference, DifferenceKind, Line, compare
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money

NO = PaymentNo("pay-1")


def line(amount: int | None = 2900, *, number: str = "WeChat Pay/42", refund: bool = False) -> Line:
    return Line(number, NO, None if amount is None else Money(amount), refund)


def found(comparison: Comparison) -> tuple[int, list[Difference]]:
    return comparison.matches, list(comparison.differences)


def test_what_agrees_is_counted() -> None:
    refund = line(number="refund/WeChat Pay/50", refund=True)
    assert found(compare([line(), refund], {line().number: line(), refund.number: refund}, ())) == (2, [])


@pytest.mark.parametrize(
    ("stated", "booked", "kind"),
    [
        (line(), None, DifferenceKind.NOT_BOOKED),
        (None, line(), DifferenceKind.NOT_PAID),
        (line(), line(2901), DifferenceKind.AMOUNT),
        (line(refund=True), None, DifferenceKind.REFUND_NOT_BOOKED),
        (line(None, refund=True), None, DifferenceKind.REFUND_NOT_BOOKED),
        (None, line(refund=True), DifferenceKind.NOT_REFUNDED),
    ],
)
def test_differences(stated: Line | None, booked: Line | None, kind: DifferenceKind) -> None:
    by_number = {} if booked is None else {booked.number: booked}
    amounts = [None if each is None else each.amount for each in (stated, booked)]
    expected = Difference(kind, line().number, NO, *amounts)
    assert found(compare([] if stated is None else [stated], by_number, ())) == (0, [expected])


def test_what_is_booked_for_another_order_differs() -> None:
    other = Line(line().number, PaymentNo("pay-2"), Money(2900))
    assert compare([line()], {other.number: other}, ()).differences[0].kind is DifferenceKind.AMOUNT


def test_what_is_stated_of_another_day_is_no_difference() -> None:
    assert found(compare([], {line().number: line()}, {line().number})) == (0, [])
