"""The duty to tell a merchant of a payment or a refund, on a ladder of business time until it is accepted."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from nfemu.wechat.faults import Deviation

LADDER = tuple(
    timedelta(seconds=each)
    for each in (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
)
"""Waiting times between attempts; after the last one the provider gives up."""


class Event(Enum):
    """As the API names them."""

    PAID = "TRANSACTION.SUCCESS"
    REFUNDED = "REFUND.SUCCESS"


@dataclass(frozen=True, slots=True)
class Notification:
    """Times are business time. `due_at` None: accepted, given up, or lost. `held`: it goes out before, once another of
    that merchant has been accepted."""

    id: str
    mchid: str
    event: Event
    out_trade_no: str
    url: str
    created_at: datetime
    due_at: datetime | None
    out_refund_no: str = ""
    attempts: int = 0
    accepted: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery. `at` is business time, `wall` wall time; `status` the merchant's HTTP status, 0 without one;
    `answer` what it said, or why there was none."""

    notification: str
    number: int
    at: datetime
    wall: datetime
    deviation: Deviation
    status: int
    answer: str = ""

    @property
    def accepted(self) -> bool:
        """Whether it counts as heard: only what is genuine does."""
        return self.deviation is Deviation.NONE and self.status in (200, 204)


def attempted(notification: Notification, now: datetime, *, accepted: bool) -> Notification:
    """After an attempt: done, due again, or given up."""
    attempts = notification.attempts + 1
    after = replace(notification, attempts=attempts, accepted=accepted, held=False, due_at=None)
    if accepted or attempts > len(LADDER):
        return after
    return replace(after, due_at=now + LADDER[attempts - 1])
