"""After a restriction is acknowledged no octet more leaves for the line or from it, whatever was under way in lanes."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.gateway.bearer.on_line import enter, on_line
from tests.gateway.bearer.test_lanes import ARREARS, FIRST, MUCH, NEEDS_ROOT, OPEN, SITES, in_lane, made, said

pytestmark = [pytest.mark.lab, NEEDS_ROOT]

_BULK = """
import socket, sys, threading
much, sites = int(sys.argv[1]), sys.argv[2:]
def carry(site, up, moving):
    moved, told = 0, False
    try:
        with socket.create_connection((site, 9999), timeout=20) as link:
            link.sendall(b"%16d%16d" % ((much, 0) if up else (0, much)))
            link.settimeout(0.2)
            while True:
                try:
                    moved += link.send(bytes(65536)) if up else len(link.recv(1 << 20))
                except TimeoutError:
                    if not up:
                        link.send(b"are you there?")
                if moved > 2_000_000 and not told:
                    told = True
                    moving.release()
    except OSError:
        if not told:
            moving.release()
for _ in sys.stdin:
    moving = threading.Semaphore(0)
    every = [threading.Thread(target=carry, args=(site, up, moving)) for site in sites for up in (False, True)]
    for one in every:
        one.start()
    for one in every:
        moving.acquire()
    print("moving", flush=True)
    for one in every:
        one.join()
    print("ended", flush=True)
"""
"""For each line of input a connection up and one down to each site, until they end."""


@asynccontextmanager
async def beside(*argv: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


def tell(process: asyncio.subprocess.Process, what: object) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{what}\n".encode())


@pytest.mark.parametrize("flips", [5, pytest.param(100, marks=pytest.mark.long)])
async def test_no_octet_leaves_after_the_acknowledgement(tmp_path: Path, flips: int) -> None:
    async with on_line(tmp_path, made(), [FIRST]) as world:
        _, entrance = await world.bearers.plug(FIRST.msisdn)
        python = (sys.executable, "-c", _BULK, str(MUCH), *SITES)
        links = (sys.executable, "-m", "tests.gateway.bearer.on_link", "ue0", "inet0")
        async with (
            beside(*enter(entrance), *python) as phone,
            beside(*enter(entrance, core=True), *links) as watch,
        ):
            assert await said(watch) == "looking"
            for number in range(flips):
                tell(phone, "go")
                assert await said(phone) == "moving"
                await world.bearers.apply(replace(FIRST, policy=ARREARS, version=2 * number + 2))
                acknowledged = time.time_ns()
                assert await said(phone) == "ended"
                tell(watch, acknowledged)
                down, down_after, up, up_after, missed = map(int, (await said(watch)).split())
                assert min(down, up) > 4_000_000
                assert (down_after, up_after, missed) == (0, 0, 0), number
                await world.bearers.apply(replace(FIRST, policy=OPEN, version=2 * number + 3))
            for version in (4, 6):
                for direction in ("up", "down"):
                    assert in_lane(entrance, f"lane_{direction}{version}") > flips * 100_000
