"""Opening hours: a group's rules are in force between two times of day, and landing pages are always there."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.destination import Scheme
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, Hours, Verdict
from nfemu.policy.explain import explain
from nfemu.policy.hours import changes_at, is_open, next_change
from nfemu.policy.lint import lint
from nfemu.policy.rules import NO_BINDINGS, PolicySet, decide
from tests.policy.making import LANDING, NOW, group, profile, to

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY, NIGHT = Hours(time(8), time(20)), Hours(time(22), time(6))


def quiz(hours: Hours | None = DAY, *, name: str = "quiz", trusted: bool = False) -> DestinationGroup:
    return DestinationGroup(GroupName(name), ("quiz.test",), trusted=trusted, hours=hours)


GROUPS = (group("portal", "portal.carrier.example", trusted=True), quiz(), quiz(NIGHT, name="club", trusted=True))
POLICIES = PolicySet.build(
    GROUPS,
    (
        profile("campus", Verdict.REDIRECT, "portal", "quiz", redirect_to=LANDING),
        profile("open", Verdict.ALLOW, "club"),
    ),
)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 2, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("hours", "opened", "closed"),
    [
        (DAY, [at(8), at(12), at(19, 59)], [at(7, 59), at(20), at(0), at(23, 59)]),
        (NIGHT, [at(22), at(23, 59), at(0), at(5, 59)], [at(6), at(12), at(21, 59)]),
    ],
)
def test_open_from_opening_until_before_closing(hours: Hours, opened: list[datetime], closed: list[datetime]) -> None:
    assert all(is_open(hours, moment) for moment in opened)
    assert not any(is_open(hours, moment) for moment in closed)


@pytest.mark.parametrize(
    ("profile_name", "scheme", "moment", "verdict", "rule"),
    [
        ("campus", Scheme.HTTP, at(8), Verdict.ALLOW, "campus/allow/quiz/quiz.test"),
        ("campus", Scheme.HTTP, at(20), Verdict.REDIRECT, "campus/closed/quiz"),
        ("campus", Scheme.HTTPS, at(20), Verdict.REJECT, "campus/closed/quiz"),
        ("campus", Scheme.DNS, at(20), Verdict.REJECT, "campus/closed/quiz"),
        ("campus", Scheme.HTTP, None, Verdict.REDIRECT, "campus/closed/quiz"),
        ("open", Scheme.HTTP, at(23), Verdict.ALLOW, "open/allow/club/quiz.test"),
        ("open", Scheme.HTTP, at(12), Verdict.ALLOW, "open/closed/club"),
    ],
)
def test_decide(profile_name: str, scheme: Scheme, moment: datetime | None, verdict: Verdict, rule: str) -> None:
    """Where nobody knows what time it is, a group that has hours is closed."""
    compiled = POLICIES.profile(PolicyName(profile_name))
    decision = decide(compiled, to("quiz.test", scheme=scheme), NO_BINDINGS, NOW, moment)
    assert (decision.verdict, decision.rule) == (verdict, rule)


def test_a_closed_group_is_not_enriched() -> None:
    compiled = POLICIES.profile(PolicyName("open"))
    assert decide(compiled, to("quiz.test"), NO_BINDINGS, NOW, at(23)).enrich
    closed = decide(compiled, to("quiz.test"), NO_BINDINGS, NOW, at(12))
    assert not closed.enrich
    assert closed.reason == (
        "group `club` is closed until 22:00; it is open from 22:00 to 06:00. "
        "Allowed, as everything is, and not enriched"
    )


def test_explain_says_until_when() -> None:
    assert explain(POLICIES, PolicyName("campus"), to("quiz.test"), NO_BINDINGS, NOW, at(7)).lines() == [
        f"http://quiz.test:80 under profile `campus`: redirected to {LANDING}",
        "rule campus/closed/quiz: group `quiz` is closed until 08:00; it is open from 08:00 to 20:00",
        "considered `quiz.test` of group `quiz`: the longest match, but its group is open from 08:00 to 20:00",
    ]


def test_the_landing_page_may_not_close() -> None:
    with pytest.raises(InvalidInput, match="`quiz`, which has opening hours: outside them nobody could be told"):
        PolicySet.build([quiz()], [profile("campus", Verdict.REDIRECT, "quiz", redirect_to="http://quiz.test/")])


def test_one_pattern_cannot_have_two_hours() -> None:
    with pytest.raises(InvalidInput, match="`quiz` and `club`, which have different opening hours"):
        PolicySet.build([quiz(), quiz(NIGHT, name="club")], [profile("p", Verdict.REJECT, "quiz", "club")])


def test_a_pattern_is_shadowed_by_one_of_the_same_hours_only() -> None:
    def notes(hours: Hours | None) -> list[str]:
        wide = DestinationGroup(GroupName("all"), (".quiz.test",), hours=hours)
        return [found.text for found in lint([quiz(), wide], [profile("p", Verdict.REJECT, "quiz", "all")])]

    assert any("changes nothing beside" in text for text in notes(DAY))
    assert not any("changes nothing beside" in text for text in notes(None))


def test_what_changes_next() -> None:
    assert next_change([group("portal", "x.test")], at(7)) is None
    assert next_change(GROUPS, at(7)) == at(8)
    assert next_change(GROUPS, at(8)) == at(20)
    assert next_change(GROUPS, at(23)) == at(6) + timedelta(days=1)
    assert changes_at(GROUPS, at(8)) == {"quiz": "group `quiz` opens"}
    assert changes_at(GROUPS, at(6)) == {"club": "group `club` closes"}


def test_clocks_that_go_forward() -> None:
    """A time of day that a day does not have is when the clocks change."""
    berlin = ZoneInfo("Europe/Berlin")
    early = quiz(Hours(time(2, 30), time(4)))
    before = datetime(2027, 3, 28, 1, 0, tzinfo=berlin)
    due = next_change([early], before)
    assert due is not None
    assert due.astimezone(UTC) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert is_open(Hours(time(2, 30), time(4)), due)


MOMENTS = st.timedeltas(timedelta(0), timedelta(days=365)).map(lambda later: at(0) + later)


@given(st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] != pair[1]), MOMENTS, st.floats(0, 0.999))
def test_nothing_changes_in_between(pair: tuple[time, time], now: datetime, part: float) -> None:
    hours = Hours(pair[0], pair[1])
    due = next_change([quiz(hours)], now)
    assert due is not None
    assert is_open(hours, due) is not is_open(hours, now)
    assert is_open(hours, now + (due - now) * part) is is_open(hours, now)
