"""What a program on a line finds in its environment."""

import os
from pathlib import Path

import pytest

from nfemu.client import Client, StateFolder
from nfemu.client.line.environment import environment, proxies, system_roots, write_bundle
from nfemu.client.line.way import proxy_of
from nfemu.model.errors import Unavailable
from tests.client.running import Running, status_of


def test_a_line_with_a_listener_of_its_own(running: Running) -> None:
    with Client.find(running.state) as client:
        line = client.subscriber("13800138001")
    status = status_of("127.0.0.1:1", running.state.path)
    variables = environment({"LANG": "C", "Https_Proxy": "x"}, proxies(proxy_of(status, line)), Path("/ca.pem"))
    assert variables["https_proxy"] == "http://127.0.0.1:8621"
    assert variables["LANG"] == "C"
    assert "Https_Proxy" not in variables


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
