"""Every kind has its place in the queue, and what somebody waits for is in front (S7)."""

from nfemu.bss.urgency import URGENCY, Urgency
from nfemu.model.notices import NoticeKind


def test_every_kind_has_an_urgency() -> None:
    assert set(URGENCY) == set(NoticeKind)


def test_waves_come_after_what_somebody_waits_for() -> None:
    order = sorted(NoticeKind, key=URGENCY.__getitem__)
    assert order[-1] is NoticeKind.MONTH_END
    first = {kind for kind in NoticeKind if URGENCY[kind] is Urgency.AT_ONCE}
    assert {NoticeKind.STOP_NOTICE, NoticeKind.RESTORED, NoticeKind.PAYMENT_CONFIRMED} <= first
    assert first.isdisjoint({NoticeKind.LOW_BALANCE, NoticeKind.DUNNING, NoticeKind.FORECAST, NoticeKind.MONTH_END})
