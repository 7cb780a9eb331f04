"""The scorecard (S20): each input's points from its band, their sum, the level, and when it is computed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.bss.credit import (
    DEFAULT_CARD,
    HIGHEST,
    LOWEST,
    Band,
    CreditInput,
    CreditRules,
    Scorecard,
    bands,
    next_recompute,
    score,
)
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import AccountId

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZHANG = AccountId("zhang")
REGULAR = {
    CreditInput.SPEND: 59,
    CreditInput.STOPS: 0,
    CreditInput.STOPPED_DAYS: 0,
    CreditInput.PAID_AHEAD: 100,
    CreditInput.PAYMENT: 100,
    CreditInput.MONTHS: 12,
}
NEVER_BETTER = (CreditInput.STOPS, CreditInput.STOPPED_DAYS)
"""More of these gives no more points; more of the others no fewer."""
inputs = st.fixed_dictionaries({each: st.integers(0, 2000) for each in CreditInput})


@pytest.mark.parametrize(
    ("otherwise", "total", "level"),
    [
        ({}, 110, 9),
        ({CreditInput.PAYMENT: 99}, 105, 8),
        ({CreditInput.SPEND: 300}, 125, 10),
        ({CreditInput.STOPS: 1, CreditInput.STOPPED_DAYS: 2}, 90, 7),
        ({CreditInput.STOPS: 4, CreditInput.STOPPED_DAYS: 20, CreditInput.PAID_AHEAD: 0}, 25, 2),
        ({CreditInput.STOPS: 9, CreditInput.STOPPED_DAYS: 60, CreditInput.PAID_AHEAD: 29, CreditInput.SPEND: 0}, 20, 2),
        ({CreditInput.MONTHS: 3, CreditInput.PAID_AHEAD: 60}, 95, 7),
    ],
)
def test_the_level_is_where_the_sum_of_points_leads(otherwise: dict[CreditInput, int], total: int, level: int) -> None:
    found = score(DEFAULT_CARD, REGULAR | otherwise, 5)
    assert (found.score, found.level, found.kept) == (total, level, False)
    assert found.base + sum(each.points for each in found.contributions) == total
    assert {each.input: each.value for each in found.contributions} == REGULAR | otherwise


@given(inputs, st.integers(LOWEST, HIGHEST))
def test_a_level_is_from_1_to_10_and_explained_to_the_last_point(values: dict[CreditInput, int], level: int) -> None:
    found = score(DEFAULT_CARD, values, level)
    assert LOWEST <= found.level <= HIGHEST
    assert found.score == found.base + sum(each.points for each in found.contributions)
    begins = (0, 0, *DEFAULT_CARD.thresholds)
    assert found.kept or begins[found.level] <= found.score or found.level == LOWEST
    assert found.kept or found.level == HIGHEST or found.score < DEFAULT_CARD.thresholds[found.level - 1]


@given(inputs, st.sampled_from(CreditInput), st.integers(1, 500))
def test_more_of_what_is_good_never_lowers_the_level(
    values: dict[CreditInput, int], grown: CreditInput, by: int
) -> None:
    card = replace(DEFAULT_CARD, min_months=0)
    before, after = (score(card, each, 5).level for each in (values, values | {grown: values[grown] + by}))
    assert before >= after if grown in NEVER_BETTER else before <= after


@pytest.mark.parametrize("level", [1, 5, 10])
def test_whose_history_is_short_keeps_the_level(level: int) -> None:
    found = score(DEFAULT_CARD, REGULAR | {CreditInput.MONTHS: 2}, level)
    assert (found.level, found.kept, found.score) == (level, True, 100)


def test_tags_say_what_stands_out() -> None:
    assert score(DEFAULT_CARD, REGULAR, 5).tags == ("pays-ahead",)
    stands_out = {CreditInput.SPEND: 300, CreditInput.MONTHS: 24, CreditInput.STOPS: 3, CreditInput.PAID_AHEAD: 89}
    assert score(DEFAULT_CARD, REGULAR | stands_out, 5).tags == ("heavy-user", "long-standing", "often-stopped")


def test_an_input_without_bands_gives_nothing() -> None:
    found = score(Scorecard(1, 0, {CreditInput.STOPS: bands({0: 2})}, tuple(range(9)), {}), REGULAR, 5)
    assert (found.score, found.level) == (3, 5)


def test_bands_are_sorted_and_begin_at_0() -> None:
    assert bands({30: 5, 0: 1}) == (Band(0, 1), Band(30, 5))
    for wrong in ({}, {1: 5}, {-1: 2, 0: 3}):
        with pytest.raises(InvalidInput, match="let the first band begin at 0"):
            bands(wrong)


@pytest.mark.parametrize("thresholds", [(), tuple(range(8)), (1, 2, 3, 4, 5, 6, 7, 9, 8), (1, 1, 2, 3, 4, 5, 6, 7, 8)])
def test_levels_begin_at_nine_rising_scores(thresholds: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match="write 9 numbers that rise"):
        replace(DEFAULT_CARD, thresholds=thresholds)


@given(st.integers(0, 2 * 365 * 24), st.text(max_size=9))
def test_it_is_computed_in_the_first_hours_of_the_next_month(hours: int, name: str) -> None:
    after = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    rules = CreditRules(zone=SHANGHAI)
    moment = next_recompute(rules, AccountId(name), after)
    local, now = moment.astimezone(SHANGHAI), after.astimezone(SHANGHAI)
    assert (local.day, local.hour < 6) == (1, True)
    assert (local.year * 12 + local.month) - (now.year * 12 + now.month) == 1


def test_accounts_have_moments_of_their_own_which_the_seed_draws() -> None:
    after = datetime(2026, 12, 31, 15, tzinfo=UTC)
    moments = {
        next_recompute(CreditRules(zone=SHANGHAI, seed=seed), AccountId(name), after)
        for seed in (1, 2)
        for name in ("zhang", "li")
    }
    assert len(moments) == 4
    begins = datetime(2027, 1, 1, tzinfo=SHANGHAI)
    assert all(begins <= moment < begins + timedelta(hours=6) for moment in moments)
