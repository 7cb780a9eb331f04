"""`exec`: the program's environment, and that it is the program that runs, ends and is signalled."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nfemu.cli.execute import environment, proxies, system_roots, write_bundle
from nfemu.client import Client, StateFolder
from nfemu.model.errors import Unavailable
from tests.client.running import Running, status_of


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
    assert {variables[name] for name in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")} == {
        str(bundle)
    }
    assert bundle.read_text().endswith("-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n")


def test_a_line_with_a_listener_of_its_own(running: Running) -> None:
    with Client.find(running.state) as client:
        line = client.subscriber("13800138001")
    status = status_of("127.0.0.1:1", running.state.path)
    variables = environment({"LANG": "C", "Https_Proxy": "x"}, proxies(status, line), Path("/ca.pem"))
    assert variables["https_proxy"] == "http://127.0.0.1:8621"
    assert variables["LANG"] == "C"
    assert "Https_Proxy" not in variables


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


def test_the_caller_s_own_roots_are_kept(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    own, ca = tmp_path / "own.pem", tmp_path / "ca.pem"
    own.write_text("own roots\n\n")
    ca.write_text("our CA\n")
    bundle = write_bundle(state, ca, system_roots({"SSL_CERT_FILE": str(own)}, state))
    assert bundle.read_text() == "own roots\nour CA\n"
    written = bundle.stat().st_ino
    assert write_bundle(state, ca, b"own roots\n").stat().st_ino == written
    inside = system_roots({"SSL_CERT_FILE": str(bundle)}, state)
    assert b"our CA" not in inside


def test_a_certificate_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"ca\.pem`: No such file or directory"):
        write_bundle(StateFolder(tmp_path), tmp_path / "ca.pem", b"")


def test_no_room_for_the_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("our CA\n")
    part = tmp_path / f"ca-bundle.{os.getpid()}"
    part.symlink_to("/dev/full")
    with pytest.raises(Unavailable, match=rf"`{part}`: No space left on device; the state folder must"):
        write_bundle(StateFolder(tmp_path), tmp_path / "ca.pem", b"")
    assert not part.is_symlink()
