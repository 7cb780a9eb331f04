"""When an event is tried again, and when it is given up: pure, in wall time.

    PENDING ──2xx──▶ DELIVERED       PENDING ──anything else──▶ PENDING, after a pause that doubles
                                     PENDING ──refused too often, or too old──▶ DEAD ──sent again──▶ PENDING

Who answers 3xx or 4xx is there and does not want this event; that is repeated a few times, so that one event does not
hold up all others for long. Who does not answer, or answers 408, 425, 429 or 5xx, is down or busy, and his events wait
for him, up to a day.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nfemu.model.errors import InvalidInput
from nfemu.model.webhooks import Delivery, DeliveryState

_LATER = (408, 425, 429)
_DOUBLINGS = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. `status` None: there was no answer, and `failure` says why."""

    status: int | None
    failure: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Ladder:
    """`retry`: the first pause, which doubles up to `longest`. `refusals`: of one event. `give_up`: how old
    one gets.

    Raises InvalidInput for pauses that are none."""

    retry: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=1)
    refusals: int = 8
    give_up: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        if self.retry < timedelta(seconds=1) or self.longest < self.retry:
            raise InvalidInput("a receiver needs time to come back: `retry` at least `1s`, `longest_retry` not shorter")


def after(ladder: Ladder, delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    """The delivery after one more attempt."""
    tried = replace(
        delivery,
        attempts=delivery.attempts + 1,
        refusals=delivery.refusals + _is_refusal(outcome),
        outcome=f"status {outcome.status}" if outcome.status is not None else outcome.failure,
        next_attempt_at=None,
    )
    if outcome.accepted:
        return replace(tried, state=DeliveryState.DELIVERED, settled_at=now)
    pause = min(ladder.retry * 2 ** min(delivery.attempts, _DOUBLINGS), ladder.longest)
    if tried.refusals >= ladder.refusals or now + pause > delivery.since + ladder.give_up:
        return replace(tried, state=DeliveryState.DEAD, settled_at=now)
    return replace(tried, next_attempt_at=now + pause)


def revived(delivery: Delivery, now: datetime) -> Delivery:
    """A dead or delivered one, to be sent again as if it had happened now."""
    return replace(
        delivery,
        state=DeliveryState.PENDING,
        since=now,
        attempts=0,
        refusals=0,
        next_attempt_at=None,
        settled_at=None,
    )


def _is_refusal(outcome: Outcome) -> bool:
    return outcome.status is not None and 300 <= outcome.status < 500 and outcome.status not in _LATER
