"""The soak's own judgement: what it allows while a change is under way, and what it does not let pass."""

from pathlib import Path

import pytest

from bench.soak.measuring import Holding
from bench.soak.opinion import Seen, Situation, Watched, expected
from bench.soak.report import Report
from nfemu.model.destination import Scheme
from nfemu.settings import load

POLICIES = load(Path(__file__).parents[2] / "config").policies.compiled


def test_both_sides_of_a_change_until_it_is_acknowledged() -> None:
    policy = Watched("open")
    with policy.watch() as before:
        policy.begin("arrears")
        with policy.watch() as during:
            policy.settle("arrears")
            with policy.watch() as after:
                pass
    assert (before, during, after) == ({"open", "arrears"}, {"open", "arrears"}, {"arrears"})


def test_who_has_watched_enough_sees_no_more() -> None:
    policy = Watched("open")
    with policy.watch() as seen:
        pass
    policy.settle("arrears")
    assert seen == {"open"}


@pytest.mark.parametrize(
    ("policy", "host", "scheme", "seen"),
    [
        ("open", "news.example", Scheme.HTTP, Seen.SERVED),
        ("open", "news.example", Scheme.RAW, Seen.SERVED),
        ("arrears", "news.example", Scheme.HTTP, Seen.REDIRECTED),
        ("arrears", "news.example", Scheme.RAW, Seen.REFUSED),
        ("arrears", "pay.provider.example", Scheme.RAW, Seen.SERVED),
        ("arrears", "portal.carrier.example", Scheme.HTTP, Seen.SERVED),
        (None, "portal.carrier.example", Scheme.HTTP, Seen.REFUSED),
    ],
)
def test_what_decide_allows(policy: str | None, host: str, scheme: Scheme, seen: Seen) -> None:
    assert expected(POLICIES, Situation(policy), host, scheme) is seen


def test_a_process_as_it_is() -> None:
    """This one, and a file more."""
    before = Holding.of(_PID)
    with Path(__file__).open("rb"):
        assert Holding.of(_PID).descriptors == before.descriptors + 1
    assert before.rss > before.pss / 2 > 1000
    assert before.threads >= 1


@pytest.mark.parametrize(
    ("last", "failures"),
    [
        (Holding(1000, 1049, 12, 5), []),
        (Holding(1000, 1051, 10, 5), ["worker grew by 5.1%"]),
        (Holding(1000, 1000, 13, 5), ["worker held 10 descriptors at rest, now 13"]),
        (Holding(1000, 1000, 10, 8), ["worker had 5 threads at rest, now 8"]),
    ],
)
def test_growth(last: Holding, failures: list[str]) -> None:
    report = Report("", rests={"worker": [Holding(1000, 1000, 10, 5), last]})
    assert report.failures == failures
    assert report.passed == (not failures)
    assert report.lines()[-1] == ("FAILED" if failures else "passed")


def test_wrong_verdicts_and_unexplained_errors() -> None:
    report = Report("", wrong=["13900000000 GET news.example: served"])
    report.unexplained["GET: closed"] += 2
    assert report.failures == ["wrong: 13900000000 GET news.example: served", "unexplained: GET: closed (2)"]
    assert not report.passed


_PID = int(Path("/proc/self").readlink().name)
