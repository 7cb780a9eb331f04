"""The image as its users run it. `tools/image.sh` builds it and gives the Docker engine."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.image.container import NAME, NEEDS_ENGINE, STARTS_IN_S, docker, nfemu, start, until_healthy
from tests.journeys.carrier import until

pytestmark = [pytest.mark.long, NEEDS_ENGINE]

_ROOT = Path(__file__).parents[2]


def test_the_journey_inside_and_a_quick_end() -> None:
    seconds = start()
    assert nfemu("demo").splitlines()[-1] == "20 passed, 0 failed"
    began = time.monotonic()
    docker("stop", "-t", "5", NAME)
    size = int(json.loads(docker("image", "inspect", "nfemu"))[0]["Size"]) // 1_000_000
    print(f"\nimage {size} MB, healthy after {seconds:.1f} s, stopped within {time.monotonic() - began:.1f} s")
    assert docker("inspect", "-f", "{{.State.ExitCode}}", NAME).strip() in ("0", "143"), "not killed after 5 s"


def test_a_restart_keeps_what_is_known_and_tells_the_token_once() -> None:
    start("-v", "nfemu-test-state:/var/lib/nfemu")
    nfemu("charge", "13800138000", "59.00")
    docker("restart", NAME)
    until_healthy(time.monotonic())
    assert "effective  green" in nfemu("subscriber", "show", "13800138000")
    (token,) = re.findall(r"^API token, shown this once: (\S+) ", docker("logs", NAME), re.MULTILINE)
    assert token == docker("exec", NAME, "cat", "/var/lib/nfemu/state/api.token").strip()
    docker("rm", "-f", NAME)
    start("-v", "nfemu-test-state:/var/lib/nfemu")
    assert "effective  green" in nfemu("subscriber", "show", "13800138000")
    assert "API token" not in docker("logs", NAME)


@pytest.mark.parametrize(
    "options",
    [
        ("--read-only", "--tmpfs", "/tmp"),
        ("--read-only", "--tmpfs", "/tmp", "--user", "12345:23456"),
        ("--user", "12345", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        ("--cap-add", "NET_ADMIN"),
        ("-e", "NFEMU_SET=carrier.proxy.workers=1 carrier.api.names=[lab.example]"),
    ],
)
def test_ways_to_run_it(options: tuple[str, ...]) -> None:
    start(*options)
    assert nfemu("demo").splitlines()[-1] == "20 passed, 0 failed"


def test_nothing_runs_as_root_or_with_capabilities() -> None:
    start("--cap-add", "NET_ADMIN")
    fields = docker("exec", NAME, "sh", "-c", "cat /proc/1/status /proc/1/cmdline")
    assert re.search(r"^Uid:\t(?!0\t)", fields, re.MULTILINE)
    assert re.search(r"^CapEff:\t0+$", fields, re.MULTILINE)
    assert re.search(r"^CapBnd:\t0+$", fields, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", fields, re.MULTILINE)


def test_root_that_cannot_be_left_is_refused() -> None:
    said = docker("run", "--rm", "--name", NAME, "--cap-drop", "ALL", "nfemu", check=False)
    assert "without the capabilities CHOWN, SETUID and SETGID; start with --user 1000:1000" in said


def test_the_carrier_killed_comes_back_as_it_was() -> None:
    start("--restart", "on-failure")
    nfemu("charge", "13800138000", "59.00")
    docker("exec", NAME, "sh", "-c", "kill -9 $(cat /proc/1/task/1/children)")
    until(lambda: docker("inspect", "-f", "{{.RestartCount}}", NAME).strip() == "1", STARTS_IN_S)
    until_healthy(time.monotonic())
    assert "effective  green" in nfemu("subscriber", "show", "13800138000")
    assert docker("logs", NAME).count("API token") == 1


def test_the_command_line_from_outside(tmp_path: Path) -> None:
    """The state folder, mounted, is all that it needs: token, addresses, certificates."""
    tmp_path.chmod(0o755)
    ports = [part for port in (8600, 8610, 8611, 8620) for part in ("-p", f"127.0.0.1:{port}:{port}")]
    start(*ports, "-v", f"{tmp_path}:/var/lib/nfemu", "-e", "NFEMU_SET=carrier.proxy.workers=1")
    outside = [sys.executable, "-m", "nfemu.cli.main", "--state", str(tmp_path / "state")]
    for command in (["status"], ["exec", "13800138000", "--", "curl", "-sfi", "https://news.example/"]):
        done = subprocess.run([*outside, *command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert "worker" in done.stdout or "Example News" in done.stdout


def test_a_killed_worker_is_replaced() -> None:
    start()
    nfemu("charge", "13800138000", "59.00")
    worker = re.search(r"^  worker (\d+) ", nfemu("status"), re.MULTILINE)
    assert worker is not None
    docker("exec", NAME, "sh", "-c", f"kill -9 {worker[1]}")
    while "1 restarts" not in (seen := docker("exec", NAME, "nfemu", "status", check=False)):
        assert "restarts" in seen
    curl = ("exec", "13800138000", "--", "curl", "-si", "http://news.example/")
    assert nfemu(*curl).startswith("HTTP/1.1 302 ")


def test_wrong_configuration_is_told_and_nothing_starts(tmp_path: Path) -> None:
    shutil.copytree(_ROOT / "config", tmp_path / "config")
    (tmp_path / "config" / "policies.yaml").write_text("groups: {}\n")
    tmp_path.chmod(0o755)
    said = docker("run", "--rm", "--name", NAME, "-v", f"{tmp_path / 'config'}:/etc/nfemu:ro", "nfemu", check=False)
    assert "/etc/nfemu/policies.yaml" in said
    assert "API" not in said


def test_the_guide() -> None:
    """Every command of docs/container.md but the build, in order; the tables' ports and the three users' ways."""
    text = (_ROOT / "docs" / "container.md").read_text(encoding="utf-8")
    _, for_one_mount, without, bearers, engineer, qa, portal = re.findall(
        r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    )
    if "compose version" not in docker("compose", "version", check=False).lower():
        portal = portal.replace("docker compose", "docker-compose").replace(" --build", "")
    try:
        for given in (for_one_mount, without):
            shown = shell(given + bearers)
            assert "access           bearer: " in shown
            assert "HTTP/1.1 200" in shown
            assert "20 passed, 0 failed" in shown
        assert "verdict      reject (refused)" in shell(engineer)
        browsing = shell(qa)
        assert re.findall(r"HTTP/1\.1 (\d+)", browsing)[:2] == ["200", "302"]
        assert "20 passed, 0 failed" in browsing
        assert "<h1>您好，138****8000</h1>" in shell(portal)
    finally:
        docker("rm", "-f", "-v", "nfemu", check=False)


def shell(script: str) -> str:
    done = subprocess.run(
        ["/bin/sh", "-ec", script],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
