"""An emulator of the run's own: a process that ends with pytest, however that ends."""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nfemu.client.state import StateFolder
from nfemu.model.errors import Unavailable
from nfemu.pytest_plugin.folders import OwnFolder

_ARGV = (sys.executable, "-P", "-m", "nfemu.client.dependent")
_READY = "ready"
_START_S = 120
_STOP_S = 15.0
_TAIL = 20
"""Lines of the log in an error."""


class OwnEmulator:
    """On free ports, with a test clock, in a temporary folder that goes with it."""

    def __init__(self, config: str, settings: Sequence[str], overlay: str | None) -> None:
        """Raises Unavailable with its words, or the end of its log, where it does not start."""
        self._folder = OwnFolder()
        self.state = StateFolder(self._folder.path / "state")
        self.state.path.mkdir(mode=0o700)
        reading, writing = os.pipe()
        with self.state.log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                [*_ARGV, str(os.getpid()), *self._arguments(config, settings, overlay, writing)],
                pass_fds=[writing, self._folder.lock],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for pytest, whose last fixture ends this
            )
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.readline().strip() if select.select([pipe], [], [], _START_S)[0] else ""
        if answer != _READY:
            words = _why_not(answer, self.state.log_file)
            self.close()
            raise Unavailable(f"the emulator of these tests did not start: {words}")

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.remove()

    def _arguments(self, config: str, settings: Sequence[str], overlay: str | None, ready: int) -> list[str]:
        chosen = [*(("--config", config) if config else ()), *(part for each in settings for part in ("--set", each))]
        how = ["--foreground", "--free-ports", "--clock", "test", "--ready-fd", str(ready)]
        return ["--state", str(self.state.path), *chosen, "up", *how, *(("--carrier", overlay) if overlay else ())]


def _why_not(answer: str, log: Path) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(answer)["error"])
    lines = log.read_text(errors="replace").splitlines()[-_TAIL:]
    return "\n".join(["it ended; the end of its log:", *lines] if lines else ["it ended without a word"])
