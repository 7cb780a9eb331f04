"""The ladder, and what counts as heard."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.wechat.faults import Deviation
from nfemu.wechat.notification import LADDER, Attempt, Event, Notification, attempted
from tests.wechat.making import NOW

TOLD = Notification("EV-1", "1900000109", Event.PAID, "R1", "https://merchant.example/", NOW, NOW, held=True)
HEARD = Attempt("EV-1", 1, NOW, NOW, Deviation.NONE, 200)


def test_the_ladder_is_the_documented_one() -> None:
    """15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h, 24h4m in all."""
    assert (len(LADDER), sum(LADDER, timedelta())) == (15, timedelta(hours=24, minutes=4))


def test_up_the_ladder_to_its_end() -> None:
    now, told = NOW, TOLD
    for number, wait in enumerate(LADDER, 1):
        told = attempted(told, now, accepted=False)
        assert (told.attempts, told.due_at, told.held, told.accepted) == (number, now + wait, False, False)
        now += wait
    told = attempted(told, now, accepted=False)
    assert (told.attempts, told.due_at, told.accepted) == (16, None, False)
    assert attempted(TOLD, NOW, accepted=True) == replace(TOLD, attempts=1, due_at=None, accepted=True, held=False)


@pytest.mark.parametrize(
    ("deviation", "status", "accepted"),
    [(Deviation.NONE, 200, True), (Deviation.NONE, 204, True), (Deviation.NONE, 201, False), (Deviation.NONE, 0, False)]
    + [(deviation, 200, False) for deviation in Deviation if deviation is not Deviation.NONE],
)
def test_what_counts_as_heard(deviation: Deviation, status: int, accepted: bool) -> None:
    assert replace(HEARD, deviation=deviation, status=status).accepted is accepted
