"""A carrier as its users have it: the command line, processes, real curl on subscribers' lines."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

from nfemu.client import Client, RunningStatus, StateFolder

CONFIG = Path(__file__).parents[2] / "config"
NUMBER = "13800138000"
OTHER = "13800138001"


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command. `text` is standard output; `errors` standard error."""

    status: int
    text: str
    errors: str


REFUSED = (35, 56)
"""curl's exit status where HTTPS is refused: after a reset on a bearer, after a 403 to CONNECT."""


@dataclass(slots=True)
class CarrierProcess:
    """Starts and asks one carrier with its own state folder, always on free ports. `before`: what starts its commands,
    and with them the carrier; `python` runs them.
    """

    state: StateFolder
    config: Path = CONFIG
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Sequence[str] = ()
    python: str = sys.executable

    def nfemu(self, *arguments: str, stdin: str | None = None, timeout: float = 60) -> Done:
        """Run one `nfemu` command to its end."""
        done = subprocess.run(
            self.command(*arguments),
            env={**os.environ, "NFEMU_STATE": str(self.state.path), "NFEMU_CONFIG": str(self.config)}
            | dict(self.environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def command(self, *arguments: str) -> tuple[str, ...]:
        return *self.before, self.python, "-m", "nfemu.cli.main", *arguments

    def up(self, *arguments: str) -> None:
        done = self.nfemu("up", "--free-ports", *arguments)
        assert done.status == 0, done.errors

    def down(self) -> None:
        self.nfemu("down")

    def curl(self, number: str, *arguments: str) -> Done:
        """curl on a subscriber's line, with the response head in the text."""
        return self.nfemu("exec", number, "--", "curl", "-si", "--max-time", "20", *arguments)

    @property
    def running(self) -> RunningStatus:
        return self.state.status()

    def client(self) -> Client:
        return Client.find(self.state)

    def verdict(self, number: str, url: str) -> int:
        """The HTTP status that curl gets on a line, straight from the proxy; 0 where the connection ends first."""
        command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "--max-time", "20", url]
        proxy = f"http://{number}:x@{self.running.http_proxy}"
        done = subprocess.run([*command, "-x", proxy], capture_output=True, text=True, timeout=30, check=False)
        return int(done.stdout)

    def workers(self) -> list[int]:
        """The worker processes that are alive."""
        found = children(self.running.pid)
        return [pid for pid in found if b"nfemu.gateway.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def kill(self) -> None:
        """`kill -9` of the control process. Returns when nothing of it is left: no child, no open port."""
        running = self.running
        born = children(running.pid)
        os.kill(running.pid, signal.SIGKILL)
        for pid in (running.pid, *born):
            assert has_ended(pid), f"process {pid} survives"
        for address in (running.api, running.http_proxy, running.socks_proxy, *running.subscriber_proxies.values()):
            assert_free(address)


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that have not ended."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def has_ended(pid: int, within_s: float = 20) -> bool:
    """Whether a process ends in time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within_s)[0])
    finally:
        os.close(descriptor)


def assert_free(address: str) -> None:
    """Nobody listens on `host:port`: it can be bound."""
    host, _, port = address.rpartition(":")
    socket.create_server((host, int(port))).close()


def until(condition: Callable[[], bool], within_s: float = 40) -> None:
    """Return when it holds; asks ten times a second."""
    deadline = monotonic() + within_s
    while not condition():
        assert monotonic() < deadline, "it does not come true"
        Event().wait(0.1)


def status_of(done: Done) -> int:
    """The last HTTP status in curl's output; 0 when there is none."""
    heads = [line.split()[1] for line in done.text.splitlines() if line.startswith("HTTP/")]
    return int(heads[-1]) if heads else 0
