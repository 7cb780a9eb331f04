"""The project as a reader of its documents has it, with a running carrier: where every command of a text is run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from socket import create_server

from tests.journeys.carrier import CarrierProcess

_ROOT = Path(__file__).parents[2]
_OURS = ("LICENSE", "README.md", "addons", "bench", "docs", "examples", "nfemu", "pyproject.toml")
_STUB = "127.0.0.1:9000"
"""Where documents have the portal team's server."""


@dataclass(slots=True)
class Checkout:
    """`config/` is a copy, which documents may edit; what else they name is the project's own."""

    folder: Path
    carrier: CarrierProcess
    places: dict[str, str] = field(default_factory=dict)
    """Addresses as documents have them → where it really is: nothing here takes a fixed port."""
    _groups: list[int] = field(default_factory=list)

    def start(self) -> None:
        self.carrier.up()
        running = self.carrier.running
        with create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.places = {
            "127.0.0.1:8600": running.api,
            "127.0.0.1:8610": running.http_proxy,
            _STUB: f"127.0.0.1:{port}",
        }

    def as_here(self, text: str) -> str:
        """A command or an output of a document, with the addresses of this machine."""
        for written, place in self.places.items():
            text = text.replace(written, place)
        return text

    def run(self, command: str) -> str:
        """Everything that one command prints; what it leaves in the background ends with the document."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        process = subprocess.Popen(
            ["/bin/sh", "-c", self.as_here(command)],
            env={**os.environ, "PATH": path, **self._places_of_state()},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        self._groups.append(process.pid)
        return process.communicate(timeout=60)[0]

    def _places_of_state(self) -> dict[str, str]:
        """The carrier's folder, and another home for instances than the user's."""
        state = self.carrier.state.path
        return {"NFEMU_STATE": str(state), "XDG_STATE_HOME": str(state.parent / "x")}

    def end(self) -> None:
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


@contextmanager
def checkout(folder: Path, carrier: CarrierProcess) -> Iterator[Checkout]:
    """Not started yet."""
    copytree(_ROOT / "config", folder / "config")
    for name in _OURS:
        (folder / name).symlink_to(_ROOT / name)
    carrier.config = folder / "config"
    here = Checkout(folder, carrier)
    try:
        yield here
    finally:
        here.end()
