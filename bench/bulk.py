"""A bearer against plain kernel forwarding: the same namespaces and links without our table.

An open line's traffic goes straight through the kernel in either; a restricted line's TLS goes through our SNI gate,
and an open line's to the real Internet through our relay. Those are compared with nothing in between, for what they
cost. Processor seconds of sender, receiver and whoever is between, in whose time the kernel forwards, for the same
octets, interleaved; the rates beside them are those of the best rounds. Two that both forward plainly show the scatter.

Whoever sends uses CUBIC, whatever the machine's default is. BBR lets packets go by a clock of its own: the same octets
took five times the processor time, nearly all of it timers and wakeups, and more or fewer of those with every change of
the machine's load.
"""

import asyncio
import os
import socket
import ssl
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from bench.contenders.lines import ARREARS, OPEN, line
from bench.contenders.our_gate import NAME
from bench.load import cpu_seconds
from bench.networks import Networks, networks
from bench.ratio import Measure, interleaved
from nfemu.gateway.bearer.internet.rules import ORIGINS_PORT, internet_rules
from nfemu.gateway.bearer.internet.surroundings import Surroundings
from nfemu.gateway.bearer.network.client import CoreNetwork, Entrance
from nfemu.gateway.bearer.network.messages import Phone, Transport, Where
from nfemu.model.errors import Unavailable
from nfemu.policy.compile.steering import SteeringPlan

_PORT = 443
_BUDGET = 0.95
_GIBIT = 8 / (1 << 30)


def _hello() -> bytes:
    """A ClientHello for the portal, as OpenSSL says it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=NAME).do_handshake()
    return outgoing.read()


class Listening(Protocol):
    """A socket, or what asyncio shows of one."""

    def fileno(self) -> int: ...


def _unpaced(listener: socket.socket) -> socket.socket:
    """Connections that it accepts send as fast as they are let."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    return listener


@dataclass(frozen=True, slots=True)
class _Receiver:
    """A program on a line. `others`: processes that its traffic costs time."""

    process: asyncio.subprocess.Process
    others: Sequence[int]

    def measure(self, work: "_Work", took: list[float]) -> Measure:
        """Processor seconds for it; `took` gets wall seconds."""

        async def measure() -> float:
            stdin, stdout = self.process.stdin, self.process.stdout
            assert stdin is not None
            assert stdout is not None
            before = self._spent()
            stdin.write(f"{work.connections} {work.octets}\n".encode())
            took.append(float(await stdout.readline()))
            return self._spent() - before

        return measure

    def _spent(self) -> float:
        return sum(cpu_seconds(pid) for pid in (self.process.pid, *self.others))


@dataclass(frozen=True, slots=True)
class _Work:
    """Connections, one after the other, each for that many octets."""

    connections: int
    octets: int

    async def compared(self, what: str, ours: _Receiver, plain: _Receiver, budget: str = "") -> str:
        our_times: list[float] = []
        plain_times: list[float] = []
        ratio = await interleaved(ours.measure(self, our_times), plain.measure(self, plain_times))
        rates = f"{self._rate(min(our_times))} against {self._rate(min(plain_times))}"
        costs = f"{ratio.ours:.2f} s against {ratio.other:.2f} s of processor time"
        load = f"load {os.getloadavg()[0]:.1f}"
        return f"{what}, to plain forwarding: {ratio}{budget}; {costs}; {rates}; {load}"

    def _rate(self, seconds: float) -> str:
        if self.connections > 1:
            return f"{self.connections / seconds:,.0f} a second"
        return f"{self.octets * _GIBIT / seconds:.1f} Gibit/s"


class _Bench:
    """What runs in the networks."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self._hello = _hello()

    async def core(self) -> tuple[CoreNetwork, int]:
        """With the site in its Internet; the process that sends. Raises Unavailable."""
        core = await self.networks.plain()
        with _unpaced(await core.listen(Where.INTERNET, Transport.TCP, 4, _PORT)) as site:
            return core, await self._sender(site)

    async def gate(self, core: CoreNetwork) -> tuple[int, int]:
        """For what our table steers to it: its process, and the one that sends."""
        return await self._between(
            "our_gate", await core.listen(Where.CORE, Transport.TCP, 4, SteeringPlan().ports.gate)
        )

    async def relay(self, core: CoreNetwork) -> tuple[int, int]:
        """The same behind the core. The site's address is one of the emulated Internet, so that is where it listens."""
        await core.nft(internet_rules(Surroundings(frozenset({4, 6}), frozenset())), Where.INTERNET)
        return await self._between("our_relay", await core.listen(Where.INTERNET, Transport.TCP, 4, ORIGINS_PORT))

    async def _between(self, contender: str, listener: socket.socket) -> tuple[int, int]:
        site = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        with _unpaced(listener), _unpaced(site.sockets[0].dup()) as behind:
            port: int = behind.getsockname()[1]
            sender = await self._sender(behind)
            between = await self.networks.started(
                contender, str(listener.fileno()), str(port), pass_fds=[listener.fileno()], stdout=subprocess.PIPE
            )
        site.close()
        assert between.stdout is not None
        await between.stdout.readline()
        return between.pid, sender

    async def _sender(self, listener: Listening) -> int:
        """Its process."""
        descriptor = listener.fileno()
        arguments = (str(descriptor), str(len(self._hello)))
        return (await self.networks.started("bulk_sender", *arguments, pass_fds=[descriptor])).pid

    async def receiver(self, entrance: Entrance, *others: int) -> _Receiver:
        place = (str(entrance.pid), str(entrance.network), str(_PORT), self._hello.hex())
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return _Receiver(await self.networks.started("bulk_receiver", *place, **options), others)


async def _measure() -> list[str]:
    async with networks() as made:
        bench = _Bench(made)
        (ours, sender), (plain, plain_sender) = await bench.core(), await bench.core()
        phones = await made.policed(ours)
        gate = await bench.gate(ours)
        behind = await made.plain()
        relay = await bench.relay(behind)
        relayed = await bench.receiver(await (await made.policed(behind)).plug(line(OPEN)), *relay)
        opened = await bench.receiver(await phones.plug(line(OPEN)), sender)
        gated = await bench.receiver(await phones.plug(line(ARREARS)), *gate)
        bare = await bench.receiver(await plain.plug(Phone(0, line(OPEN).ue_ipv4, None)), plain_sender)
        again, again_sender = await bench.core()
        as_bare = await bench.receiver(await again.plug(Phone(0, line(OPEN).ue_ipv4, None)), again_sender)
        return [
            await _BULK.compared("bulk traffic of another plain forwarding", as_bare, bare),
            await _BULK.compared("bulk traffic of an open line", opened, bare, f" (budget {_BUDGET})"),
            await _MANY.compared("new connections of an open line", opened, bare),
            await _READ.compared("bulk traffic through the SNI gate", gated, bare),
            await _MANY.compared("new connections through the SNI gate", gated, bare),
            await _READ.compared("bulk traffic through the relay to the real Internet", relayed, bare),
            await _MANY.compared("new connections through the relay to the real Internet", relayed, bare),
        ]


_BULK, _READ, _MANY = _Work(1, 1 << 32), _Work(1, 1 << 31), _Work(1_000, 1)


def run() -> list[str]:
    """A line for each; one that says why where there are no bearers."""
    try:
        return asyncio.run(_measure())
    except Unavailable as error:
        return [f"open bulk on a bearer: not measured, {error}"]
