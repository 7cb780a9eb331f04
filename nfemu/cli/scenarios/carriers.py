"""The carriers that scenarios are played on: the running one, or temporary ones with a test clock."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from nfemu.cli.control import SAME_PROGRAM
from nfemu.client import Client, StateFolder
from nfemu.client.leases import Leases
from nfemu.model.errors import Conflict, Unavailable
from nfemu.scenario.running import Carrier

_ENDING_S = 10.0
_ASIDE = "before-scenarios"
"""State in which the running carrier's own people wait."""

Capture = Callable[[str, Path], AbstractContextManager[object]]


def carrier_of(state: StateFolder, pcap: Path | None) -> Carrier:
    """One that runs."""
    capture = None if pcap is None or not state.status().has_bearers else capturing(state, pcap)
    return Carrier(state, capture)


@contextmanager
def kept(state: StateFolder) -> Iterator[None]:
    """What the running carrier knows is there again afterwards. Raises Conflict where another run has the carrier,
    or an earlier one was cut off."""
    with closing(Leases(state)):
        with Client.find(state) as client:
            if any(each.name == _ASIDE for each in client.states()):
                raise Conflict(
                    f"an earlier run was cut off: `nfemu state load {_ASIDE}` brings back what there was before it, "
                    f"`nfemu state delete {_ASIDE}` gives it up"
                )
            client.save_state(_ASIDE)
        try:
            yield
        finally:
            with Client.find(state) as client:
                client.load_state(_ASIDE)
                client.delete_state(_ASIDE)


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
