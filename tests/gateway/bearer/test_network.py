"""The core network for real, as root and as an ordinary user: each case in a process of its own (`on_network`)."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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
def folder(user: User) -> Iterator[Path]:
    """The user's own. Not pytest's, whose folders are closed to others again whenever it starts."""
    with tempfile.TemporaryDirectory(prefix="nfemu-") as made:
        os.chown(made, user.uid, user.uid)
        yield Path(made)


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


_NO_RIGHT = 'exec setpriv --bounding-set -sys_admin --inh-caps -all "$@"'


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        ("echo 0 > /proc/sys/user/max_user_namespaces", "user namespaces are switched off here"),
        (
            "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys",
            "`/proc/sys/net/ipv4/ip_forward` is read-only, as in most containers; `--security-opt systempaths",
        ),
    ],
)
def test_where_it_is_not_possible_one_line_says_why(machine: str, reason: str, tmp_path: Path) -> None:
    command = ("unshare", "-Urm", "sh", "-c", f"{machine}; {_NO_RIGHT}", "sh", sys.executable)
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [*command, "-m", "tests.gateway.bearer.on_network", "refused"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert reason in done.stdout
    assert "\n" not in done.stdout


def _of(command: Path) -> bytes:
    try:
        return command.read_bytes()
    except OSError:
        return b""
