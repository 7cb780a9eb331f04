"""`nfemu doctor`: what it finds in each state of files, configuration and carrier."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from nfemu.cli.diagnosis import exposure, running
from nfemu.cli.diagnosis.check import Health
from nfemu.client.values import Clock, Component, Status, moment
from tests.cli.conftest import Nfemu
from tests.client.running import Running, carrier, status_of

SHIPPED = Path(__file__).parents[2] / "config"
OTHERS = "reachable from other machines"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private state folder with a token and a key, outside any container."""
    path = tmp_path / "state"
    (path / "keys").mkdir(parents=True)
    path.chmod(0o700)
    for name in ("api.token", "keys/portal.key"):
        (path / name).touch(mode=0o600)
    monkeypatch.setattr(exposure, "in_container", lambda: False)
    return path


Found = dict[str, list[dict[str, str]]]


class Doctor:
    """Runs the command on a state folder and a configuration."""

    def __init__(self, nfemu: Nfemu, state: Path, config: Path) -> None:
        self._nfemu = nfemu
        self._where = ("--state", str(state), "--config", str(config))

    def text(self) -> tuple[int, str]:
        done = self._nfemu(*self._where, "doctor")
        assert done.err == ""
        return done.status, done.out

    def found(self, *options: str) -> tuple[int, Found]:
        """Exit status, and the checks by what they are about."""
        done = self._nfemu(*self._where, "doctor", "--json", *options)
        document = json.loads(done.out)
        checks: Found = {}
        for check in document["checks"]:
            checks.setdefault(check["about"], []).append(check)
        assert sum(document["counts"].values()) == len(document["checks"])
        return done.status, checks


@pytest.fixture
def doctor(nfemu: Nfemu, state: Path, config: Path) -> Doctor:
    return Doctor(nfemu, state, config)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_the_shipped_configuration_is_clean(doctor: Doctor, state: Path) -> None:
    status, text = doctor.text()
    assert status == 0
    assert text.endswith(" 0 problems\n")
    assert "ok       API: 127.0.0.1:8600: this machine only; asks for the token, checks Host and Origin\n" in text
    assert "HTTP proxy: 127.0.0.1:8610: this machine only; no password: whoever reaches it is any subscriber" in text
    assert "`portal` (portal.carrier.example) is told X-MSISDN (msisdn, plain) on plain HTTP" in text
    assert f"`{state}`, closed to other users" in text
    assert "secret files: 2 files, closed to other users" in text


