"""Our worker with everything on, against stock `mitmdump` with a one-header addon and against the bare lean master.

Processor seconds of the proxy's own process for the same keep-alive requests, interleaved (architecture, section 11).
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.load import Target, processor_seconds
from bench.ratio import Measure, interleaved

_REQUESTS = 2_000
_CONTENDERS = Path(__file__).parent / "contenders"


@contextmanager
def process(*command: str, **environment: str) -> Iterator[tuple[int, int]]:
    """Process id of a Python module, and the port that it prints."""
    running = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        cwd=_CONTENDERS.parents[1],
    )
    assert running.stdout is not None
    try:
        yield running.pid, int(running.stdout.readline())
    finally:
        running.terminate()
        running.wait()
        running.stdout.close()


@contextmanager
def _stock(origin: int) -> Iterator[Target]:
    """mitmdump as installed; asked for port 0, it says which port it took in its log only, so it is told one."""
    port = free_port()
    mitmdump = str(Path(sys.executable).with_name("mitmdump"))
    options = ["-q", "--set", "connection_strategy=lazy", "-s", str(_CONTENDERS / "one_header.py")]
    with subprocess.Popen([mitmdump, "--listen-host", "127.0.0.1", "-p", str(port), *options]) as process:
        try:
            asyncio.run(until_listening(port))
            yield Target("stock mitmdump", process.pid, port, f"http://127.0.0.1:{origin}/")
        finally:
            process.terminate()


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def until_listening(port: int, address: str = "127.0.0.1") -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection(address, port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _measure(target: Target) -> Measure:
    async def measure() -> float:
        return await processor_seconds(target, _REQUESTS)

    return measure


def run() -> list[str]:
    """One line per peer."""
    user = b"Proxy-Authorization: Basic " + b64encode(b"13800138000:x") + b"\r\n"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="nfemu-bench-"))
        _, origin = stack.enter_context(process("bench.contenders.origin"))
        pid, port = stack.enter_context(process("bench.contenders.our_worker", str(origin), BENCH_STATE=folder))
        ours = Target("our worker", pid, port, "http://news.example/", user)
        pid, port = stack.enter_context(process("bench.contenders.lean_master"))
        lean = Target("bare lean master", pid, port, f"http://127.0.0.1:{origin}/")
        stock = stack.enter_context(_stock(origin))
        return [_compare(ours, peer, budget) for peer, budget in ((stock, 1.4), (lean, 0.9))]


def _compare(ours: Target, peer: Target, budget: float) -> str:
    ratio = asyncio.run(interleaved(_measure(ours), _measure(peer)))
    per = 10_000 / _REQUESTS
    costs = f"{ratio.ours * per:.2f} s against {ratio.other * per:.2f} s of processor time for 10,000 requests"
    return f"enrichment, our worker to {peer.name}: {ratio} (budget {budget}); {costs}"
