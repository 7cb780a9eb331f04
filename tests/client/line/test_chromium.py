"""Chromium's own home: the caller's stays untouched, and the emulator's CA is trusted in it."""

import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nfemu.client.line.chromium import browsers_of
from nfemu.client.state import StateFolder
from nfemu.model.errors import Unavailable

NUMBER = "8613800138000"


def write_ca(state: StateFolder) -> bytes:
    """Another authority of the same name at each call; its certificate (DER)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nfemu test CA")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = (
        builder.not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    state.ca.parent.mkdir(exist_ok=True)
    state.ca.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made.public_bytes(serialization.Encoding.DER)


_CHROMIUM = """#!/bin/sh
env
printf '%s|' "$@"
"""


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    """Its path has a blank, as a user's may."""
    state = StateFolder(tmp_path / "a state")
    state.path.mkdir()
    write_ca(state)
    return state


@pytest.fixture
def caller(tmp_path: Path) -> dict[str, str]:
    """An environment whose only Chromium tells what it was given."""
    home, programs = tmp_path / "caller", tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    (home / ".Xauthority").touch()
    (programs / "chromium").write_text(_CHROMIUM)
    (programs / "chromium").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {"HOME": str(home), "PATH": path, "XDG_CONFIG_HOME": "/own"}


def told(environ: dict[str, str], *command: str) -> tuple[dict[str, str], str]:
    """What Chromium was given: its environment and its arguments."""
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    *variables, arguments = done.stdout.splitlines()
    return dict(line.partition("=")[::2] for line in variables), arguments


@pytest.mark.parametrize("command", ["chromium 'a b' c", "env chromium 'a b' c", "timeout 10 chromium 'a b' c"])
def test_whoever_starts_it_by_name_starts_it_at_home(state: StateFolder, caller: dict[str, str], command: str) -> None:
    home = caller["HOME"]
    for _ in range(2):  # the folder that is first on PATH may be the one from before
        caller = browsers_of(caller, state, NUMBER).found_first(caller)
        variables, arguments = told(caller, "sh", "-c", command)
        assert arguments == "a b|c|"
        assert variables["HOME"] == str(state.path / "homes" / NUMBER)
        assert variables["XAUTHORITY"] == f"{home}/.Xauthority"
        assert "XDG_CONFIG_HOME" not in variables
    assert [each.name for each in Path(home).iterdir()] == [".Xauthority"], "nothing is left there"


def test_by_its_path_too_and_nothing_else(state: StateFolder, caller: dict[str, str], tmp_path: Path) -> None:
    browsers = browsers_of(caller, state, NUMBER)
    program = str(tmp_path / "programs" / "chromium")
    variables, arguments = told(caller, *browsers.led((program, "a b")))
    assert (variables["HOME"], arguments) == (str(state.path / "homes" / NUMBER), "a b|")
    for other in (("chromium", "x"), ("/nowhere/chromium",), ("/usr/bin/env",), ("curl",)):
        assert browsers.led(other) == other


def test_one_that_is_gone_is_found_no_more(state: StateFolder, caller: dict[str, str], tmp_path: Path) -> None:
    assert (browsers_of(caller, state, NUMBER).by_name / "chromium").exists()
    (tmp_path / "programs" / "chromium").unlink()
    without = {**caller, "PATH": str(tmp_path / "programs")}
    assert list(browsers_of(without, state, NUMBER).by_name.iterdir()) == []


def test_without_certutil_one_line_says_so_where_it_is_started(
    state: StateFolder, caller: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    browsers = browsers_of(caller, state, NUMBER)
    assert browsers.covers(caller) == {}
    assert capfd.readouterr().err == ""
    subprocess.run(["/bin/sh", "-c", "chromium"], env=browsers.found_first(caller), check=True)
    assert capfd.readouterr().err == (
        "nfemu: Chromium will not trust the emulated Internet: "
        "`certutil` is missing (sudo apt-get install -y libnss3-tools)\n"
    )


def test_no_room_for_a_home(state: StateFolder) -> None:
    (state.path / "homes").touch()
    with pytest.raises(Unavailable, match="the state folder must be writable"):
        browsers_of({}, state, NUMBER)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_leaves_nothing_that_the_carrier_s_user_cannot_use(tmp_path: Path) -> None:
    """The state folder is that user's; its parents are open to all in a real one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        state = StateFolder(Path(folder))
        write_ca(state)
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, 65534, 65534)
        browsers = browsers_of({"PATH": str(tmp_path)}, state, NUMBER)
        assert {path.stat().st_uid for path in browsers.home.rglob("*")} == {65534}
        assert (os.geteuid(), os.getegid()) == (0, 0)


@pytest.mark.lab
@pytest.mark.skipif(shutil.which("certutil") is None, reason="certutil is not installed")
def test_the_present_authority_is_trusted(state: StateFolder, caller: dict[str, str]) -> None:
    for _ in range(2):  # a carrier of another day has another one
        present = write_ca(state)
        store = browsers_of(caller, state, NUMBER).store
        shown = subprocess.run(
            ["certutil", "-d", f"sql:{store}", "-L", "-n", "nfemu", "-r"], capture_output=True, check=True
        )
        assert shown.stdout == present
    state.ca.write_text("no certificate")
    browsers = browsers_of(caller, state, NUMBER)
    store = browsers.store
    assert "certutil` says: " in browsers.at_home.read_text()
    theirs = Path(caller["HOME"], ".local/share/pki/nssdb")
    assert browsers.covers(caller) == {}
    theirs.mkdir(parents=True)
    assert browsers.covers(caller) == {theirs: store}
    assert browsers.covers({**caller, "XDG_DATA_HOME": "/elsewhere"}) == {}
