"""A QA team's project, as they have it: the wheel in an environment of its own, the emulator in another process."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.chromium import BINARY
from tests.journeys.bearer import NEEDS_BEARERS
from tests.journeys.carrier import CarrierProcess

pytestmark = pytest.mark.lab

_ROOT = Path(__file__).parents[2]
_PINS = _ROOT / "constraints" / f"py3{sys.version_info.minor}.txt"
_ECHO = "policies.groups.portal.hosts=[portal.carrier.example,echo.example]"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment with the wheel, pytest and Playwright, and nothing of this source tree."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    _done(*pip, "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", str(folder), str(_ROOT))
    (wheel,) = folder.glob("nfemu-*.whl")
    _done(sys.executable, "-m", "venv", str(folder / "venv"))
    python = folder / "venv" / "bin" / "python"
    wanted = (str(wheel), "pytest", "pytest-xdist", "playwright")
    _done(str(python), "-m", "pip", "--disable-pip-version-check", "install", "-q", "-c", str(_PINS), *wanted)
    return python


@pytest.fixture(params=["proxy", pytest.param("bearer", marks=NEEDS_BEARERS)])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CarrierProcess]:
    process = CarrierProcess(StateFolder(tmp_path / "state"))
    settings = ("--set", f"carrier.access={request.param}", "--set", _ECHO)
    done = process.nfemu(*settings, "up", "--free-ports", "--clock", "test", timeout=120)
    assert done.status == 0, done.errors
    yield process
    process.down()


def test_the_project_passes(python: Path, running: CarrierProcess, tmp_path: Path) -> None:
    text = _pytest(python, "qa-project", tmp_path, f"--nfemu-state={running.state.path}")
    assert ("8 passed" in text) or ("7 passed, 1 skipped" in text and not running.running.has_bearers), text


def test_the_project_passes_on_emulators_of_its_own(python: Path, tmp_path: Path) -> None:
    """One for each worker; its ini file says how they are configured."""
    text = _pytest(python, "qa-project", tmp_path, "-n2", "-k", "number or message")
    assert "2 passed" in text, text


@pytest.mark.skipif(BINARY is None, reason="needs Debian's chromium (make test-lab)")
def test_a_browser_by_playwright(python: Path, running: CarrierProcess, tmp_path: Path) -> None:
    text = _pytest(python, "playwright", tmp_path, f"--nfemu-state={running.state.path}")
    assert "2 passed" in text, text


def _pytest(python: Path, name: str, folder: Path, *arguments: str) -> str:
    """In a copy of the example."""
    project = shutil.copytree(_ROOT / "examples" / name, folder / name)
    return _done(str(python), "-m", "pytest", "-p", "no:cacheprovider", *arguments, cwd=project)


def _done(*command: str, cwd: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NFEMU", "PYTHON"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=590, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
