"""Standing and what is due, around every border."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.bss.standing import amount_due, is_cleared, shown_due, standing
from nfemu.model.account import Account, AccountKind, Standing
from nfemu.model.identity import AccountId
from nfemu.model.money import Money

amounts = st.integers(-100_000, 100_000).map(Money)
limits = st.integers(0, 50_000).map(Money)


@pytest.mark.parametrize(
    ("balance", "limit", "expected"),
    [
        (1, 0, Standing.IN_CREDIT),
        (0, 0, Standing.IN_CREDIT),
        (-1, 0, Standing.OVERDUE),
        (-1, 500, Standing.IN_GRACE),
        (-500, 500, Standing.IN_GRACE),
        (-501, 500, Standing.OVERDUE),
    ],
)
def test_standing(balance: int, limit: int, expected: Standing) -> None:
    """S25: the extra credit stops nobody."""
    assert standing(Money(balance), Money(limit)) is expected


@pytest.mark.parametrize(
    ("balance", "limit", "resume", "cleared"),
    [
        (0, 0, 0, True),
        (-1, 500, 0, False),
        (-300, 500, -300, True),
        (999, 0, 1000, False),
        (-600, 500, -1000, False),
    ],
)
def test_cleared(balance: int, limit: int, resume: int, cleared: bool) -> None:
    """S27: from the resume balance on; never while overdue, whatever the resume balance says."""
    assert is_cleared(Money(balance), Money(limit), Money(resume)) is cleared


@given(amounts, limits, amounts)
def test_what_is_due_clears_exactly(balance: Money, limit: Money, resume: Money) -> None:
    """S8: the amount avoids the stop, one fen less does not."""
    due = amount_due(balance, limit, resume)
    assert due.minor >= 0
    assert is_cleared(balance + due, limit, resume)
    if due.minor:
        assert not is_cleared(balance + due - Money(1), limit, resume)


@pytest.mark.parametrize(
    ("kind", "due", "share", "shown"),
    [
        (AccountKind.PERSONAL, 2900, -100, 2900),
        (AccountKind.UNIT, 2900, -100, 100),
        (AccountKind.UNIT, 2900, -9000, 2900),
        (AccountKind.UNIT, 2900, 100, 0),
        (AccountKind.UNIT, 0, -9000, 0),
    ],
)
def test_a_member_of_a_unit_sees_the_own_share_only(kind: AccountKind, due: int, share: int, shown: int) -> None:
    """S11."""
    account = Account(AccountId("acme"), kind, "CNY", Money(0))
    assert shown_due(account, Money(due), Money(share)) == Money(shown)
