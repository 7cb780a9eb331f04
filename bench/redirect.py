"""Our redirect responder against nginx's `return 302`: one connection each, as an answer that closes it needs.

Processor seconds of the server's own process for the same requests, every one for a URL of its own, interleaved
(architecture, section 11). Both hand the URL on to the landing page, and close.
"""

import asyncio
import itertools
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.load import cpu_seconds
from bench.proxy import free_port, process, until_listening
from bench.ratio import Measure, interleaved

_REQUESTS = 10_000
_AT_ONCE = 8
_BUDGET = 2.5
_NGINX = """daemon off;
master_process off;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    keepalive_timeout 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        add_header Cache-Control no-store always;
        return 302 http://portal.carrier.example/green?url=http://$http_host$request_uri;
    }}
}}
"""
_serial = itertools.count()


@contextmanager
def _nginx(folder: Path) -> Iterator[tuple[int, int]]:
    """Process id and port, of a single process."""
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, port=port))
    command = ["/usr/sbin/nginx", "-e", str(folder / "error.log"), "-c", str(configuration)]
    with subprocess.Popen(command) as running:
        try:
            asyncio.run(until_listening(port))
            yield running.pid, port
        finally:
            running.terminate()


def _measure(pid: int, port: int) -> Measure:
    async def measure() -> float:
        before = cpu_seconds(pid)
        await asyncio.gather(*(_ask(port, _REQUESTS // _AT_ONCE) for _ in range(_AT_ONCE)))
        return cpu_seconds(pid) - before

    return measure


async def _ask(port: int, count: int) -> None:
    """Raises RuntimeError at the first answer that is no redirect."""
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        path = f"/story/{next(_serial)}?from=home"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: news.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        if not answer.startswith(b"HTTP/1.1 302"):
            raise RuntimeError(f"port {port} answered {answer[:200]!r}")


def run() -> list[str]:
    """One line."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nfemu-bench-")))
        ours = stack.enter_context(process("bench.contenders.our_responder"))
        nginx = stack.enter_context(_nginx(folder))
        ratio = asyncio.run(interleaved(_measure(*nginx), _measure(*ours)))
    costs = f"{ratio.other:.2f} s against {ratio.ours:.2f} s of processor time for 10,000 requests"
    return [f"redirect, our responder's processor time to nginx's `return 302`: {ratio} (budget {_BUDGET}); {costs}"]
