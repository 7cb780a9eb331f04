from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from nfemu.simulation.choices import among, share, soon, up_to

WHO = st.text(max_size=8)


@given(WHO, st.integers(0, 10_000))
def test_up_to_reaches_its_ends_and_nothing_beyond(who: str, most: int) -> None:
    assert 0 <= up_to(1, who, "event", most) <= most


@given(WHO, st.integers(0, 99))
def test_whoever_is_among_few_is_among_more(who: str, percent: int) -> None:
    assert among(1, who, "event", percent) <= among(1, who, "event", percent + 1)
    assert not among(1, who, "event", 0)
    assert among(1, who, "event", 100)


@given(WHO, st.integers(0, 100_000))
def test_soon_is_within_its_window_in_whole_seconds(who: str, seconds: int) -> None:
    found = soon(1, who, "event", timedelta(seconds=seconds))
    assert timedelta(0) <= found <= timedelta(seconds=seconds)
    assert found.microseconds == 0


def test_shares_are_kept_and_nothing_is_taken_that_has_none() -> None:
    drawn = [share(1, str(number), "event", {"a": 1, "none": 0, "b": 3}) for number in range(4000)]
    assert "none" not in drawn
    assert 900 < drawn.count("a") < 1100


def test_half_of_all_come_within_the_first_quarter() -> None:
    window = timedelta(hours=4)
    early = sum(soon(1, str(number), "event", window) < window / 4 for number in range(4000))
    assert 1900 < early < 2100
