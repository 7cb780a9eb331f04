"""Starting, finding and ending the control process of a state folder.

The control process holds a lock (flock) on the folder for as long as it lives, so a second start is refused, and a
process id left behind by a killed one is never mistaken for a carrier.
"""

import fcntl
import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from nfemu.client.state import RunningStatus, StateFolder
from nfemu.model.errors import Conflict, InvalidInput, NfemuError, Unavailable
from nfemu.runtime.keys import private_folder

SAME_PROGRAM = (sys.executable, "-P", "-m", "nfemu.cli.main")
"""This command line as a process of its own. `-P`: what lies in the caller's folder is not ours to import."""
READY = "ready"
_LATE = "late"
_START_S = 120
"""Seconds; a first start with a million subscribers takes some."""
_STOP_S = 15.0
_POLL_S = 0.02
_LOOKS = 25


@dataclass(frozen=True, slots=True)
class Options:
    """How a carrier is started. `settings`: single values instead of the configuration's, as `--set` takes them."""

    state: StateFolder
    config: Path
    settings: tuple[str, ...] = ()
    carrier: str | None = None
    """Whose overlay lies over the configuration."""
    free_ports: bool = False

    def arguments(self) -> list[str]:
        """The same on a command line, up to the command `up`."""
        settings = [part for setting in self.settings for part in ("--set", setting)]
        carrier = ["--carrier", self.carrier] if self.carrier else []
        free = ["--free-ports"] if self.free_ports else []
        return ["--state", str(self.state.path), "--config", str(self.config), *settings, "up", *carrier, *free]


def is_running(state: StateFolder) -> bool:
    """Whether a living control process holds the state folder."""
    try:
        with state.lock_file.open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except BlockingIOError:
        return True
    return False


def running(state: StateFolder) -> RunningStatus:
    """Raises Unavailable when no carrier serves here."""
    if not is_running(state):
        raise Unavailable("nfemu is not running; start it with `nfemu up`")
    return state.status()


def start(options: Options) -> None:
    """Start a control process in the background; return when it serves.

    Raises Conflict when one runs already, otherwise the error that ended the new one.
    """
    _refuse_second(options.state)
    reading, writing = os.pipe()
    command = [*SAME_PROGRAM, *options.arguments(), "--foreground", "--ready-fd", str(writing)]
    with _writing(options.state), _log(options.state) as log:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command, pass_fds=[writing], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.readline().strip() if select.select([pipe], [], [], _START_S)[0] else _LATE
    if answer == _LATE:
        process.kill()
    if answer != READY:
        raise _failure(answer, options.state)


def _failure(answer: str, state: StateFolder) -> NfemuError:
    if answer == _LATE:
        return Unavailable(f"the carrier did not serve within {_START_S} s and was ended; see `{state.log_file}`")
    if not answer:
        return Unavailable(f"the carrier ended while it started; its last words are in `{state.log_file}`")
    report = json.loads(answer)
    return (InvalidInput if report["input"] else Unavailable)(report["error"])


def serve(options: Options, started: Callable[[], None]) -> None:
    """Be the control process until a signal ends it. `started` is called each time it serves: a reset starts it again.

    Raises Conflict when one runs already, ConfigurationError, and what else keeps a carrier from starting.
    """
    with _writing(options.state), _hold(options.state):
        # Loading takes a second, and an eighth more with collections, which find nothing in what stays; `nfemu down`
        # and a second `nfemu up` find the lock before.
        gc.disable()
        from nfemu.bootstrap import serving
        from nfemu.cli.overrides import load_with
        from nfemu.settings import Configuration

        gc.enable()

        def read() -> Configuration:
            return load_with(options.config, options.settings, options.carrier)

        serving.run(options.state, read, started, free_ports=options.free_ports)


def serve_and_report(options: Options, report: TextIO) -> None:
    """`serve` for whoever waits at the other end of `report`: told `ready`, or the error that ended it."""

    def started() -> None:
        if not report.closed:
            print(READY, file=report)
            report.close()

    from nfemu.runtime.logs import masked

    try:
        serve(options, started)
    except NfemuError as error:
        _tell(report, str(error), wrong_input=isinstance(error, InvalidInput))
        # Standard error is the log.
        sys.exit(f"nfemu: {masked(str(error))}")


def _tell(report: TextIO, error: str, *, wrong_input: bool = False) -> None:
    """Whoever waits for the start hears why there is none."""
    if not report.closed:
        json.dump({"error": error, "input": wrong_input}, report)
        report.close()


def wipe(options: Options) -> None:
    """Empty the store of a carrier that does not run."""
    import asyncio  # half of what a light command takes to load

    from nfemu.bootstrap import serving
    from nfemu.cli.overrides import load_with

    with _writing(options.state), _hold(options.state):
        configuration = load_with(options.config, options.settings, options.carrier)
        asyncio.run(serving.wipe(options.state, configuration))


def stop(state: StateFolder) -> bool:
    """End the control process and wait until it is gone; False when none ran. Raises Unavailable when it stays."""
    if not is_running(state):
        return False
    pid = int(state.lock_file.read_text())
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True  # it has ended meanwhile
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        # The lock is released a little earlier than the process has closed its files.
        if not select.select([process], [], [], _STOP_S)[0]:
            raise Unavailable(f"process {pid} does not end; its log is `{state.log_file}`, `kill -9 {pid}` ends it")
    finally:
        os.close(process)
    return True


def _refuse_second(state: StateFolder) -> None:
    if is_running(state):
        raise _already(state)


def _already(state: StateFolder) -> Conflict:
    return Conflict(f"nfemu is already running on `{state.path}`; see `nfemu status`, or end it with `nfemu down`")


@contextmanager
def _writing(state: StateFolder) -> Iterator[None]:
    """Raises Unavailable, with the place, where the disk is full or the folder is somebody else's."""
    try:
        yield
    except OSError as error:
        place = error.filename or state.path
        raise Unavailable(f"`{place}`: {error.strerror}; the state folder must be writable and have room") from error


def _log(state: StateFolder) -> TextIO:
    """The log of a carrier in the background, to append to."""
    private_folder(state.path)
    return os.fdopen(os.open(state.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a")


@contextmanager
def _hold(state: StateFolder) -> Iterator[None]:
    """Keep the state folder for this process. Raises Conflict when another one has it."""
    private_folder(state.path)
    with state.lock_file.open("a+") as handle:
        _lock(handle, state)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _lock(handle: TextIO, state: StateFolder) -> None:
    """Whoever only looks (`is_running`) has the lock for a moment too, so one refusal is not believed."""
    for _ in range(_LOOKS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_POLL_S)
        else:
            return
    raise _already(state)
