"""Carriers of a command's own: free ports, a state folder that goes with them; nobody else is disturbed."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nfemu.cli import control
from nfemu.cli.control import SAME_PROGRAM, Options
from nfemu.client.state import StateFolder
from nfemu.model.errors import InvalidInput, Unavailable

_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: exit status, standard output and error together, and wall milliseconds."""

    status: int
    text: str
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class TemporaryCarrier:
    options: Options

    @property
    def state(self) -> StateFolder:
        return self.options.state

    def nfemu(self, *arguments: str) -> Outcome:
        """Run one command against it."""
        settings = [part for setting in self.options.settings for part in ("--set", setting)]
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command line with fixed arguments
            [*SAME_PROGRAM, "--config", str(self.options.config), *settings, *arguments],
            env={**os.environ, "NFEMU_STATE": str(self.state.path)},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
        return Outcome(done.returncode, done.stdout + done.stderr, (time.perf_counter() - started) * 1000)


@contextmanager
def temporary_carrier(config: Path, settings: Sequence[str], overlay: str | None) -> Iterator[TemporaryCarrier]:
    """Until the context ends. Raises InvalidInput, Unavailable where it does not start."""
    with tempfile.TemporaryDirectory(prefix="nfemu-") as name:
        state = StateFolder(Path(name) / "state")
        options = Options(state, config.absolute(), tuple(settings), overlay, free_ports=True)
        try:
            control.start(options)
        except (InvalidInput, Unavailable) as error:
            raise type(error)(f"the temporary carrier did not start:\n{error}") from None
        try:
            yield TemporaryCarrier(options)
        finally:
            control.stop(state)
