"""Tried again, and given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import EventId, WebhookId
from nfemu.model.webhooks import Delivery, DeliveryState
from nfemu.webhooks.ladder import Ladder, Outcome, after, revived

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
FRESH = Delivery(WebhookId("crm"), EventId("evt-1"), "order.done", "{}", NOW)
LADDER = Ladder(timedelta(seconds=5), timedelta(seconds=30), 3, timedelta(minutes=10))
SILENT = Outcome(None, "no answer within 10 s")


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_accepted(status: int) -> None:
    found = after(LADDER, FRESH, Outcome(status), NOW)
    assert (found.state, found.attempts, found.settled_at) == (DeliveryState.DELIVERED, 1, NOW)
    assert (found.outcome, found.refusals) == (f"status {status}", 0)


def test_pauses_double_up_to_the_longest() -> None:
    found, now, pauses = FRESH, NOW, []
    for _ in range(5):
        found = after(LADDER, found, SILENT, now)
        assert found.next_attempt_at is not None
        pauses.append((found.next_attempt_at - now).total_seconds())
        now = found.next_attempt_at
    assert pauses == [5, 10, 20, 30, 30]
    assert (found.attempts, found.refusals, found.outcome) == (5, 0, "no answer within 10 s")


def test_after_a_thousand_attempts_the_pause_is_still_the_longest() -> None:
    found = after(replace(LADDER, give_up=timedelta(days=365)), replace(FRESH, attempts=1000), SILENT, NOW)
    assert found.next_attempt_at == NOW + LADDER.longest


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 410, 422])
def test_who_refuses_an_event_often_enough_is_spared_it(status: int) -> None:
    found = FRESH
    for _ in range(3):
        assert found.state is DeliveryState.PENDING
        found = after(LADDER, found, Outcome(status), NOW)
    assert (found.state, found.settled_at, found.next_attempt_at) == (DeliveryState.DEAD, NOW, None)


@pytest.mark.parametrize("outcome", [SILENT, Outcome(500), Outcome(503), Outcome(408), Outcome(425), Outcome(429)])
def test_for_who_is_down_or_busy_events_wait(outcome: Outcome) -> None:
    found = replace(FRESH, attempts=100)
    assert after(LADDER, found, outcome, NOW + timedelta(minutes=9)).state is DeliveryState.PENDING
    assert after(LADDER, found, outcome, NOW + timedelta(minutes=9, seconds=31)).state is DeliveryState.DEAD


def test_what_is_sent_again_begins_anew() -> None:
    dead = after(replace(LADDER, refusals=1), FRESH, Outcome(400), NOW)
    later = NOW + timedelta(days=3)
    assert revived(dead, later) == replace(FRESH, since=later, outcome="status 400")


@pytest.mark.parametrize(
    ("retry", "longest"), [(timedelta(0), timedelta(1)), (timedelta(seconds=2), timedelta(seconds=1))]
)
def test_pauses_that_are_none(retry: timedelta, longest: timedelta) -> None:
    with pytest.raises(InvalidInput, match="time to come back"):
        Ladder(retry, longest)
