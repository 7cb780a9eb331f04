"""A day's bill: payments and refunds, and their sums."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from nfemu.wechat.bill import BillType, bill, check_day, day_of, yuan
from nfemu.wechat.errors import Refused
from nfemu.wechat.refunds import begin
from tests.wechat.making import ALL_OF_IT, NOW, PAID

DAY = date(2026, 11, 1)
TRADE, REFUND = begin(replace(PAID, description="a,b"), replace(ALL_OF_IT, amount=1999), 0, "50300", NOW)


def table(text: str) -> tuple[list[dict[str, str]], list[str]]:
    """Rows by column, and the sums."""
    lines = text.split("\r\n")
    names = lines[0].split(",")
    rows = [dict(zip(names, line[1:].split(",`"), strict=True)) for line in lines[1:-3]]
    return rows, lines[-2][1:].split(",`")


def test_all_of_a_day() -> None:
    rows, sums = table(bill(BillType.ALL, [TRADE], [(TRADE, REFUND)]))
    assert [
        (row["交易状态"], row["订单金额"], row["退款金额"], row["商户退款单号"], row["商品名称"]) for row in rows
    ] == [
        ("SUCCESS", "50.00", "0.00", "0", "a，b"),
        ("REFUND", "0.00", "19.99", "refund-1", "a，b"),
    ]
    assert sums == ["2", "50.00", "19.99", "0.00", "0.00000", "50.00", "19.99"]
    assert rows[0]["交易时间"] == "2026-11-01 16:00:00"


def test_payments_or_refunds_alone() -> None:
    payments, _ = table(bill(BillType.SUCCESS, [TRADE], [(TRADE, REFUND)]))
    refunds, sums = table(bill(BillType.REFUND, [TRADE], [(TRADE, REFUND)]))
    assert (len(payments), "退款金额" in payments[0], len(refunds), sums[0]) == (1, False, 1, "1")


def test_a_day_on_which_nothing_happened() -> None:
    with pytest.raises(Refused) as refused:
        bill(BillType.REFUND, [TRADE], [])
    assert refused.value.code == "NO_STATEMENT_EXIST"


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(2026, 10, 31, 15, 59, tzinfo=UTC), "PARAM_ERROR"),
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), "STATEMENT_CREATING"),
        (datetime(2026, 11, 2, 1, 59, tzinfo=UTC), "STATEMENT_CREATING"),
        (datetime(2027, 2, 2, 8, 0, tzinfo=UTC), "NO_STATEMENT_EXIST"),
    ],
)
def test_when_there_is_none(now: datetime, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_day(DAY, now)
    assert refused.value.code == code


def test_it_is_there_from_ten_on_the_day_after() -> None:
    check_day(DAY, datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
    begin_at, end = day_of(DAY)
    assert (begin_at, end - begin_at) == (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), timedelta(days=1))
    assert yuan(5) == "0.05"


def test_what_was_never_paid_has_no_time() -> None:
    rows, _ = table(bill(BillType.ALL, [replace(TRADE, paid_at=None, transaction_id=None)], []))
    assert (rows[0]["交易时间"], rows[0]["微信订单号"]) == ("", "")
