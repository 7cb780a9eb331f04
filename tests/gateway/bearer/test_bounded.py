"""The slower of what the APN profile and the policy say; 0 is no bound."""

import pytest

from nfemu.gateway.bearer.phones import bounded
from nfemu.model.subscriber import Ambr


@pytest.mark.parametrize(
    ("ambr", "rate", "bounds"),
    [
        (None, 0, Ambr(0, 0)),
        (None, 5, Ambr(5, 5)),
        (Ambr(3, 9), 0, Ambr(3, 9)),
        (Ambr(3, 9), 5, Ambr(3, 5)),
        (Ambr(0, 9), 5, Ambr(5, 5)),
        (Ambr(0, 9), 0, Ambr(0, 9)),
    ],
)
def test_bounded(ambr: Ambr | None, rate: int, bounds: Ambr) -> None:
    assert bounded(ambr, rate) == bounds
