"""Traffic detection (G20): when a blocked request on a restricted line sends the link, and when it has been enough.

The rule joins two things: the link goes out with the stop (G1), and again when the phone is seen trying to go online,
once a business day. A phone in a pocket tries within the second in which it is stopped, and whoever has just been sent
the link needs no second one. So for `after_stop_notice` from the stop notice on nothing is said; the first request
that is blocked later in that day is the one that counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from nfemu.model.notices import Notice, NoticeKind


@dataclass(frozen=True, slots=True)
class DetectionRules:
    """`after_stop_notice`: how long a stop notice stands for itself. `zone`: the carrier's, where days begin (G20)."""

    enabled: bool = True
    after_stop_notice: timedelta = timedelta(minutes=30)
    zone: tzinfo = UTC


def next_day(zone: tzinfo, now: datetime) -> datetime:
    """The first moment of the business day after the one of `now`."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)


def quiet_until(rules: DetectionRules, told: Iterable[Notice], now: datetime) -> datetime | None:
    """Until when nothing is to be said, given what the phone was told; None: the link goes out now."""
    ends = [end for notice in told if (end := _stands_until(rules, notice)) > now]
    return max(ends, default=None)


def _stands_until(rules: DetectionRules, notice: Notice) -> datetime:
    """A message counts from when it was sent; one that is still to be sent, from when it was made."""
    at = notice.sent_at or notice.created_at
    if notice.kind is NoticeKind.DETECTED:
        return next_day(rules.zone, at)
    return at + rules.after_stop_notice
