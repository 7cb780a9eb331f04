"""A carrier as its users have it: the command line, processes, real curl on subscribers' lines."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nfemu.client import Client, RunningStatus, StateFolder

CONFIG = Path(__file__).parents[2] / "config"
NUMBER = "13800138000"
OTHER = "13800138001"


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command. `text` is standard output; `errors` standard error."""

    status: int
    text: str
    errors: str


@dataclass(slots=True)
class CarrierProcess:
    """Starts and asks one carrier with its own state folder, always on free ports."""

    state: StateFolder
    config: Path = CONFIG
    environment: Mapping[str, str] = field(default_factory=dict)

    def nfemu(self, *arguments: str, stdin: str | None = None, timeout: float = 60) -> Done:
        """Run one `nfemu` command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "nfemu.cli.main", *arguments],
            env={**os.environ, "NFEMU_STATE": str(self.state.path), "NFEMU_CONFIG": str(self.config)}
            | dict(self.environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def up(self, *arguments: str) -> None:
        done = self.nfemu("up", "--free-ports", *arguments)
        assert done.status == 0, done.errors

    def down(self) -> None:
        self.nfemu("down")

    def curl(self, number: str, *arguments: str) -> Done:
        """curl on a subscriber's line, with the response head in the text."""
        return self.nfemu("exec", number, "--", "curl", "-si", "--max-time", "20", *arguments)

    @property
    def running(self) -> RunningStatus:
        return self.state.status()

    def client(self) -> Client:
        return Client.find(self.state)


def status_of(done: Done) -> int:
    """The last HTTP status in curl's output; 0 when there is none."""
    heads = [line.split()[1] for line in done.text.splitlines() if line.startswith("HTTP/")]
    return int(heads[-1]) if heads else 0
