"""Draws: the same for ever, whoever computes them, and spread evenly."""

from datetime import timedelta
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from nfemu.bss.draws import RANGE, draw, spread

HOUR = timedelta(hours=1)


def test_a_draw_is_what_the_page_says() -> None:
    """The octets written out by hand: whoever changes them changes every month that was ever simulated."""
    octets = (
        b"\x00\x00\x00\x00\x00\x00\x00\x01" + b"7" + b"\x00\x00\x00\x00\x00\x00\x00\x05" + b"zhang"
        b"\x00\x00\x00\x00\x00\x00\x00\x0c" + b"fees/2026-12"
    )
    assert draw(7, "zhang", "fees/2026-12") == int.from_bytes(blake2b(octets).digest()[:8], "big")
    assert draw(7, "zhang", "fees/2026-12") == 0xFFCB6ED12282135


def test_parts_that_join_to_the_same_text_are_not_the_same() -> None:
    assert len({draw(1, "ab", "c"), draw(1, "a", "bc"), draw(11, "ab", "c"), draw(-1, "ab", "c")}) == 4


@given(
    st.integers(), st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")), st.integers(0, 10**6)
)
def test_a_spread_stays_in_its_window(seed: int, who: str, event: str, seconds: int) -> None:
    found = spread(seed, who, event, timedelta(seconds=seconds))
    assert timedelta(0) <= found < timedelta(seconds=max(1, seconds))
    assert found.microseconds == 0
    assert 0 <= draw(seed, who, event) < RANGE


def test_people_are_spread_evenly() -> None:
    """Of 6,000 people about 1,000 in each hour of six: five standard deviations of that are 145."""
    hours = [spread(1, f"account-{number}", "fees", 6 * HOUR) // HOUR for number in range(6000)]
    assert all(abs(hours.count(hour) - 1000) < 145 for hour in range(6))


def test_nothing_is_spread_over_less_than_a_second() -> None:
    assert spread(1, "zhang", "fees", timedelta(milliseconds=999)) == timedelta(0)
    assert spread(1, "zhang", "fees", timedelta(seconds=-5)) == timedelta(0)
