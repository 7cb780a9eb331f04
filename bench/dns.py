"""The DNS of bearers, hot names of an open line, against unbound with the same names as local data.

Both serve one core: processor seconds of the server's process for the same questions, interleaved. The load is
dnsperf's (architecture, section 11). What a line may ask in a second is in force, and does not touch it: what is
remembered is not counted, and these names are fewer than may come at once.
"""

import asyncio
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from bench.load import cpu_seconds
from bench.ratio import Measure, interleaved

_NAMES = 1_000
_PASSES = 200
_QUESTIONS = _NAMES * _PASSES
_UNDER_WAY = "64"
_BUDGET = 0.7
_ROOT = Path(__file__).parents[1]
_COMPLETED = re.compile(r"Queries completed:\s+(\d+)")
_RATE = re.compile(r"Queries per second:\s+([\d.]+)")
_UNBOUND = """
server:
  interface: 127.0.0.1@{port}
  num-threads: 1
  do-daemonize: no
  use-syslog: no
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  do-tcp: no
  local-zone: "test." static
{data}
remote-control:
  control-enable: no
"""


@dataclass(frozen=True, slots=True)
class _Server:
    name: str
    pid: int
    port: int


@contextmanager
def _ours() -> Iterator[_Server]:
    command = [sys.executable, "-m", "bench.contenders.our_dns"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
        assert process.stdout is not None
        try:
            yield _Server("our DNS", process.pid, int(process.stdout.readline()))
        finally:
            process.terminate()


@contextmanager
def _unbound(binary: str, folder: Path) -> Iterator[_Server]:
    """It cannot say which port it took, so it is told one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    data = "\n".join(f'  local-data: "{name} 60 IN A 198.18.0.16"' for name in _names())
    (folder / "unbound.conf").write_text(_UNBOUND.format(port=port, folder=folder, data=data))
    command = [binary, "-d", "-c", str(folder / "unbound.conf")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            if not any("start of service" in line for line in process.stderr):
                raise RuntimeError(f"{binary} did not start; see {folder}")
            yield _Server("unbound", process.pid, port)
        finally:
            process.terminate()


def _names() -> list[str]:
    return [f"h{number}.test" for number in range(_NAMES)]


def _measure(server: _Server, dnsperf: str, questions: Path, rates: list[float]) -> Measure:
    command = [dnsperf, "-s", "127.0.0.1", "-p", str(server.port), "-d", str(questions)]
    command += ["-n", str(_PASSES), "-q", _UNDER_WAY]

    async def measure() -> float:
        before = cpu_seconds(server.pid)
        done = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        report = (await done.communicate())[0].decode()
        completed, rate = _COMPLETED.search(report), _RATE.search(report)
        if completed is None or rate is None or int(completed[1]) < _QUESTIONS * 0.999:
            raise RuntimeError(f"{server.name} did not answer all questions:\n{report}")
        rates.append(float(rate[1]))
        return cpu_seconds(server.pid) - before

    return measure


def run() -> list[str]:
    """One line; one that says what is missing where a peer is not installed."""
    unbound, dnsperf = which("unbound"), which("dnsperf")
    if unbound is None or dnsperf is None:
        return ["DNS, hot names, open line: not measured, Debian's packages unbound and dnsperf are needed"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nfemu-bench-")))
        questions = folder / "questions"
        questions.write_text("".join(f"{name} A\n" for name in _names()))
        ours, theirs = stack.enter_context(_ours()), stack.enter_context(_unbound(unbound, folder))
        our_rates: list[float] = []
        their_rates: list[float] = []
        ratio = asyncio.run(
            interleaved(
                _measure(ours, dnsperf, questions, our_rates), _measure(theirs, dnsperf, questions, their_rates)
            )
        )
    per = 10_000 / _QUESTIONS
    costs = f"{ratio.ours * per:.3f} s against {ratio.other * per:.3f} s of processor time for 10,000 questions"
    rates = f"best rounds {max(our_rates):,.0f} and {max(their_rates):,.0f} a second"
    return [f"DNS, hot names, open line, our DNS to unbound: {ratio} (budget {_BUDGET}); {costs}; {rates}"]
