"""Any program on a line: `nfemu exec`, and whoever wants to know what a program made of it.

On an IP bearer the program lives in the network of the line's phone. By proxy access it replaces this process, and its
environment says which proxy. Either way signals, exit status and terminal are its own.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import NoReturn

from nfemu.client.api import Client
from nfemu.client.errors import ON_LINE
from nfemu.client.line.chromium import browsers_of
from nfemu.client.line.environment import environment, proxies, system_bundles, trusted_by_programs
from nfemu.client.line.values import Ran
from nfemu.client.line.way import ByProxy, check_attached, way_onto
from nfemu.client.state import StateFolder
from nfemu.model.errors import Unavailable

_ARGV = (sys.executable, "-P", "-m", "nfemu.client.line.become")
_STAYED = "`{}` did not end within {:g} s and was killed"
_HELD = "`{}` has ended, and {:g} s after its start what it left behind in another session still holds its output"


def become(client: Client, state: StateFolder, number: str, program: Sequence[str]) -> NoReturn:
    """This process ends with the program. Raises Conflict where nothing can run on the line, Unavailable."""
    line = client.subscriber(number)
    check_attached(line)
    bundle = trusted_by_programs(state)
    browsers = browsers_of(os.environ, state, line.e164)
    own, led = browsers.found_first(os.environ), browsers.led(program)
    way = way_onto(client, state.status(), line)
    client.close()
    if isinstance(way, ByProxy):
        replace(led, environment(own, proxies(way), bundle))
    from nfemu.namespaces.enter import run_on_line

    environ = {**environment(own, {}, bundle), ON_LINE: line.number}
    covers = {**dict.fromkeys(system_bundles(), bundle), **browsers.covers(os.environ)}
    run_on_line(way.pid, way.network, way.resolvers, covers, lambda: replace(led, environ))


@dataclass(slots=True)
class Programs:
    """That run on a line, while who started them waits. Safe for several threads."""

    state: StateFolder
    number: str
    _running: set[subprocess.Popen[str]] = field(default_factory=set)
    _ended: bool = False

    def run(self, program: Sequence[str], stdin: str, timeout_s: float) -> Ran:
        """To its end, and that of what it has started: on a bearer the line's PID namespace ends with it, by proxy its
        process group. Raises Unavailable where it does not end; it does not live on then, nor where the caller is
        interrupted."""
        process = subprocess.Popen(  # noqa: S603 - ours, and then the user's own
            [*_ARGV, str(self.state.path), self.number, *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,
        )
        self._running.add(process)
        if self._ended:
            _kill(process)
        with process:
            Thread(target=_end_what_is_left, args=(process,), daemon=True).start()
            try:
                out, err = process.communicate(stdin, timeout_s)
            except BaseException as error:
                words = _STAYED if process.poll() is None else _HELD
                _kill(process)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise Unavailable(words.format(program[0], timeout_s)) from None
                raise
            finally:
                self._running.discard(process)
        return Ran(process.returncode, out, err)

    def end(self) -> None:
        """All of them, with what they have started; one that is begun after that, too."""
        self._ended = True
        for process in list(self._running):
            _kill(process)


def _end_what_is_left(process: subprocess.Popen[str]) -> None:
    """Once the program has ended: who reads its output would otherwise wait for what it leaves behind."""
    with contextlib.suppress(ChildProcessError):  # it has been waited for already
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # not reaped, its number is nobody else's
        _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        os.killpg(process.pid, signal.SIGKILL)


def replace(program: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Become `program`. Its exit status is then ours; 127 where there is no such program, as in a shell."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and ignored signals are inherited
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(program[0], list(program), dict(environ))  # noqa: S606 - the user's own command
    except FileNotFoundError:
        _say(f"`{program[0]}` is not a program on PATH")
        raise SystemExit(127) from None
    except OSError as error:
        _say(f"`{program[0]}` cannot be run: {error.strerror}")
        raise SystemExit(126) from None


def _say(text: str) -> None:
    if sys.stderr is not None:  # the caller may have closed it
        sys.stderr.write(f"nfemu: {text}\n")