def test_the_overlay_is_that_of_the_next_start(doctor: Doctor, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named as `nfemu up` takes it."""
    monkeypatch.setenv("NFEMU_CARRIER", "rheinfunk")
    status, text = doctor.text()
    assert status == 0
    assert f"configuration: `{config}` with the overlay of rheinfunk is valid" in text
    assert "`portal` (konto.rheinfunk.example) is told X-Subscriber (msisdn, token) on plain HTTP" in text
    monkeypatch.setenv("NFEMU_CARRIER", "nobody")
    status, text = doctor.text()
    assert (status, "nobody" in text) == (1, True)


def test_without_a_state_folder_it_says_what_will_be(nfemu: Nfemu, tmp_path: Path, config: Path) -> None:
    status, checks = Doctor(nfemu, tmp_path / "none" / "state", config).found()
    assert status == 0
    assert "is not there yet" in checks["state folder"][0]["text"]
    assert f"in `{tmp_path}`" in checks["disk"][0]["text"]


def test_listeners_on_every_address_are_named(doctor: Doctor, config: Path) -> None:
    edit(config / "carrier.yaml", "api: {host: 127.0.0.1", "api: {host: 0.0.0.0")
    edit(config / "carrier.yaml", "  host: 127.0.0.1\n", '  host: "::"\n')
    status, checks = doctor.found()
    assert status == 1
    assert checks["API"][0]["health"] == "warning"
    assert checks["API"][0]["text"].startswith(f"0.0.0.0:8600: {OTHERS}")
    for name, address in (
        ("HTTP proxy", "[::]:8610"),
        ("SOCKS5 proxy", "[::]:8611"),
        ("proxy of one line", "[::]:8620"),
    ):
        assert checks[name][0]["health"] == "problem"
        assert checks[name][0]["text"].startswith(f"{address}: {OTHERS}; no password")
        assert checks[name][0]["advice"] == "set `proxy.host: 127.0.0.1` in carrier.yaml"


def test_in_a_container_the_publishing_decides(doctor: Doctor, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposure, "in_container", lambda: True)
    edit(config / "carrier.yaml", "  host: 127.0.0.1\n", "  host: 0.0.0.0\n")
    status, checks = doctor.found()
    assert (status, checks["HTTP proxy"][0]["health"]) == (0, "warning")
    assert "publish it on 127.0.0.1 only" in checks["HTTP proxy"][0]["advice"]


@pytest.mark.parametrize(
    ("url", "health"),
    [
        ("http://192.0.2.7:9000", "warning"),
        ("http://portal.test:9000", "warning"),
        ("http://127.0.0.1:9000", "ok"),
        ("http://localhost:9000", "ok"),
        ("https://192.0.2.7:9443", "ok"),
    ],
)
def test_numbers_in_clear_over_the_network_are_named(doctor: Doctor, config: Path, url: str, health: str) -> None:
    edit(config / "carrier.yaml", "  # upstream: {http", '  upstream: {http: "' + url + '"}  # {http')
    status, checks = doctor.found()
    (upstream,) = checks["portal upstream"]
    assert (status, upstream["health"], url in upstream["text"]) == (0, health, True)


def test_wide_patterns_are_warnings(doctor: Doctor, config: Path) -> None:
    edit(config / "policies.yaml", "pay.provider.example]", "pay.provider.example]\n    networks: [10.0.0.0/8]")
    status, checks = doctor.found()
    (wide,) = checks["policy"]
    assert (status, wide["health"], "`10.0.0.0/8` covers" in wide["text"]) == (0, "warning", True)


def test_a_configuration_with_mistakes_is_a_problem_and_the_rest_is_looked_at(doctor: Doctor, config: Path) -> None:
    edit(config / "carrier.yaml", "currency: CNY", "currency: XXX")
    status, checks = doctor.found()
    assert (status, checks["configuration"][0]["health"]) == (1, "problem")
    assert "currency `XXX` is not known" in checks["configuration"][0]["text"]
    assert checks["state folder"][0]["health"] == "ok"


def test_what_others_can_read_is_a_problem(doctor: Doctor, state: Path) -> None:
    state.chmod(0o755)
    (state / "keys" / "portal.key").chmod(0o640)
    status, checks = doctor.found()
    assert status == 1
    assert checks["state folder"][0]["advice"].startswith(f"`chmod 700 {state}`")
    (key,) = checks["secret file"]
    assert "portal.key` is open to other users (mode 640)" in key["text"]
    assert "secret files" not in checks


def test_somebody_elses_folder_is_named(doctor: Doctor, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: state.stat().st_uid + 1)
    status, checks = doctor.found()
    assert (status, checks["state folder"][0]["health"]) == (0, "warning")
    assert "belongs to user" in checks["state folder"][0]["text"]


@pytest.mark.parametrize(("days", "health"), [(89, "ok"), (91, "warning")])
def test_an_old_token_is_to_be_made_anew(doctor: Doctor, state: Path, days: int, health: str) -> None:
    then = time.time() - days * 86_400
    os.utime(state / "api.token", (then, then))
    status, checks = doctor.found()
    assert (status, checks["API token"][0]["health"], checks["API token"][0]["text"]) == (0, health, f"{days} days old")


def test_no_token_yet_is_nothing_to_say(doctor: Doctor, state: Path) -> None:
    (state / "api.token").unlink()
    assert "API token" not in doctor.found()[1]


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(("mib", "health", "exit_status"), [(49, "problem", 1), (499, "warning", 0), (500, "ok", 0)])
def test_room_on_the_disk(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, mib: int, health: str, exit_status: int
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, mib * 2**20))
    status, checks = doctor.found()
    assert (status, checks["disk"][0]["health"]) == (exit_status, health)


def test_without_curl(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    status, checks = doctor.found()
    assert (status, checks["curl"][0]["advice"]) == (0, "`apt-get install curl`")


@pytest.fixture
def serving(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A carrier that answers on the state folder."""
    monkeypatch.setattr("nfemu.cli.control.is_running", lambda _: True)
    with carrier(state) as its:
        its.state.api_token.chmod(0o600)
        yield its


def test_a_running_carrier_is_asked(doctor: Doctor, serving: Running) -> None:
    status, checks = doctor.found()
    assert status == 0
    assert checks["API"][0]["text"].startswith(serving.url.removeprefix("http://"))
    assert checks["test clock"][0]["text"].endswith("it moves only by `nfemu clock`")
    assert checks["version"][0]["health"] == "ok"


def test_a_carrier_that_does_not_answer_is_a_problem(doctor: Doctor, serving: Running) -> None:
    serving.state.publish(status_of("127.0.0.1:1", serving.state.path))
    status, checks = doctor.found()
    assert (status, checks["carrier"][0]["health"]) == (1, "problem")


CLOCK = Clock(moment("2026-11-01T08:00:00+08:00"), "wall", [], [])


def seen(*components: Component, version: str = "0.0") -> Status:
    return Status(version, all(each.healthy for each in components), 1, CLOCK, list(components))


def test_parts_that_are_ill_and_too_many_workers(serving: Running) -> None:
    ill = list(running._parts(seen(Component("worker 7", healthy=False, detail="starting")), serving.state))
    assert [(each.about, each.health) for each in ill] == [("worker 7", Health.PROBLEM)]
    many = [Component(f"worker {number}", healthy=True, detail="serving") for number in range(1000)]
    (crowd,) = running._parts(seen(*many), serving.state)
    assert (crowd.about, crowd.health) == ("workers", Health.WARNING)


def test_another_version_and_the_wall_clock() -> None:
    assert running._version(seen()).health is Health.WARNING
    assert (running.clock(CLOCK).about, running.clock(CLOCK).text) == ("wall clock", "2026-11-01 08:00:00+08:00")


def test_the_process_and_its_user() -> None:
    mine = status_of("127.0.0.1:1", Path("/"))
    assert running._process(mine).health is Health.WARNING, "process 1 is root's"


@pytest.mark.parametrize(("has", "files"), [("huaxing", "with the overlay of huaxing is valid"), (None, "` is valid")])
def test_the_files_are_read_with_the_overlay_that_runs(
    doctor: Doctor, serving: Running, has: str | None, files: str
) -> None:
    serving.state.publish(replace(serving.state.status(), overlay=has))
    _, checks = doctor.found()
    assert "overlay" not in checks
    assert checks["configuration"][0]["text"].endswith(files)


@pytest.mark.parametrize(("has", "said"), [("huaxing", "the overlay of huaxing"), (None, "no overlay")])
def test_another_overlay_than_the_running_one_is_said_plainly(
    doctor: Doctor, serving: Running, has: str | None, said: str
) -> None:
    serving.state.publish(replace(serving.state.status(), overlay=has))
    _, checks = doctor.found("--carrier", "fujimi")
    (overlay,) = checks["overlay"]
    assert overlay["text"].startswith(f"the running carrier has {said}, the files were read with the overlay of fujimi")
    assert overlay["health"] == "warning"
