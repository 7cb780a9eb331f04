"""The running carrier, by its own word and by the process table; and the programs that one uses with it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from nfemu import __version__
from nfemu.cli.context import overlay_in_words
from nfemu.cli.diagnosis.check import Check, Health
from nfemu.client import Client, RunningStatus, StateFolder
from nfemu.client.values import Clock, Status
from nfemu.model.errors import NfemuError

_TOOLS = {"curl": "the examples and `nfemu demo` use it"}


def carrier(state: StateFolder, running: RunningStatus) -> Iterator[Check]:
    """Its parts, workers among them, and its clock."""
    yield _process(running)
    try:
        with Client.find(state) as client:
            seen = client.status()
    except NfemuError as error:
        yield Check("carrier", Health.PROBLEM, str(error), f"see `{state.log_file}`")
        return
    yield _version(seen)
    yield from _parts(seen, state)
    yield clock(seen.clock)


def overlay(running: RunningStatus, read: str | None) -> Iterator[Check]:
    """Whether the files were `read` with the overlay that the carrier has."""
    if read != running.overlay:
        yield Check(
            "overlay",
            Health.WARNING,
            f"the running carrier has {overlay_in_words(running.overlay)}, the files were read with "
            f"{overlay_in_words(read)}: what is said of them is not what runs",
            "leave `--carrier` out, or start the carrier with it",
        )


def tools() -> Iterator[Check]:
    """Programs that are not part of nfemu."""
    for name, purpose in _TOOLS.items():
        found = shutil.which(name)
        if found:
            yield Check(name, Health.OK, f"`{found}`")
        else:
            yield Check(name, Health.WARNING, f"not on PATH; {purpose}", f"`apt-get install {name}`")


def clock(seen: Clock) -> Check:
    """Whose time it is."""
    now = seen.now.isoformat(sep=" ", timespec="seconds")
    text = f"{now}; it moves only by `nfemu clock`" if seen.kind == "test" else now
    return Check(f"{seen.kind} clock", Health.OK, text)


def _process(running: RunningStatus) -> Check:
    owner = Path(f"/proc/{running.pid}").stat().st_uid
    if owner == 0:
        return Check(
            "process",
            Health.WARNING,
            f"process {running.pid} runs as root, and so do the workers that read what subscribers send",
            "run it as an ordinary user; it needs no rights",
        )
    return Check("process", Health.OK, f"process {running.pid} runs as user {owner}")


def _version(seen: Status) -> Check:
    if seen.version == __version__:
        return Check("version", Health.OK, __version__)
    text = f"{seen.version} is running, this command is {__version__}"
    return Check("version", Health.WARNING, text, "`nfemu down`, then `nfemu up`")


def _parts(seen: Status, state: StateFolder) -> Iterator[Check]:
    ill = [part for part in seen.components if not part.healthy]
    for part in ill:
        yield Check(part.name, Health.PROBLEM, part.detail, f"it is replaced by itself; if not, see `{state.log_file}`")
    workers = sum(part.name.startswith("worker") for part in seen.components)
    cores = os.cpu_count() or 1
    if workers > 2 * cores:
        advice = "lower `proxy.workers` in carrier.yaml: more than two for each core only cost memory"
        yield Check("workers", Health.WARNING, f"{workers} on {cores} cores", advice)
    elif not ill:
        yield Check("workers", Health.OK, f"{workers}, all parts healthy")
