"""When a blocked request sends the link (G20)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nfemu.bss.detection import DetectionRules, next_day, quiet_until
from nfemu.model.identity import CorrelationId, Imsi, NoticeId
from nfemu.model.notices import Notice, NoticeKind

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = DetectionRules(zone=SHANGHAI)
NOON = datetime(2026, 11, 1, 12, 0, tzinfo=SHANGHAI)


def told(kind: NoticeKind, at: datetime, sent: datetime | None = None) -> Notice:
    return Notice(NoticeId("n"), Imsi("460001380013800"), kind, "10086", "…", CorrelationId("c"), at, sent_at=sent)


def test_a_day_begins_at_midnight_of_the_carrier() -> None:
    assert next_day(SHANGHAI, NOON) == datetime(2026, 11, 1, 16, 0, tzinfo=UTC)
    assert next_day(SHANGHAI, datetime(2026, 11, 1, 16, 0, tzinfo=UTC)) == datetime(2026, 11, 2, 16, 0, tzinfo=UTC)


def test_nothing_was_said_yet() -> None:
    assert quiet_until(RULES, [], NOON) is None


def test_once_a_day() -> None:
    said = told(NoticeKind.DETECTED, NOON)
    midnight = NOON.replace(day=2, hour=0)
    assert quiet_until(RULES, [said], NOON) == midnight
    assert quiet_until(RULES, [said], midnight - timedelta(seconds=1)) == midnight
    assert quiet_until(RULES, [said], midnight) is None


def test_a_message_that_was_late_counts_for_the_day_on_which_it_arrived() -> None:
    late = told(NoticeKind.DETECTED, NOON, NOON + timedelta(days=1))
    assert quiet_until(RULES, [late], NOON + timedelta(days=1, hours=1)) == NOON.replace(day=3, hour=0)


def test_a_stop_notice_stands_for_a_while() -> None:
    stop = told(NoticeKind.STOPPED, NOON)
    assert quiet_until(RULES, [stop], NOON) == NOON + timedelta(minutes=30)
    assert quiet_until(RULES, [stop], NOON + timedelta(minutes=30)) is None
    assert quiet_until(replace(RULES, after_stop_notice=timedelta(0)), [stop], NOON) is None


def test_the_longest_quiet_counts() -> None:
    both = [told(NoticeKind.DETECTED, NOON), told(NoticeKind.STOPPED, NOON)]
    assert quiet_until(RULES, both, NOON) == NOON.replace(day=2, hour=0)
