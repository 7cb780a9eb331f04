"""Scenario files as their users run them: by the command, on carriers of its own and on the running one."""

import os
import select
import signal
import subprocess
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from tests.journeys.bearer import NEEDS_BEARERS
from tests.journeys.carrier import CONFIG, NUMBER, CarrierProcess

pytestmark = pytest.mark.once

SCENARIOS = CONFIG / "scenarios"
WRONG = f"""\
name: nobody is ever stopped
as: {NUMBER}
steps:
  - charge: 59.00
  - get: http://news.example/
    expect: {{status: 200}}
"""


def test_a_report_that_cannot_be_written_is_known_before(stopped: CarrierProcess, tmp_path: Path) -> None:
    for option, place, said in (
        ("--junit", tmp_path / "nosuch" / "x.xml", f"there is no folder `{tmp_path}/nosuch`"),
        ("--html", tmp_path, "name a file that can be"),
    ):
        done = stopped.nfemu("scenario", "run", option, str(place))
        assert (done.status, done.text, said in done.errors) == (2, "", True), done.errors


def test_on_a_temporary_carrier(stopped: CarrierProcess, tmp_path: Path) -> None:
    """One passes, one does not apply by proxy, and a wrong expectation is named with its step and the rule."""
    wrong, report, page = tmp_path / "wrong.yaml", tmp_path / "out.xml", tmp_path / "out.html"
    wrong.write_text(WRONG)
    files = ("G13-from-the-page-to-the-provider-s-confirmation.yaml", "G05-the-dns-is-no-way-out.yaml")
    paths = [*(str(SCENARIOS / name) for name in files), str(wrong)]
    command = ["--set", "carrier.access=proxy", "scenario", "run", *paths]
    done = stopped.nfemu(*command, "--junit", str(report), "--html", str(page), timeout=120)
    assert (done.status, done.text.splitlines()[0]) == (
        1,
        "on a temporary carrier; access is proxy: `access: proxy` in carrier.yaml",
    ), done.errors
    assert [line[:4] for line in done.text.splitlines() if line[:4] in ("ok  ", "n/a ", "FAIL")] == [
        "ok  ",
        "n/a ",
        "FAIL",
    ]
    assert f"{wrong}:5: step 2: get http://news.example/" in done.text
    assert "rule      arrears/default: redirect" in done.text
    assert done.text.endswith("1 passed, 1 failed, 1 not applicable\n")
    assert [len(case) for case in parse(report).iter("testcase")] == [0, 1, 1]
    assert "nobody is ever stopped" in page.read_text()


def test_what_is_recorded_runs(carrier: CarrierProcess, tmp_path: Path) -> None:
    """On the running carrier, where it was recorded; which is then as it was before."""
    file = tmp_path / "recorded.yaml"
    carrier.nfemu("charge", NUMBER, "59.00")
    carrier.nfemu("pay", NUMBER, "29.00")
    carrier.nfemu("profile", NUMBER, "inflight")
    assert carrier.nfemu("scenario", "record", NUMBER, "-o", str(file)).status == 0
    done = carrier.nfemu("scenario", "run", str(file), timeout=120)
    assert (done.status, "on the running carrier of" in done.text) == (0, True), done.text + done.errors
    with carrier.client() as client:
        line = client.subscriber(NUMBER)
        assert (line.profile, line.account.balance.amount) == ("inflight", "0.00")
        assert [state.name for state in client.states()] == ["initial"]
    refused = carrier.nfemu("scenario", "record", "13800138011")
    assert (refused.status, "nothing has happened" in refused.errors) == (1, True)


def test_what_is_recorded_of_an_account_with_two_cards_runs(carrier: CarrierProcess, tmp_path: Path) -> None:
    """One is charged, the other pays, and both are stopped and restored by it."""
    main, second = "13800138002", "13800138003"
    files = [tmp_path / f"{number}.yaml" for number in (main, second)]
    carrier.nfemu("state", "load", "initial")
    carrier.nfemu("charge", main, "35.00")
    carrier.nfemu("pay", second, "20.00")
    for file in files:
        carrier.nfemu("scenario", "record", file.stem, "-o", str(file))
    done = carrier.nfemu("scenario", "run", *map(str, files), timeout=120)
    assert (done.status, done.text.splitlines()[-1]) == (0, "2 passed, 0 failed, 0 not applicable"), done.text


