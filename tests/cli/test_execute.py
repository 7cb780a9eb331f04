"""`exec`: that it is the program that runs, with the line's environment, ends and is signalled."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nfemu.client import Client
from tests.client.running import Running


def nfemu(running: Running, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "nfemu.cli.main", "--state", str(running.state.path), *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def attached(running: Running) -> Running:
    with Client.find(running.state) as client:
        client.attach("13800138000")
    return running


def test_the_program_sees_the_line(attached: Running) -> None:
    shown = nfemu(attached, "exec", "13800138000", "--", "env", NO_PROXY="localhost")
    assert shown.returncode == 0
    variables = dict(line.partition("=")[::2] for line in shown.stdout.splitlines())
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        assert variables[name] == "http://13800138000:x@127.0.0.1:8610"
    assert (variables["no_proxy"], variables["NO_PROXY"]) == ("", "")
    bundle = Path(variables["SSL_CERT_FILE"])
    assert {variables[name] for name in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")} == {str(bundle)}
    assert bundle.read_text().endswith("-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n")


def test_arguments_and_exit_status_are_the_program_s(attached: Running) -> None:
    done = nfemu(
        attached, "exec", "13800138000", "--", "sh", "-c", 'printf "%s|" "$@"; exit 7', "sh", "--json", "-x", "--"
    )
    assert (done.returncode, done.stdout) == (7, "--json|-x|--|")
    assert nfemu(attached, "exec", "13800138000", "sh", "-c", "exit 3").returncode == 3


def test_signals_reach_the_program(attached: Running) -> None:
    killed = nfemu(attached, "exec", "13800138000", "--", "sh", "-c", "kill -TERM $$")
    assert killed.returncode == -signal.SIGTERM
    piped = nfemu(attached, "exec", "13800138000", "--", "sh", "-c", "kill -PIPE $$")
    assert piped.returncode == -signal.SIGPIPE


def test_programs_that_cannot_run(attached: Running, tmp_path: Path) -> None:
    missing = nfemu(attached, "exec", "13800138000", "--", "no-such-program")
    assert (missing.returncode, missing.stderr) == (127, "nfemu: `no-such-program` is not a program on PATH\n")
    text = tmp_path / "text"
    text.write_text("no program")
    refused = nfemu(attached, "exec", "13800138000", "--", str(text))
    assert (refused.returncode, refused.stderr) == (126, f"nfemu: `{text}` cannot be run: Permission denied\n")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["13800138001", "--", "true"], 1, "13800138001 is detached, so nothing runs on its line; `nfemu attach"),
        (["13999999999", "--", "true"], 1, "no subscriber has the number `8613999999999`"),
        (["zhang", "--", "true"], 2, "`zhang` is not a phone number"),
        (["13800138000"], 2, "Missing argument 'COMMAND...'"),
        (["13800138000", "--"], 2, "name the command to run behind `--`"),
    ],
)
def test_nothing_runs_on_a_line_that_is_not_there(
    attached: Running, arguments: list[str], status: int, said: str
) -> None:
    refused = nfemu(attached, "exec", *arguments)
    assert (refused.returncode, said in refused.stderr) == (status, True), refused.stderr
