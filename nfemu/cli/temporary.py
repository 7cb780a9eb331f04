"""Carriers of a command's own: free ports, a state folder that goes with them; nobody else is disturbed."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nfemu.cli.control import SAME_PROGRAM
from nfemu.client.state import StateFolder
from nfemu.model.errors import InvalidInput, Unavailable

_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: exit status, standard output and error together, and wall milliseconds."""

    status: int
    text: str
    elapsed_ms: float


class TemporaryCarrier:
    """`folder` is gone at the end."""

    def __init__(self, folder: Path, config: Path, settings: Sequence[str]) -> None:
        self.state = StateFolder(folder / "state")
        self._config = ("--config", str(config), *(part for setting in settings for part in ("--set", setting)))
        self._environment = {**os.environ, "NFEMU_STATE": str(self.state.path)}

    def nfemu(self, *arguments: str) -> Outcome:
        """Run one command against it."""
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command line with fixed arguments
            [*SAME_PROGRAM, *self._config, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
        return Outcome(done.returncode, done.stdout + done.stderr, (time.perf_counter() - started) * 1000)


@contextmanager
def temporary_carrier(
    config: Path, settings: Sequence[str], overlay: str | None, *options: str
) -> Iterator[TemporaryCarrier]:
    """Until the context ends; `options` of `nfemu up`. Raises InvalidInput, Unavailable where it does not start."""
    with tempfile.TemporaryDirectory(prefix="nfemu-") as name:
        carrier = TemporaryCarrier(Path(name), config, settings)
        started = carrier.nfemu("up", "--free-ports", *options, *(("--carrier", overlay) if overlay else ()))
        if started.status != 0:
            kind = InvalidInput if started.status == 2 else Unavailable
            raise kind(f"the temporary carrier did not start:\n{started.text.strip()}")
        try:
            yield carrier
        finally:
            carrier.nfemu("down")
