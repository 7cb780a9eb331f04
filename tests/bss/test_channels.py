"""What a channel takes in a second, what fails, and what happens then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nfemu.bss.channels import (
    ChannelRules,
    NoticeRules,
    Pace,
    admit,
    arrives,
    has_substitute,
    instead,
    most_urgent_first,
    next_second,
    not_arrived,
    room,
)
from nfemu.bss.notices import clicked, personal_link
from nfemu.bss.urgency import Urgency
from nfemu.model.errors import Conflict
from nfemu.model.identity import CorrelationId, Imsi, NoticeId
from nfemu.model.notices import Channel, Notice, NoticeKind, NoticeState

NOW = datetime(2026, 11, 1, 8, 0, 0, 400_000, tzinfo=UTC)
TEN = ChannelRules(10)
LINK = personal_link("http://portal.carrier.example/green", NoticeId("ntc-0123456789abcdef"))
NOTICE = Notice(
    NoticeId("ntc-0123456789abcdef"),
    Imsi("460001380013800"),
    NoticeKind.DUNNING,
    "示例移动",
    f"请点击 {LINK} ",
    CorrelationId("cor-1"),
    NOW,
    LINK,
    channel=Channel.WECHAT,
)


def taken(urgency: Urgency, now: datetime, pace: Pace | None = None, most: int = 100) -> int:
    """How many in a row one channel takes."""
    for number in range(most):
        pace = admit(TEN, pace, urgency, now)
        if pace is None:
            return number
    return most


def test_a_second_has_room_for_so_many() -> None:
    """S7."""
    assert taken(Urgency.AT_ONCE, NOW) == 10
    full = Pace(NOW.replace(microsecond=0), 10)
    assert admit(TEN, full, Urgency.AT_ONCE, NOW + timedelta(milliseconds=599)) is None
    assert admit(TEN, full, Urgency.AT_ONCE, next_second(NOW)) == Pace(next_second(NOW), 1)


def test_waves_leave_room_for_what_somebody_waits_for() -> None:
    assert taken(Urgency.WAVE, NOW) == 9
    assert taken(Urgency.AT_ONCE, NOW, Pace(NOW.replace(microsecond=0), 9)) == 1


@pytest.mark.parametrize("urgency", Urgency)
def test_the_slowest_channel_takes_one_of_every_kind(urgency: Urgency) -> None:
    assert room(ChannelRules(1), urgency) == 1


def failing(percent: int, seed: int = 1) -> NoticeRules:
    return NoticeRules({Channel.WECHAT: ChannelRules(fail=percent)}, seed=seed)


def test_what_fails_is_drawn_from_the_seed() -> None:
    messages = [replace(NOTICE, imsi=Imsi(f"46000138{number:07}")) for number in range(1000)]
    first = [arrives(failing(20), each) for each in messages]
    assert first == [arrives(failing(20), each) for each in messages]
    assert first != [arrives(failing(20, seed=2), each) for each in messages]
    assert 150 < first.count(False) < 250
    assert all(arrives(failing(0), each) for each in messages)
    assert not any(arrives(failing(100), each) for each in messages)
    assert all(arrives(failing(100), replace(each, channel=Channel.SMS)) for each in messages)


def test_another_attempt_is_drawn_anew() -> None:
    attempts = [arrives(failing(50), replace(NOTICE, attempts=number)) for number in range(20)]
    assert set(attempts) == {True, False}


def test_a_channel_that_failed_is_tried_again_after_doubling_pauses_and_gives_up() -> None:
    rules = NoticeRules(attempts=3, retry=timedelta(minutes=10))
    once = not_arrived(rules, NOTICE, NOW)
    assert (once.state, once.attempts, once.retry_at) == (NoticeState.PENDING, 1, NOW + timedelta(minutes=10))
    twice = not_arrived(rules, once, NOW)
    assert (twice.state, twice.attempts, twice.retry_at) == (NoticeState.PENDING, 2, NOW + timedelta(minutes=20))
    last = not_arrived(rules, twice, NOW)
    assert (last.state, last.attempts, last.retry_at) == (NoticeState.FAILED, 3, None)


def test_what_another_channel_gave_up_goes_out_by_sms_with_a_link_of_its_own() -> None:
    failed = not_arrived(NoticeRules(attempts=1), NOTICE, NOW)
    later = NOW + timedelta(hours=1)
    other = instead(failed, NoticeId("ntc-fedcba9876543210"), later)
    assert (other.channel, other.state, other.attempts, other.created_at) == (
        Channel.SMS,
        NoticeState.PENDING,
        0,
        later,
    )
    assert other.link == "http://portal.carrier.example/green?n=fedcba98"
    assert other.text == f"请点击 {other.link} "
    assert other.correlation == NOTICE.correlation


def test_a_call_without_a_link_is_repeated_as_it_is() -> None:
    failed = replace(NOTICE, channel=Channel.VOICE, link=None, text="请缴费", state=NoticeState.FAILED)
    other = instead(failed, NoticeId("ntc-2"), NOW)
    assert (other.text, other.link) == ("请缴费", None)


def test_nothing_comes_instead_of_an_sms_or_of_what_is_tried_again_or_has_gone_by_sms_as_well() -> None:
    failed = replace(NOTICE, state=NoticeState.FAILED)
    assert has_substitute(failed)
    assert not has_substitute(replace(failed, kind=NoticeKind.STOP_NOTICE)), "S4"
    assert not has_substitute(replace(NOTICE, channel=Channel.SMS, state=NoticeState.FAILED))
    assert not has_substitute(NOTICE)


def test_the_most_urgent_come_first_and_else_nothing_is_moved() -> None:
    """S7."""
    kinds = [NoticeKind.MONTH_END, NoticeKind.DUNNING, NoticeKind.RESTORED, NoticeKind.FORECAST, NoticeKind.STOPPED]
    ordered = [each.kind for each in most_urgent_first([replace(NOTICE, kind=kind) for kind in kinds])]
    assert ordered == [
        NoticeKind.RESTORED,
        NoticeKind.STOPPED,
        NoticeKind.DUNNING,
        NoticeKind.FORECAST,
        NoticeKind.MONTH_END,
    ]


def test_only_the_first_click_counts_and_only_where_there_is_a_link() -> None:
    once = clicked(NOTICE, NOW)
    assert once.clicked_at == NOW
    assert clicked(once, NOW + timedelta(days=1)) == once
    with pytest.raises(Conflict, match=r"`ntc-0123456789abcdef` \(dunning\) has no link to open"):
        clicked(replace(NOTICE, link=None), NOW)
