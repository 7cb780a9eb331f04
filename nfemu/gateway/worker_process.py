"""One worker process as the control process sees it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from nfemu.gateway.launch import Launch, dump_launch
from nfemu.gateway.listeners import Listeners
from nfemu.gateway.processes import ended

WORKER_ARGV = (sys.executable, "-P", "-m", "nfemu.gateway.worker")
_READY_S = 30.0
"""Seconds that a worker has from its birth until it accepts connections."""
_ENDING_S = 1.5
"""Seconds that a worker has to end by itself once asked."""


class WorkerState(Enum):
    STARTING = "starting"
    SERVING = "serving"
    ENDING = "ending"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Command:
    """How workers are started and what each is told, apart from its sockets. `log` takes their output."""

    control_socket: Path
    link_token: Path
    log: Path
    argv: Sequence[str] = WORKER_ARGV


class Worker:
    """A child in a session of its own. It ends itself when its parent dies; see worker.py."""

    def __init__(self, command: Command, listeners: Listeners) -> None:
        """Start the process, in a running event loop."""
        self._process = _started(command, listeners)
        self.pid = self._process.pid
        self.state = WorkerState.STARTING
        self._serving = asyncio.Event()
        self._ended = asyncio.create_task(self._wait())

    async def _wait(self) -> int:
        await ended(self.pid)
        self.state = WorkerState.ENDED
        return self._process.wait()

    def serving(self) -> None:
        """It has said that it accepts connections."""
        if self.state is WorkerState.STARTING:
            self.state = WorkerState.SERVING
            self._serving.set()

    async def until_serving(self) -> bool:
        """Whether it accepts connections; False when it ended first or took too long."""
        serving = asyncio.create_task(self._serving.wait())
        try:
            await asyncio.wait((serving, self._ended), timeout=_READY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            serving.cancel()
        return self._serving.is_set()

    async def ended(self) -> int:
        """Its exit status, negative for a signal."""
        return await asyncio.shield(self._ended)

    async def kill(self) -> None:
        """End it at once (SIGKILL); return when the kernel has closed its connections."""
        self._process.kill()
        await self.ended()

    async def end(self) -> None:
        """Ask it to end (SIGTERM), insist after a while."""
        if self.state is not WorkerState.ENDED:
            self.state = WorkerState.ENDING
        self._process.terminate()
        try:
            await asyncio.wait_for(self.ended(), _ENDING_S)
        except TimeoutError:
            await self.kill()


def _started(command: Command, listeners: Listeners) -> subprocess.Popen[bytes]:
    """Not by the event loop: uvloop's subprocesses inherit every descriptor that is inheritable, this one none but
    the listening sockets.
    """
    launch = Launch(
        os.getpid(),
        command.control_socket,
        command.link_token,
        listeners.http.fileno(),
        listeners.socks.fileno(),
        tuple((msisdn, sock.fileno()) for msisdn, sock in listeners.lines.items()),
        tuple(sock.fileno() for sock in listeners.bearers),
    )
    log = os.open(command.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(log, "ab") as output, os.fdopen(os.memfd_create("launch"), "w+b") as document:
        document.write(dump_launch(launch))
        document.seek(0)
        return subprocess.Popen(  # noqa: S603 (our own interpreter)
            command.argv,
            stdin=document,
            stdout=output,
            stderr=output,
            pass_fds=[sock.fileno() for sock in listeners.all()],
            start_new_session=True,
        )
