"""The carriers that scenarios are played on: the running one, or temporary ones with a test clock."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from nfemu.cli.control import SAME_PROGRAM
from nfemu.client import StateFolder
from nfemu.model.errors import Unavailable
from nfemu.scenario.running import Carrier

_ENDING_S = 10.0

Capture = Callable[[str, Path], AbstractContextManager[object]]


def carrier_of(state: StateFolder, pcap: Path | None) -> Carrier:
    """One that runs."""
    capture = None if pcap is None or not state.status().has_bearers else capturing(state, pcap)
    return Carrier(state, lambda _: _reset(state), capture)


def _reset(state: StateFolder) -> None:
    subprocess.run([*SAME_PROGRAM, "--state", str(state.path), "reset"], check=True, capture_output=True)  # noqa: S603


def capturing(state: StateFolder, folder: Path) -> Capture:
    """By `nfemu capture`, into a file of `folder`."""

    @contextmanager
    def capture(number: str, file: Path) -> Iterator[None]:
        command: Sequence[str] = [*SAME_PROGRAM, "--state", str(state.path), "capture", number, "-w"]
        process = subprocess.Popen(  # noqa: S603 - our own command line
            [*command, str(folder / file)], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None  # noqa: S101 - a pipe
        with process, process.stderr:
            first = process.stderr.readline()
            if not first.startswith("capturing"):
                raise Unavailable(f"the line of {number} is not captured: {first.strip()}")
            try:
                yield
            finally:
                process.terminate()
                process.wait(_ENDING_S)

    return capture
