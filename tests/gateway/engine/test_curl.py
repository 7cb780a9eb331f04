"""The same with real curl: what people will type first."""

import asyncio
import shutil

import pytest

from tests.fakes.gateway import FakeResolver
from tests.gateway.engine.conftest import ARREARS_NUMBER, OPEN_NUMBER, World

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


async def curl(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "curl", "-si", "--max-time", "10", *arguments, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_http_proxy(world: World) -> None:
    proxy = ("--proxy", f"http://127.0.0.1:{world.http_port}", "--proxy-user")
    code, out = await curl(*proxy, f"{OPEN_NUMBER}:", "http://news.example/")
    assert (code, out.splitlines()[0]) == (0, "HTTP/1.1 200 OK")
    code, out = await curl(*proxy, f"{ARREARS_NUMBER}:", "http://news.example/")
    assert (code, out.splitlines()[0]) == (0, "HTTP/1.1 302 Found")
    code, out = await curl(*proxy, f"{ARREARS_NUMBER}:", "-d", "@/proc/self/exe", "http://news.example/")
    assert (code, out.splitlines()[0].split()[1]) == (0, "511")
    code, out = await curl(*proxy, f"{ARREARS_NUMBER}:", "https://news.example/")
    assert code == 56  # the proxy refused CONNECT
    assert out.startswith("HTTP/1.1 403")


async def test_socks_proxy(world: World) -> None:
    proxy = f"socks5h://{OPEN_NUMBER}:x@127.0.0.1:{world.socks_port}"
    code, out = await curl("--proxy", proxy, "http://news.example/")
    assert (code, out.splitlines()[0]) == (0, "HTTP/1.1 200 OK")
    refused = f"socks5h://{ARREARS_NUMBER}:x@127.0.0.1:{world.socks_port}"
    code, _ = await curl("--proxy", refused, "http://news.example/")
    assert code == 97  # CURLE_PROXY


async def test_socks_proxy_by_address(world: World) -> None:
    """curl resolves by itself here; `--resolve` tells it what the machine's resolver does not know of `.example`."""
    address = FakeResolver.emulated("news.example").addresses[0]
    known = ("--resolve", f"news.example:80:{address}")
    proxy = f"socks5://{OPEN_NUMBER}:x@127.0.0.1:{world.socks_port}"
    code, out = await curl("--proxy", proxy, *known, "http://news.example/")
    assert (code, out.splitlines()[0]) == (0, "HTTP/1.1 200 OK")
    refused = f"socks5://{ARREARS_NUMBER}:x@127.0.0.1:{world.socks_port}"
    code, _ = await curl("--proxy", refused, *known, "http://news.example/")
    assert code == 97
