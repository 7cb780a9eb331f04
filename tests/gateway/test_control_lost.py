"""What happens to workers when the control process dies or hangs."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nfemu.gateway.processes import process_ended
from tests.gateway.samples import line


@dataclass
class Control:
    process: asyncio.subprocess.Process
    port: int
    workers: list[int]

    async def ask(self) -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{line().msisdn}\n".encode())
        answer = await reader.readline()
        writer.close()
        return answer.split()[1:3]

    async def until_answer(self, wanted: list[bytes]) -> None:
        async with asyncio.timeout(20):
            while await self.ask() != wanted:
                pass


@asynccontextmanager
async def control(folder: Path) -> AsyncIterator[Control]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.gateway.control_process", str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port, *workers = map(int, (await process.stdout.readline()).split())
        yield Control(process, port, workers)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_workers_do_not_outlive_a_killed_control_process(tmp_path: Path) -> None:
    async with control(tmp_path) as here:
        assert await here.ask() == [b"open", b"1"]
        here.process.kill()
        await here.process.wait()
        assert all([await process_ended(pid, 5) for pid in here.workers])
        with pytest.raises(ConnectionRefusedError):
            await here.ask()


async def test_while_the_control_process_hangs_nobody_is_served(tmp_path: Path) -> None:
    async with control(tmp_path) as here:
        here.process.send_signal(signal.SIGSTOP)
        await here.until_answer([b"not", b"fresh"])
        here.process.send_signal(signal.SIGCONT)
        await here.until_answer([b"open", b"1"])


async def test_process_ended_gives_up(tmp_path: Path) -> None:
    async with control(tmp_path) as here:
        assert not await process_ended(here.process.pid, 0.01)
        assert not await process_ended(0, 0.01)
    assert await process_ended(here.process.pid, 0.01)
