"""A real stock mitmdump with our addons, beside a running gateway; real curl."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from nfemu.enrichment.values import EnrichedValue, HeaderRule
from nfemu.gateway.gateway import Gateway, GatewayConfig
from nfemu.gateway.link.messages import Role
from nfemu.gateway.listeners import ListenerPlan
from nfemu.gateway.resolving import Internet, NamePlan, Names
from nfemu.gateway.rules import RuleSource
from tests.gateway.origins import TOKEN, Numbered, Origins, origins
from tests.gateway.samples import ARREARS, NOBODY, OPEN, PORTAL, line
from tests.gateway.test_gateway import ECHO, until

MITMDUMP = str(Path(sys.executable).with_name("mitmdump"))
ADDONS = Path(__file__).parents[2] / "addons"
RULES = RuleSource((PORTAL,), (OPEN, ARREARS), (HeaderRule("X-MSISDN", EnrichedValue.MSISDN),), ("X-Up-Subno",))


@dataclass
class Stock:
    gateway: Gateway
    origins: Origins
    process: asyncio.subprocess.Process
    port: int
    log: Path

    async def curl(self, *arguments: str, number: str = "13800138000") -> str:
        process = await asyncio.create_subprocess_exec(
            "curl", "-si", "--max-time", "20", "--proxy", f"http://{number}:x@127.0.0.1:{self.port}", *arguments,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()
        return output.decode()

    def connected(self) -> bool:
        return any(point.role is Role.ADDON and point.serving for point in self.gateway.status().points)


@asynccontextmanager
async def stock(folder: Path, *addons: str) -> AsyncIterator[Stock]:
    config = GatewayConfig(
        folder, ListenerPlan("127.0.0.1", 0, 0, {}), folder / "origin.sock", TOKEN, workers=1, worker_argv=ECHO
    )
    gateway = Gateway(config, RULES, Names(NamePlan(Internet.EMULATED), Numbered()), lambda: [line(), line(1)], NOBODY)
    log = folder / "mitmdump.log"
    async with origins(config.origin_socket) as here:
        await gateway.start()
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                MITMDUMP, "--set", f"confdir={folder}", "--set", f"nfemu_state={folder}", "--listen-host", "127.0.0.1",
                "--listen-port", "0", *(part for name in addons for part in ("-s", str(ADDONS / name))),
                stdout=output, stderr=output,
                env={**os.environ, "PYTHONPATH": str(ADDONS.parent), "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        try:
            await until(lambda: "listening at" in log.read_text(), log.read_text())
            port = int(re.findall(r"listening at .*:(\d+)\.", log.read_text())[0])
            started = Stock(gateway, here, process, port, log)
            await until(started.connected, "the addons have followed")
            yield started
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await gateway.stop()


BOTH = ("arrears_redirect.py", "header_enrichment.py")


async def test_the_journey(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        assert (await here.curl("http://news.example/1")).startswith("HTTP/1.1 200")
        await here.gateway.apply(line(version=2, policy="arrears"))
        answer = await here.curl("http://news.example/2")
        assert answer.startswith("HTTP/1.1 302")
        assert "http://portal.carrier.example/green?url=http" in answer
        body = tmp_path / "body"
        body.write_bytes(bytes(1024 * 1024))
        answer = await here.curl("--data-binary", f"@{body}", "http://news.example/3")
        assert "HTTP/1.1 511" in answer
        answer = await here.curl(
            "http://portal.carrier.example/4", "-H", "X_MSISDN: 1", "-H", "x-up-subno: 2", "-H", "X-MSISDN: 3"
        )
        assert answer.startswith("HTTP/1.1 200")
        assert re.findall(r"(?im)^x.(?:msisdn|up).*$", here.origins.requests[-1]) == ["X-MSISDN: 8613800138000"]
        assert "proxy-authorization" not in here.origins.requests[-1].lower()
        await here.gateway.apply(line(version=3))
        assert (await here.curl("http://news.example/5")).startswith("HTTP/1.1 200")
        paths = [request.split()[1] for request in here.origins.requests]
        assert paths == ["/1", "/4", "/5"]


async def test_https_is_refused_or_spliced_never_opened(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        await here.gateway.apply(line(version=2, policy="arrears"))
        assert "HTTP/1.1 403" in await here.curl("https://news.example/")
        assert here.origins.peers == []
        process = await asyncio.create_subprocess_exec(
            "curl", "-sv", "--max-time", "5", "--proxy", f"http://13800138000:x@127.0.0.1:{here.port}",
            "https://portal.carrier.example/", stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await process.communicate()
        (peer,) = here.origins.peers
        assert (peer.destination_port, str(peer.source)) == (443, "10.45.0.2")


async def test_a_flip_ends_what_is_open(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(b"CONNECT news.example:5000 HTTP/1.1\r\nHost: news.example:5000\r\n"
                     b"Proxy-Authorization: Basic MTM4MDAxMzgwMDA6eA==\r\n\r\n")  # fmt: skip
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"\x01\x02raw\r\n\r\n")
        assert (await reader.readuntil(b"raw")).startswith(b"HTTP/1.1 200")
        await here.gateway.apply(line(version=2, policy="arrears"))
        async with asyncio.timeout(10):
            assert await reader.read() in (b"", b"\r\n\r\n")
        writer.close()


async def test_without_a_number_nobody_is_served(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        assert (await here.curl("http://news.example/", number="13900000000")).startswith("HTTP/1.1 407")
        assert (await here.curl("http://news.example/", "-H", "Host: portal.carrier.example")).startswith(
            "HTTP/1.1 400"
        )
        assert here.origins.requests == []


async def test_enrichment_alone_forwards_nothing_forbidden(tmp_path: Path) -> None:
    async with stock(tmp_path, "header_enrichment.py") as here:
        await here.gateway.apply(line(version=2, policy="arrears"))
        assert not (await here.curl("http://news.example/")).startswith("HTTP/1.1 200")
        assert (await here.curl("http://portal.carrier.example/")).startswith("HTTP/1.1 200")
        assert "X-MSISDN: 8613800138000" in here.origins.requests[-1]


async def test_redirect_alone_inserts_nothing(tmp_path: Path) -> None:
    async with stock(tmp_path, "arrears_redirect.py") as here:
        answer = await here.curl("http://portal.carrier.example/", "-H", "X-MSISDN: 3")
        assert answer.startswith("HTTP/1.1 200")
        assert "msisdn" not in here.origins.requests[-1].lower()


async def test_a_stopped_addon_loses_its_lease_before_apply_returns(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        assert (await here.curl("http://news.example/1")).startswith("HTTP/1.1 200")
        here.process.send_signal(signal.SIGSTOP)
        asking = asyncio.create_task(here.curl("http://news.example/2"))
        async with asyncio.timeout(10):
            await here.gateway.apply(line(version=2, policy="arrears"))
        here.process.send_signal(signal.SIGCONT)
        assert (await asking)[:12] in ("HTTP/1.1 503", "HTTP/1.1 302")
        await until(here.connected, "the addons follow again")
        assert (await here.curl("http://news.example/3")).startswith("HTTP/1.1 302")
        assert len(here.origins.requests) == 1


async def test_without_the_control_process_nobody_is_served(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        await here.gateway.stop()
        answers = [await here.curl("http://news.example/"), await here.curl("http://portal.carrier.example/")]
        assert all(answer.startswith("HTTP/1.1 503") for answer in answers)
        assert here.origins.requests == []


async def exchange(port: int, *requests: str) -> str:
    """Send all of it over one connection; what came back until the end or a pause of the other side's own making."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = ""
    for request in requests:
        writer.write(request.replace("\n", "\r\n").encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        length = re.search(rb"(?i)content-length: (\d+)", head)
        answers += (head + await reader.readexactly(int(length[1]) if length else 0)).decode()
    writer.close()
    return answers


NUMBER = "Proxy-Authorization: Basic MTM4MDAxMzgwMDA6eA==\n"
OTHER_NUMBER = "Proxy-Authorization: Basic MTM4MDAxMzgwMDE6eA==\n"


async def test_a_connection_belongs_to_one_number(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        request = "GET http://news.example/ HTTP/1.1\nHost: news.example\n"
        answers = await exchange(
            here.port, f"{request}{NUMBER}\n", f"{request}{NUMBER}\n", f"{request}{OTHER_NUMBER}\n"
        )
        assert re.findall(r"HTTP/1\.1 (\d+)", answers) == ["200", "200", "400"]
        assert len(here.origins.peers) == 1, "the origin connection is kept"


async def test_plain_http_inside_a_tunnel_is_judged_and_enriched(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        await here.gateway.apply(line(version=2, policy="arrears"))
        connect = f"CONNECT portal.carrier.example:80 HTTP/1.1\nHost: portal.carrier.example:80\n{NUMBER}\n"
        answers = await exchange(
            here.port,
            connect,
            "GET / HTTP/1.1\nHost: portal.carrier.example\nX-MSISDN: 1\n\n",
            "GET / HTTP/1.1\nHost: news.example\n\n",
        )
        assert re.findall(r"HTTP/1\.1 (\d+)", answers)[1:] == ["200", "400"]
        assert [request.count("MSISDN") for request in here.origins.requests] == [1]
        assert "X-MSISDN: 8613800138000" in here.origins.requests[0]


async def test_new_rules_end_what_is_open_and_are_obeyed(tmp_path: Path) -> None:
    async with stock(tmp_path, *BOTH) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(
            f"CONNECT news.example:5000 HTTP/1.1\nHost: news.example:5000\n{NUMBER}\n".replace("\n", "\r\n").encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x01raw\r\n\r\n")
        await reader.readuntil(b"raw")
        await here.gateway.reload(RULES)
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()
        assert (await here.curl("http://news.example/")).startswith("HTTP/1.1 200")
