"""Test runs of the plugin's users, in processes of their own, against one carrier that all of them share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.journeys.carrier import CarrierProcess

_QUIET = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:anyio", "-p", "no:hypothesispytest", "-p", "no:cov")


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with one test file."""

    folder: Path

    def pytest(self, text: str, *arguments: str, timeout: float = 120, **environment: str) -> "Run":
        (self.folder / "test_it.py").write_text(text)
        (self.folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers --strict-config\n")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *_QUIET, *arguments],
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)


@dataclass(frozen=True, slots=True)
class Run:
    status: int
    text: str


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    """By proxy, with a test clock and a second trusted site, which shows what it receives."""
    process = CarrierProcess(StateFolder(tmp_path_factory.mktemp("carrier") / "state"))
    hosts = "policies.groups.portal.hosts=[portal.carrier.example,echo.example]"
    done = process.nfemu(
        *("--set", "carrier.access=proxy", "--set", hosts, "up", "--free-ports", "--clock", "test"), timeout=120
    )
    assert done.status == 0, done.errors
    yield process
    process.down()


@pytest.fixture
def named(running: CarrierProcess) -> str:
    return f"--nfemu-state={running.state.path}"
