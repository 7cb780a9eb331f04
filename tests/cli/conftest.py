"""The command line against a running carrier, in this process."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nfemu.cli.main import run
from tests.client.running import Running, carrier


@dataclass(frozen=True, slots=True)
class Outcome:
    status: int
    out: str
    err: str


Nfemu = Callable[..., Outcome]


@pytest.fixture
def nfemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Nfemu:
    """`nfemu("subscriber", "list")`: one command on the state folder of this test."""
    monkeypatch.setenv("NFEMU_STATE", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")

    def command(*arguments: str) -> Outcome:
        capfd.readouterr()
        status = run(arguments)
        out, err = capfd.readouterr()
        return Outcome(status, out, err)

    return command


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with carrier(tmp_path) as its:
        yield its
