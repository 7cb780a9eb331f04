"""Real workers, real curl: the supervised mitmproxy engine behind the sockets of the control process."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nfemu.gateway.gateway import Gateway, GatewayConfig
from nfemu.gateway.listeners import ListenerPlan
from nfemu.gateway.resolving import Internet, NamePlan, Names
from tests.gateway.origins import TOKEN, Numbered, Origins, origins
from tests.gateway.samples import NOBODY, RULES, line
from tests.gateway.test_gateway import pids


@asynccontextmanager
async def serving(folder: Path, workers: int) -> AsyncIterator[tuple[Gateway, Origins]]:
    config = GatewayConfig(
        folder,
        ListenerPlan("127.0.0.1", 0, 0, {line(1).msisdn: 0}),
        folder / "origin.sock",
        TOKEN,
        workers=workers,
        deadline_s=5.0,
    )
    names = Names(NamePlan(Internet.EMULATED), Numbered())
    gateway = Gateway(config, RULES, names, lambda: [line(), line(1)], NOBODY)
    async with origins(config.origin_socket) as here:
        await gateway.start()
        try:
            yield gateway, here
        finally:
            await gateway.stop()


async def curl(gateway: Gateway, *arguments: str, number: str = "13800138000") -> str:
    host, port = gateway.status().addresses.http
    process = await asyncio.create_subprocess_exec(
        "curl",
        "-si",
        "--max-time",
        "20",
        "--proxy",
        f"http://{number}:x@{host}:{port}",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return output.decode()


async def test_open_restricted_open_again(tmp_path: Path) -> None:
    async with serving(tmp_path, 2) as (gateway, here):
        answer = await curl(gateway, "http://news.example/a", "-H", "X-MSISDN: 1")
        assert answer.startswith("HTTP/1.1 200")
        await gateway.apply(line(version=2, policy="arrears"))
        answer = await curl(gateway, "http://news.example/b")
        assert answer.startswith("HTTP/1.1 302")
        assert "http://portal.carrier.example/green" in answer
        await gateway.apply(line(version=3))
        answer = await curl(gateway, "http://news.example/c")
        assert answer.startswith("HTTP/1.1 200")
        assert [request.split()[1] for request in here.requests] == ["/a", "/c"]
        assert {(peer.token, str(peer.source)) for peer in here.peers} == {(TOKEN, "10.45.0.2")}


async def test_a_restricted_line_stays_restricted_while_workers_die_under_traffic(tmp_path: Path) -> None:
    async with serving(tmp_path, 2) as (gateway, here):
        await gateway.apply(line(version=2, policy="arrears"))
        done = asyncio.Event()

        async def traffic() -> list[str]:
            answers = []
            while not done.is_set():
                answers.append((await curl(gateway, "http://news.example/"))[:12])
            return answers

        asking = asyncio.create_task(traffic())
        for victim in pids(gateway):
            os.kill(victim, signal.SIGKILL)
            assert (await curl(gateway, "--retry", "3", "--retry-all-errors", "http://news.example/"))[:12]
        done.set()
        assert set(await asking) <= {"HTTP/1.1 302", ""}
        assert here.requests == []


async def test_a_listener_of_one_line_needs_no_user_name(tmp_path: Path) -> None:
    async with serving(tmp_path, 1) as (gateway, here):
        host, port = gateway.status().addresses.lines[line(1).msisdn]
        process = await asyncio.create_subprocess_exec(
            "curl", "-si", "--proxy", f"http://{host}:{port}", "http://news.example/", stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert output.startswith(b"HTTP/1.1 200")
        assert [str(peer.source) for peer in here.peers] == ["10.45.0.3"]
