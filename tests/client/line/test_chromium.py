"""Chromium's own home: the caller's stays untouched, and the emulator's CA is trusted in it."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nfemu.client.line.chromium import at_home, is_chromium
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


@pytest.mark.parametrize(
    ("program", "is_one"),
    [
        ("chromium", True),
        ("/usr/bin/google-chrome", True),
        ("chromium-bsu", False),
        ("curl", False),
        ("firefox", False),
    ],
)
def test_only_chromium(program: str, is_one: bool) -> None:
    assert is_chromium(program) is is_one


def test_without_certutil_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    state = StateFolder(tmp_path)
    caller = tmp_path / "caller"
    caller.mkdir()
    (caller / ".Xauthority").touch()
    environ = at_home({"HOME": str(caller), "XDG_CONFIG_HOME": "/own", "LANG": "C"}, state, NUMBER)
    assert environ == {
        "HOME": str(tmp_path / "homes" / NUMBER),
        "LANG": "C",
        "XAUTHORITY": str(caller / ".Xauthority"),
    }
    assert capsys.readouterr().err == (
        "nfemu: Chromium will not trust the emulated Internet: "
        "`certutil` is missing (sudo apt-get install -y libnss3-tools)\n"
    )


def test_no_room_for_a_home(tmp_path: Path) -> None:
    (tmp_path / "homes").touch()
    with pytest.raises(Unavailable, match="the state folder must be writable"):
        at_home({}, StateFolder(tmp_path), NUMBER)


@pytest.mark.lab
@pytest.mark.skipif(shutil.which("certutil") is None, reason="certutil is not installed")
def test_the_present_authority_is_trusted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = StateFolder(tmp_path)
    for _ in range(2):  # a carrier of another day has another one
        present = write_ca(state)
        home = at_home({}, state, NUMBER)["HOME"]
        shown = subprocess.run(
            ["certutil", "-d", f"sql:{home}/.pki/nssdb", "-L", "-n", "nfemu", "-r"], capture_output=True, check=True
        )
        assert shown.stdout == present
    assert capsys.readouterr().err == ""
    state.ca.write_text("no certificate")
    at_home({}, state, NUMBER)
    assert "certutil` says: " in capsys.readouterr().err
