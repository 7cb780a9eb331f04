"""Which messages go first where a channel takes only so many a second (S7).

What somebody waits for is never late for a wave: whoever is about to be stopped, or has paid, has a phone in the hand.
"""

from collections.abc import Mapping
from enum import IntEnum

from nfemu.model.notices import NoticeKind


class Urgency(IntEnum):
    """The smaller, the sooner."""

    AT_ONCE = 0
    SOON = 1
    WAVE = 2
    LAST = 3


URGENCY: Mapping[NoticeKind, Urgency] = {
    NoticeKind.STOP_NOTICE: Urgency.AT_ONCE,
    NoticeKind.STOPPED: Urgency.AT_ONCE,
    NoticeKind.DETECTED: Urgency.AT_ONCE,
    NoticeKind.RESTORED: Urgency.AT_ONCE,
    NoticeKind.PAYMENT_CONFIRMED: Urgency.AT_ONCE,
    NoticeKind.PAYMENT_REFUNDED: Urgency.AT_ONCE,
    NoticeKind.DEDUCTED: Urgency.AT_ONCE,
    NoticeKind.DEDUCTION_FAILED: Urgency.AT_ONCE,
    NoticeKind.LOW_BALANCE: Urgency.SOON,
    NoticeKind.DUNNING: Urgency.WAVE,
    NoticeKind.FORECAST: Urgency.WAVE,
    NoticeKind.MONTH_END: Urgency.LAST,
}
