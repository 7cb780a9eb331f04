"""A bearer against plain kernel forwarding: the same namespaces and links without our table.

An open line's traffic goes straight through the kernel in either; a restricted line's TLS goes through our SNI gate,
which is compared with nothing in between, for what it costs. Wall time, interleaved.
"""

import asyncio
import ssl
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.carrier import CONFIG
from bench.contenders.lines import ARREARS, OPEN, line
from bench.contenders.our_gate import NAME
from bench.ratio import Measure, Ratio, interleaved
from nfemu.bootstrap.conversion import rule_source
from nfemu.client.state import StateFolder
from nfemu.gateway.bearer.kernel_policy import KernelPolicy
from nfemu.gateway.bearer.network.client import CoreNetwork, Entrance
from nfemu.gateway.bearer.network.messages import Phone, Transport, Where
from nfemu.gateway.bearer.phones import Phones
from nfemu.model.errors import Unavailable
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.runtime.keys import private_folder
from nfemu.settings import load

_PORT = 443
_OCTETS = 1 << 30
_GATED = 1 << 28
_CONNECTIONS = 400
_BUDGET = 0.95
_GIBIT = 8 / (1 << 30)
_ROOT = Path(__file__).parents[1]


def _hello() -> bytes:
    """A ClientHello for the portal, as OpenSSL says it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=NAME).do_handshake()
    return outgoing.read()


@dataclass(frozen=True, slots=True)
class _Receiver:
    """A program on a line."""

    process: asyncio.subprocess.Process

    def measure(self, connections: int, octets: int) -> Measure:
        """Seconds for that many connections, one after the other, each for that many octets."""

        async def measure() -> float:
            stdin, stdout = self.process.stdin, self.process.stdout
            assert stdin is not None
            assert stdout is not None
            stdin.write(f"{connections} {octets}\n".encode())
            return float(await stdout.readline())

        return measure


class _Bench:
    """What runs, until the stack is closed."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._hello = _hello()

    async def core(self) -> CoreNetwork:
        """With the site in its Internet. Raises Unavailable."""
        core = CoreNetwork(self._folder / "core.log")
        await core.start()
        self._stack.push_async_callback(core.stop)
        with await core.listen(Where.INTERNET, Transport.TCP, 4, _PORT) as site:
            await self.started("bulk_sender", str(site.fileno()), str(len(self._hello)), pass_fds=[site.fileno()])
        return core

    async def policed(self, core: CoreNetwork) -> Phones:
        """With our table, and both lines in it."""
        state = StateFolder(self._folder / "state")
        private_folder(state.path)
        plan = SteeringPlan()
        policy = KernelPolicy(plan, core.nft)
        await policy.load(policy.compile(rule_source(load(CONFIG), state).compile()), [line(OPEN), line(ARREARS)])
        return Phones(core, policy, plan)

    async def gate(self, core: CoreNetwork) -> None:
        """For what our table steers to it."""
        listener = await core.listen(Where.CORE, Transport.TCP, 4, SteeringPlan().ports.gate)
        site = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        with listener, site.sockets[0].dup() as behind:
            port: int = behind.getsockname()[1]
            await self.started("bulk_sender", str(behind.fileno()), str(len(self._hello)), pass_fds=[behind.fileno()])
            gate = await self.started(
                "our_gate", str(listener.fileno()), str(port), pass_fds=[listener.fileno()], stdout=subprocess.PIPE
            )
        site.close()
        assert gate.stdout is not None
        await gate.stdout.readline()

    async def receiver(self, entrance: Entrance) -> _Receiver:
        place = (str(entrance.pid), str(entrance.network), str(_PORT), self._hello.hex())
        return _Receiver(await self.started("bulk_receiver", *place, stdin=subprocess.PIPE, stdout=subprocess.PIPE))

    async def started(self, contender: str, *arguments: str, **options: object) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", f"bench.contenders.{contender}", *arguments)
        process = await asyncio.create_subprocess_exec(*command, cwd=_ROOT, **options)  # type: ignore[arg-type] # as given
        self._stack.push_async_callback(_ended, process)
        return process


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


@asynccontextmanager
async def _bench() -> AsyncIterator[_Bench]:
    with tempfile.TemporaryDirectory(prefix="nfemu-bench-") as name:
        async with AsyncExitStack() as stack:
            yield _Bench(stack, Path(name))


async def _measure() -> list[str]:
    async with _bench() as bench:
        ours, plain = await bench.core(), await bench.core()
        phones = await bench.policed(ours)
        await bench.gate(ours)
        opened = await bench.receiver(await phones.plug(line(OPEN)))
        gated = await bench.receiver(await phones.plug(line(ARREARS)))
        bare = await bench.receiver(await plain.plug(Phone(0, line(OPEN).ue_ipv4, None)))
        bulk = await interleaved(opened.measure(1, _OCTETS), bare.measure(1, _OCTETS))
        connections = await interleaved(opened.measure(_CONNECTIONS, 1), bare.measure(_CONNECTIONS, 1))
        spliced = await interleaved(gated.measure(1, _GATED), bare.measure(1, _GATED))
        admitted = await interleaved(gated.measure(_CONNECTIONS, 1), bare.measure(_CONNECTIONS, 1))
    return [
        _throughput("open bulk on a bearer to plain forwarding", bulk, _OCTETS, f" (budget {_BUDGET})"),
        _rate("open line, new connections, to plain forwarding", connections),
        _throughput("spliced by the SNI gate to plain forwarding", spliced, _GATED, ""),
        _rate("admitted by the SNI gate, new connections, to plain forwarding", admitted),
    ]


def _throughput(what: str, ratio: Ratio, octets: int, budget: str) -> str:
    ours, other = octets * _GIBIT / ratio.ours, octets * _GIBIT / ratio.other
    return f"{what}: {ratio}{budget}; {ours:.1f} against {other:.1f} Gibit/s"


def _rate(what: str, ratio: Ratio) -> str:
    return f"{what}: {ratio}; {_CONNECTIONS / ratio.ours:,.0f} against {_CONNECTIONS / ratio.other:,.0f} a second"


def run() -> list[str]:
    """A line for each; one that says why where there are no bearers."""
    try:
        return asyncio.run(_measure())
    except Unavailable as error:
        return [f"open bulk on a bearer: not measured, {error}"]
