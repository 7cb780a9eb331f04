"""Who answers what, and when: as the parameters say, never by night, an occasion always alike."""

from datetime import UTC, datetime, time, timedelta

import pytest

from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from tests.simulation.making import MONTH, message, nature, people

NATURE = nature()
NOON = datetime(2026, 11, 3, 4, tzinfo=UTC)
NIGHT = datetime(2026, 11, 3, 17, tzinfo=UTC)


def _answers(kind: NoticeKind, channel: Channel, now: datetime = NOON) -> list[datetime]:
    found = (NATURE.pays_when_told(person, message(kind, channel), 1, now) for person in people())
    return [moment for moment in found if moment is not None]


def _is_day(moment: datetime) -> bool:
    return time(7) <= moment.astimezone(NATURE.zone).time() < time(23)


@pytest.mark.parametrize(
    ("kind", "channel", "percent"),
    [
        (NoticeKind.DUNNING, Channel.SMS, 5),
        (NoticeKind.MONTH_END, Channel.WECHAT, 6),
        (NoticeKind.DUNNING, Channel.VOICE, 10),
        (NoticeKind.STOP_NOTICE, Channel.SMS, 12),
    ],
)
def test_so_many_answer_as_the_parameters_say(kind: NoticeKind, channel: Channel, percent: int) -> None:
    found = _answers(kind, channel)
    assert abs(len(found) - 4 * percent) <= 3 * percent**0.5 * 2
    assert all(NOON <= moment <= NOON + timedelta(hours=22) for moment in found)


@pytest.mark.parametrize("kind", [NoticeKind.STOPPED, NoticeKind.RESTORED, NoticeKind.PAYMENT_CONFIRMED])
def test_what_only_tells_what_has_happened_makes_nobody_pay_or_click(kind: NoticeKind) -> None:
    assert not _answers(kind, Channel.SMS)
    assert not any(NATURE.clicks(person, message(kind, Channel.SMS), 1, NOON) for person in people())


def test_nobody_acts_by_night_and_the_morning_is_spread() -> None:
    found = [NATURE.pays_when_stopped(person, True, 1, NIGHT) for person in people()]
    moments = [moment for moment in found if moment is not None]
    assert all(_is_day(moment) and moment > NIGHT for moment in moments)
    assert len(set(moments)) > len(moments) * 0.9


def test_the_green_channel_is_answered_sooner_and_by_more() -> None:
    green, barred = (
        [NATURE.pays_when_stopped(person, gives_ip, 1, NOON) for person in people()] for gives_ip in (True, False)
    )
    assert green.count(None) < barred.count(None)
    pairs = [(one, other) for one, other in zip(green, barred, strict=True) if one is not None and other is not None]
    assert all(one <= other for one, other in pairs)


def test_an_occasion_is_answered_alike_however_often_it_is_asked_and_another_one_by_others() -> None:
    notice = message(NoticeKind.STOP_NOTICE, Channel.SMS)
    first, again, second = (
        [NATURE.pays_when_told(person, notice, occasion, NOON) for person in people()] for occasion in (1, 1, 2)
    )
    assert first == again != second


def test_higher_levels_top_up_more_often_within_the_first_days() -> None:
    low, high = (
        [NATURE.tops_up(person, MONTH) for person in people() if (person.account.level > 6) is high]
        for high in (False, True)
    )
    assert low.count(None) / len(low) > high.count(None) / len(high)
    assert all(moment is None or (_is_day(moment) and moment < NOON + timedelta(days=18)) for moment in low + high)


@pytest.mark.parametrize("owed", [1, 2999, 3000, 3001, 12_345])
def test_what_is_paid_suffices_and_is_a_multiple_of_the_usual(owed: int) -> None:
    for person in people()[:100]:
        usual, paid = NATURE.amount(person, Money(1)).minor, NATURE.amount(person, Money(owed)).minor
        assert paid >= owed
        assert paid % usual == 0
        assert paid - usual < max(owed, usual)
