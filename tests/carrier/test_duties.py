"""Duties of accounts."""

from nfemu.carrier.duties import USE_CASES
from nfemu.model.duties import DutyKind


def test_whatever_can_fall_due_is_done() -> None:
    assert set(USE_CASES) == set(DutyKind)
