"""The core network for real, as root and as an ordinary user: each case in a process of its own (`on_network`)."""

import contextlib
import json
import os
import select
from pathlib import Path

import pytest

from tests.gateway.bearer.ordinary import User, ordinary, root

pytestmark = pytest.mark.lab


@pytest.fixture(params=["root", "ordinary"])
def user(request: pytest.FixtureRequest) -> User:
    found = root() if request.param == "root" else ordinary()
    if found is None:
        pytest.skip("needs root" if request.param == "root" else "no Python of this version is open to other users")
    return found


@pytest.fixture
def folder(tmp_path: Path, user: User) -> Path:
    os.chown(tmp_path, user.uid, user.uid)
    for parent in (tmp_path, *tmp_path.parents):
        with contextlib.suppress(PermissionError):
            parent.chmod(parent.stat().st_mode | 0o111)
    return tmp_path


@pytest.mark.parametrize("case", ["traffic", "entering", "residue", "commands"])
def test_network(case: str, user: User, folder: Path) -> None:
    with user.popen("-m", "tests.gateway.bearer.on_network", case, folder=folder) as process:
        process.communicate(timeout=100)
    assert process.returncode == 0


def test_nothing_outlives_the_control_process(user: User, folder: Path) -> None:
    with user.popen("-m", "tests.gateway.bearer.on_network", "waiting", folder=folder) as process:
        assert process.stdout is not None
        core, stand_in = (os.pidfd_open(pid) for pid in json.loads(process.stdout.readline()))
        process.kill()
        for descriptor in (core, stand_in):
            assert select.select([descriptor], [], [], 20)[0]
            os.close(descriptor)
    inside = [
        each for each in Path("/proc").glob("[0-9]*/cmdline") if _of(each) in (b"sleep\x0098\x00", b"sleep\x0097\x00")
    ]
    assert not inside


def _of(command: Path) -> bytes:
    try:
        return command.read_bytes()
    except OSError:
        return b""
