"""The carriers that scenarios are played on: the running one, or temporary ones with a test clock."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import click

from nfemu.cli.control import SAME_PROGRAM
from nfemu.client import Client, StateFolder
from nfemu.client.leases import Leases
from nfemu.model.errors import Unavailable
from nfemu.scenario.running import Carrier
from nfemu.scenario.saving import OWN

_ENDING_S = 10.0
_ASIDE = "before-scenarios"
"""State in which the running carrier's own people wait; numbered where an earlier one is there."""
_CUT_OFF = (
    "an earlier run was cut off: `nfemu state load {0}` brings back what there was before it, "
    "`nfemu state delete {0}` forgets it"
)

Capture = Callable[[str, Path], AbstractContextManager[object]]


def carrier_of(state: StateFolder, pcap: Path | None) -> Carrier:
    """One that runs."""
    capture = None if pcap is None or not state.status().has_bearers else capturing(state, pcap)
    return Carrier(state, capture)


@contextmanager
def kept(state: StateFolder) -> Iterator[None]:
    """What the running carrier knows is there again afterwards. Raises Conflict where another run has the carrier.

    What a run kept that was cut off stays until its user forgets it: nobody else knows whether it is still wanted.
    """
    with closing(Leases(state)):
        with Client.find(state) as client:
            aside = _aside(client)
            client.save_state(aside)
        try:
            yield
        finally:
            with Client.find(state) as client:
                client.load_state(aside)
                client.delete_state(aside)


def _aside(client: Client) -> str:
    """A name for what there is now. What an earlier run kept is told; what its scenarios saved is nobody's and goes."""
    names = {each.name for each in client.states()}
    for name in names:
        if name.startswith(OWN):
            client.delete_state(name)
    numbered = [_ASIDE, *(f"{_ASIDE}-{number}" for number in range(2, len(names) + 2))]
    for name in numbered:
        if name in names:
            click.echo(_CUT_OFF.format(name), err=True)
    return next(name for name in numbered if name not in names)


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
