"""`nfemu compare policies`: files and output, the same again for a seed, refusals, nothing left of what was ended."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import Nfemu

COMPARE = ("compare", "policies", "--month", "2026-11")


def _run(folder: Path, hash_seed: str, *more: str) -> str:
    chosen = ("--subscribers", "20", "--policy", "graded", "--json", "--out", str(folder), *more)
    command = (sys.executable, "-m", "nfemu.cli.main", *COMPARE, *chosen)
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, env=environment, capture_output=True, check=True, text=True, timeout=300).stdout


def test_a_seed_gives_the_same_octets_again_and_another_one_others(tmp_path: Path) -> None:
    first = _run(tmp_path / "first", "1")
    second = _run(tmp_path / "second", "2")
    assert first == second
    other = _run(tmp_path / "other", "1", "--seed", "2")
    assert other != first
    for name in ("policies.html", "policies.png"):
        contents = [(tmp_path / folder / name).read_bytes() for folder in ("first", "second", "other")]
        assert contents[0] == contents[1] != contents[2]
    assert [each["policy"] for each in json.loads(first)["policies"]] == ["graded"]


def test_the_table_shows_the_policies_that_were_chosen(nfemu: Nfemu, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    found = nfemu(*COMPARE, "--subscribers", "5", "--policy", "graded", "--policy", "immediate", "--out", str(out))
    assert found.status == 0, found.err
    head = next(line for line in found.out.splitlines() if "GRADED" in line)
    assert head.split() == ["IMMEDIATE", "GRADED"]
    assert "assumed" in found.out
    assert {path.name for path in out.iterdir()} == {"policies.html", "policies.png"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--month", "2026-13"], "`2026-13` is no month"),
        (["--month", "november"], "`november` is no month"),
        (["--subscribers", "0"], "a month of `0` subscribers"),
        (["--subscribers", "20001"], "write 1 to 20,000"),
        (["--policy", "gradd"], "no dunning policy `gradd`"),
        (["--out", "/dev/null/plots"], "cannot write to `/dev/null/plots`"),
    ],
)
def test_wrong_input_is_one_line(nfemu: Nfemu, arguments: list[str], said: str) -> None:
    found = nfemu(*COMPARE, *arguments)
    assert (found.status, found.out) == (2, "")
    assert said in found.err
    assert found.err.count("\n") == 1


def test_a_plan_that_nobody_sells_is_named(nfemu: Nfemu, tmp_path: Path) -> None:
    found = nfemu("--set", "simulation.population.plans={gold: 1}", *COMPARE, "--out", str(tmp_path / "plots"))
    assert found.status == 2
    assert "`population.plans` names `gold`" in found.err
    assert not (tmp_path / "plots").exists()


def test_nothing_is_left_of_a_run_that_is_interrupted(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "nfemu.cli.main", *COMPARE, "--out", str(tmp_path / "a" / "b"))
    mark = f"NFEMU_TEST_MARK={tmp_path}"
    environment = {**os.environ, "NFEMU_TEST_MARK": str(tmp_path)}
    with subprocess.Popen(command, stderr=-1, text=True, env=environment, start_new_session=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "simulating November 2026 under immediate, classic, graded ...\n"
        assert len(_marked(mark)) == 4
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert _marked(mark) == []
    assert not (tmp_path / "a").exists()


def _marked(mark: str) -> list[int]:
    """Processes that have it in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found += [int(place.name)] if mark.encode() in (place / "environ").read_bytes() else []
    return found
