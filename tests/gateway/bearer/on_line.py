"""A carrier's bearers with their real kernel, an Internet that takes and gives octets, and programs on a phone."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.bearers import BearerConfig, Bearers
from nfemu.gateway.bearer.network.client import Entrance
from nfemu.gateway.link.host import Answer
from nfemu.gateway.ports import GatewayRules
from nfemu.model.errors import NotFound
from tests.fakes.gateway import FakeReports

_TALK = """
import socket, sys, time
host, port, up, down = sys.argv[1], *map(int, sys.argv[2:5])
def wire():
    name = next(line for line in open("/proc/thread-self/net/dev") if "wwan0" in line).split()
    return [int(name[9]) - 14 * int(name[10]), int(name[1]) - 14 * int(name[2])]
before = wire()
try:
    with socket.create_connection((host, port), timeout=30) as link:
        began = time.monotonic()
        link.sendall(b"%16d%16d" % (up, down))
        for _ in range(up // 1000):
            link.sendall(bytes(1000))
        got = 0
        while data := link.recv(65536):
            got += len(data)
        took = time.monotonic() - began
    print("done" if got == down else "short", took, *(now - then for now, then in zip(wire(), before)))
except OSError as error:
    print(error.strerror.replace(" ", "-"), 0, 0, 0)
"""
"""Sends so many thousands of octets and takes as many as it asks for. Prints how it ended, the seconds, and the octets
of IP that crossed the phone's interface, up and down."""


@dataclass(frozen=True, slots=True)
class Talk:
    """How it ended; `up` and `down` as IP packets."""

    end: str
    seconds: float
    up: int
    down: int


def enter(entrance: Entrance, *, core: bool = False) -> list[str]:
    """What a command on the phone begins with, or one in the core."""
    process = Path(f"/proc/{entrance.pid}")
    network = process / "ns/net" if core else process / "fd" / str(entrance.network)
    argv = ["nsenter", f"--net={network}"]
    if (process / "ns/user").stat().st_ino != Path("/proc/self/ns/user").stat().st_ino:
        argv += [f"--user={process / 'ns/user'}", "--preserve-credentials"]
    return argv


class NoNames:
    async def answer(self, host: str) -> Answer:
        raise NotFound(f"`{host}` does not exist")


class OnLine:
    """`prepare`d and begun; `plug` a phone in, then `talk` over it."""

    def __init__(self, folder: Path) -> None:
        self.reports = FakeReports()
        config = BearerConfig(folder / "core.log", folder / "origin.sock", bytes(32))
        self.bearers = Bearers(config, NoNames(), self.reports)

    async def talk(self, entrance: Entrance, host: str, port: int, *, up: int = 0, down: int = 0) -> Talk:
        argv = [*enter(entrance), sys.executable, "-c", _TALK, host, str(port), str(up), str(down)]
        done = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE)
        printed, _ = await done.communicate()
        end, seconds, *octets = printed.decode().split()
        return Talk(end, float(seconds), *map(int, octets))

    def used(self, group: str = "") -> tuple[int, int]:
        """Octets reported so far, up and down."""
        usage = [each for each in self.reports.usage if each.group == group]
        return sum(each.up for each in usage), sum(each.down for each in usage)


@asynccontextmanager
async def on_line(
    folder: Path, rules: GatewayRules, lines: Sequence[LineState], early: Sequence[LineState] = ()
) -> AsyncIterator[OnLine]:
    """`early`: changes that come before they begin."""
    world = OnLine(folder)
    await world.bearers.prepare()
    servers = [await asyncio.start_server(_serve, sock=listener) for listener in world.bearers.origins]
    for listener in world.bearers.workers:
        listener.close()
    try:
        for state in early:
            await world.bearers.apply(state)
        await world.bearers.begin(rules, lines)
        yield world
    finally:
        for server in servers:
            server.close()
        await world.bearers.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Within ten seconds, of which the kernel is looked at every one."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.05)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        up, down = int(await reader.readexactly(16)), int(await reader.readexactly(16))
        left = up // 1000 * 1000
        while left:  # in parts: a test may send until it is stopped
            left -= len(await reader.readexactly(min(left, 100_000)))
        left = down // 1000 * 1000
        while left:
            part = bytes(min(left, 100_000))
            writer.write(part)
            left -= len(part)
            await writer.drain()
            await asyncio.sleep(0)  # `drain` waits for nobody while there is room, and others have their work here
    except (OSError, asyncio.IncompleteReadError):
        pass
    except asyncio.CancelledError:
        writer.transport.abort()  # what is under way at the end
        raise
    writer.close()
