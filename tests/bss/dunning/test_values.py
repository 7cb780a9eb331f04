"""Hours, levels, texts and words."""

from datetime import date, time, timedelta
from itertools import product

import pytest

from nfemu.bss.dunning.actions import ago
from nfemu.bss.dunning.case import days_of
from nfemu.bss.dunning.hours import Hours
from nfemu.bss.dunning.rules import default_levels
from nfemu.bss.dunning.texts import Message, text_of
from nfemu.model.errors import InvalidInput
from nfemu.model.money import Money
from nfemu.model.subscriber import Segment
from tests.bss.dunning.making import SHANGHAI, at

WORDS = {"carrier": "C", "number": "138****8000", "link": "http://portal/green"}


@pytest.mark.parametrize(
    ("hours", "what"),
    [
        ((time(7), time(20), time(22)), "do not lie within the day"),
        ((time(8), time(8), time(22)), "do not lie within the day"),
        ((time(8), time(20), time(21)), "two hours before quiet hours"),
    ],
)
def test_hours_that_contradict_each_other(hours: tuple[time, time, time], what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        Hours(*hours)


def test_the_day_s_borders() -> None:
    hours = Hours(zone=SHANGHAI)
    assert [hours.is_open(at(1, hour)) for hour in (7, 8, 19, 20)] == [False, True, True, False]
    assert [hours.is_quiet(at(1, hour)) for hour in (7, 8, 21, 22)] == [True, False, False, True]
    assert hours.next_open(at(1, 3)) == at(1, 8)
    assert hours.next_open(at(1, 20)) == at(2, 8)
    assert hours.night_ends(at(1, 23)) == at(2, 8)


def test_the_table_of_levels_is_in_the_carrier_s_currency() -> None:
    assert default_levels("JPY")[10].extra_credit == Money(30, "JPY")
    assert default_levels("CNY")[7].extra_credit == Money(500)
    assert sorted(default_levels("CNY")) == list(range(1, 11))


@pytest.mark.parametrize(("message", "segment", "language"), list(product(Message, Segment, ("zh", "en"))))
def test_texts_name_the_exact_amount(message: Message, segment: Segment, language: str) -> None:
    """S8."""
    text = text_of(message, segment, language, amount=Money(5901), **WORDS)
    settled = message is Message.STOP_SOON_UNIT_SETTLED
    assert ("¥59.01" in text) is not settled
    assert "138****8000" in text
    assert "{" not in text
    assert "¥" not in text_of(message, segment, language, amount=None, **WORDS)


def test_segments_read_differently_and_foreign_languages_in_english() -> None:
    """S3."""
    texts = {text_of(Message.WAVE, segment, "zh", amount=Money(1), **WORDS) for segment in Segment}
    assert len(texts) == len(Segment)
    english = text_of(Message.WAVE, Segment.GENERAL, "en", amount=Money(1), **WORDS)
    assert text_of(Message.WAVE, Segment.GENERAL, "fr", amount=Money(1), **WORDS) == english


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(-1, "0 min ago"), (4, "4 min ago"), (119, "119 min ago"), (180, "3 h ago"), (2880, "2 d ago")],
)
def test_how_long_ago(minutes: int, text: str) -> None:
    assert ago(timedelta(minutes=minutes)) == text


def test_a_short_month_has_fewer_days() -> None:
    assert days_of(date(2026, 2, 3), (1, 28, 30)) == [date(2026, 2, 1), date(2026, 2, 28)]