def test_after_a_run_that_was_killed(carrier: CarrierProcess, tmp_path: Path) -> None:
    """What it kept stays until its user forgets it, what was done since then too; what its scenarios saved is gone."""
    file = tmp_path / "one.yaml"
    file.write_text(f"name: one\nas: {NUMBER}\nsteps:\n  - charge: 59.00\n")
    with carrier.client() as client:
        client.load_state("initial")
        client.save_state("before-scenarios")
        client.save_state("scenario--here")
        client.order_profile(NUMBER, "inflight")
    again = carrier.nfemu("scenario", "run", str(file))
    assert again.status == 0, again.errors
    assert again.errors == (
        "an earlier run was cut off: `nfemu state load before-scenarios` brings back what there was before it, "
        "`nfemu state delete before-scenarios` forgets it\n"
    )
    with carrier.client() as client:
        assert client.subscriber(NUMBER).profile == "inflight"
        assert [state.name for state in client.states()] == ["initial", "before-scenarios"]
        client.load_state("before-scenarios")
        client.delete_state("before-scenarios")
        assert client.subscriber(NUMBER).profile == "internet"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_end_puts_back_what_there_was(
    number: signal.Signals, carrier: CarrierProcess, tmp_path: Path
) -> None:
    """In the midst of a program, which ends too; what was played before is reported."""
    first, second, report, held = (tmp_path / name for name in ("1.yaml", "2.yaml", "out.xml", "held"))
    first.write_text(f"name: first\nas: {NUMBER}\nsteps:\n  - charge: 59.00\n")
    os.mkfifo(held)
    program = f"sh -c 'exec > {held}; echo begun; sleep 50; exit'"
    second.write_text(f'name: second\nas: {NUMBER}\nsteps:\n  - run: "{program}"\n')
    with carrier.client() as client:
        client.load_state("initial")
        client.charge(NUMBER, "1.00")
    holding = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    with subprocess.Popen(
        [*carrier.command("scenario", "run", str(first), str(second), "--junit", str(report))],
        env={**os.environ, "NFEMU_STATE": str(carrier.state.path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert _heard(holding) == b"begun\n"
        run.send_signal(number)
        text, _ = run.communicate(timeout=40)
    assert (run.returncode, text.splitlines()[-1]) == (
        128 + number,
        "1 passed, 0 failed, 0 not applicable, 1 interrupted",
    )
    assert [(case.get("name"), *(each.tag for each in case)) for case in parse(report).iter("testcase")] == [
        ("first",),
        ("second", "error"),
    ]
    assert _heard(holding) == b"", "nobody holds it any more"
    os.close(holding)
    with carrier.client() as client:
        assert client.subscriber(NUMBER).account.balance.amount == "29.00"
        assert [state.name for state in client.states()] == ["initial"]


def test_all_that_is_under_way_ends_when_asked(stopped: CarrierProcess, tmp_path: Path) -> None:
    """On carriers of the run's own, which end with it."""
    report, page, held = (tmp_path / name for name in ("out.xml", "out.html", "held"))
    os.mkfifo(held)
    holding = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    files = [tmp_path / f"{number}.yaml" for number in (1, 2)]
    for file in files:
        program = f"sh -c 'exec > {held}; echo begun; sleep 50; exit'"
        file.write_text(f'name: {file.stem}\nas: {NUMBER}\nsteps:\n  - run: "{program}"\n')
    command = stopped.command("--set", "carrier.access=proxy", "scenario", "run", *map(str, files), "--jobs", "2")
    with subprocess.Popen(
        [*command, "--junit", str(report), "--html", str(page)],
        env={**os.environ, "NFEMU_STATE": str(stopped.state.path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        begun = b""
        while begun.count(b"begun") < 2:
            begun += _heard(holding)
        run.send_signal(signal.SIGTERM)
        text, _ = run.communicate(timeout=40)
    assert (run.returncode, text.splitlines()[-1]) == (143, "0 passed, 0 failed, 0 not applicable, 2 interrupted")
    assert [each.tag for case in parse(report).iter("testcase") for each in case] == ["error", "error"]
    assert f"{files[1]}:4: interrupted in step 1: run sh -c" in page.read_text()
    assert _heard(holding) == b"", "nobody holds it any more"
    os.close(holding)


def _heard(pipe: int) -> bytes:
    assert select.select([pipe], [], [], 40)[0], "nothing is heard"
    return os.read(pipe, 100)


def test_a_wrong_file_is_refused_before_anything_starts(stopped: CarrierProcess, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("name: x\nsteps:\n  - {gett: http://news.example/}\n")
    done = stopped.nfemu("scenario", "run", str(file))
    assert (done.status, done.text) == (2, "")
    assert done.errors == f"nfemu: {file}:3: unknown key `gett` in `steps[1]`; did you mean `get`?\n"


@pytest.mark.long
@pytest.mark.parametrize("access", ["proxy", pytest.param("bearer", marks=NEEDS_BEARERS)])
def test_all_that_are_shipped(access: str, stopped: CarrierProcess, tmp_path: Path) -> None:
    """On four carriers at once."""
    command = ["--set", f"carrier.access={access}", "scenario", "run", str(SCENARIOS), "--jobs", "4"]
    done = stopped.nfemu(*command, "--pcap", str(tmp_path), timeout=590)
    assert done.status == 0, done.text + done.errors
    captured = {file.name for file in tmp_path.iterdir()}
    assert ("G14-paid-means-restored-at-once-8613800138000.pcap" in captured) == (access == "bearer")
