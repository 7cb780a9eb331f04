"""The emulator that a run starts for itself: each worker its own, and none is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from nfemu.pytest_plugin.folders import OwnFolder
from tests.journeys.carrier import children, has_ended
from tests.pytest_plugin.conftest import Project

TELLING = """
from nfemu.pytest_plugin import *

def test_it(carrier, restricted_subscriber):
    assert_redirected(restricted_subscriber.get("http://news.example/"))
    carrier.clock.advance("1d")
    print("emulator", carrier.state.status().pid, carrier.state.path)
"""
WAITING = """
def test_it(carrier):
    print("emulator", carrier.state.status().pid, carrier.state.path, flush=True)
    input()
"""


def test_each_worker_has_one(project: Project) -> None:
    text = (
        TELLING
        + "\n\ndef test_another(carrier):\n    print('emulator', carrier.state.status().pid, carrier.state.path)\n"
    )
    run = project.pytest(text, "-n2", "-rP", "--nfemu-set=carrier.access=proxy")
    assert run.status == 0, run.text
    told = [line.split()[1:] for line in run.text.splitlines() if line.startswith("emulator ")]
    assert len({pid for pid, _ in told}) == 2, run.text
    for pid, folder in told:
        assert has_ended(int(pid))
        assert not Path(folder).exists()


def test_none_survives_kill_9(project: Project) -> None:
    (project.folder / "test_it.py").write_text(WAITING)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-s",
        "-p",
        "no:asyncio",
        "-p",
        "no:anyio",
        "--nfemu-set=carrier.access=proxy",
    ]
    with subprocess.Popen(
        command, cwd=project.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as pytest_:
        assert pytest_.stdout is not None
        line = next(line for line in pytest_.stdout if "emulator " in line)
        pid, folder = int(line.split()[-2]), Path(line.split()[-1])
        born = [pid, *children(pid)]
        pytest_.send_signal(signal.SIGKILL)
    assert all(has_ended(each) for each in born)
    OwnFolder().remove()
    assert not folder.parent.exists(), "the next run removes what it left"


@pytest.mark.parametrize(
    ("settings", "words"),
    [("carrier.acess=proxy", "acess"), ("carrier.api.host=192.0.2.1", "the emulator of these tests did not start")],
)
def test_why_it_does_not_start(settings: str, words: str, project: Project) -> None:
    run = project.pytest("def test_it(carrier):\n    pass\n", f"--nfemu-set={settings}")
    assert (run.status, words in run.text, "Traceback" in run.text) == (1, True, False), run.text


def test_who_does_not_use_it_loads_nothing(project: Project) -> None:
    """The plugin's own few modules, and none of the rest."""
    run = project.pytest(
        "import sys\n\ndef test_it():\n    print('loaded', *sorted(n for n in sys.modules if n.startswith('nfemu')))\n",
        "-rP",
    )
    loaded = next(line for line in run.text.splitlines() if line.startswith("loaded")).split()[1:]
    assert set(loaded) == {"nfemu", *(f"nfemu.pytest_plugin{part}" for part in ("", ".checks", ".options", ".wanted"))}


def test_an_emulator_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """Also where that is gone before it looks."""
    nobody = str(os.getpid() + 1)
    command = [
        sys.executable,
        "-P",
        "-m",
        "nfemu.client.dependent",
        nobody,
        "--state",
        str(tmp_path),
        "up",
        "--foreground",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert not StateFolder(tmp_path).lock_file.exists()
