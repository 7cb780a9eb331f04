"""Every target under a few thousand mutations here, under more than a million in `make test-long`.

Nothing but the declared errors leaves a reader, nothing hangs, and the target's own properties hold.
"""

import re

import pytest

from tests.fuzz.campaign import Report, Target, answer, run, watchdog
from tests.fuzz.corpus import FOLDER, seeds
from tests.fuzz.targets import TARGETS

EACH = 400
LONG_SEED = 20_261_127
by_name = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@by_name
def test_the_corpus(target: Target) -> None:
    """What was once found, and what real programs send."""
    answers = [answer(target, data) for data in seeds(target.name).values()]
    assert any(each.startswith("accepted") for each in answers)


@by_name
def test_mutations(target: Target) -> None:
    report = run(target, EACH, seed=1)
    assert report.inputs == EACH
    assert report.accepted > 0
    assert len(report.answers) > 1


@pytest.mark.long
@by_name
def test_a_million_mutations(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(target, target.inputs, seed=LONG_SEED)
    with capsys.disabled():
        print(f"\n{report}", end="")  # noqa: T201  (the figures are what the long run is for)
    assert report.inputs == target.inputs


def test_the_long_run_is_more_than_a_million() -> None:
    assert sum(target.inputs for target in TARGETS) > 1_000_000


def test_every_seed_has_its_origin_written_down() -> None:
    listed = set(re.findall(r"`([a-z0-9_]+/[a-z0-9_]+)`", (FOLDER / "README.md").read_text(encoding="utf-8")))
    assert listed == {f"{target.name}/{name}" for target in TARGETS for name in seeds(target.name)}


def test_the_same_seed_is_the_same_campaign() -> None:
    (target, *_) = TARGETS
    assert run(target, 50, seed=3) == run(target, 50, seed=3)
    assert run(target, 50, seed=3) != run(target, 50, seed=4)


def test_what_breaks_is_shown() -> None:
    def check(data: bytes) -> str:
        assert b"news" not in data
        return "accepted"

    with pytest.raises(AssertionError, match=r"requests, input b'.*news"):
        run(Target("requests", (b"news",), check, 0), EACH, seed=1)


def test_what_hangs_is_shown() -> None:
    def check(_: bytes) -> str:
        while True:
            pass

    with watchdog(), pytest.raises(AssertionError, match="endless, input b'': Hang"):
        answer(Target("endless", (), check, 0), b"", within_s=0.05)


def test_report() -> None:
    report = Report("requests", 3)
    report.answers.update(["accepted", "accepted by one", "refused"])
    assert (report.accepted, str(report)) == (2, "requests: 3 inputs, 2 accepted, 3 kinds of answer")
