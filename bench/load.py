"""A bounded HTTP load over one proxy: keep-alive connections, one request after another on each."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 8
EXPECTED = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Target:
    """A proxy on loopback: process `pid` listens on `port` and is asked for `url`; `extra` are header lines."""

    name: str
    pid: int
    port: int
    url: str
    extra: bytes = b""
    address: str = "127.0.0.1"

    def form(self) -> str:
        """How a proxy wants the URL (RFC 9112, 3.2.2)."""
        return self.url

    def request(self) -> bytes:
        host = self.url.split("/")[2]
        head = f"GET {self.form()} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench\r\nAccept: */*\r\n"
        return head.encode() + self.extra + b"\r\n"


class Site(Target):
    """Asked as if there were no proxy."""

    def form(self) -> str:
        return "/" + self.url.split("/", 3)[3]


async def processor_seconds(target: Target, requests: int) -> float:
    """What the proxy's process spends on `requests` requests. Raises RuntimeError at the first unexpected answer."""
    before = cpu_seconds(target.pid)
    await ask(target, requests)
    return cpu_seconds(target.pid) - before


async def ask(target: Target, requests: int) -> None:
    """Raises RuntimeError at the first unexpected answer."""
    await asyncio.gather(*(_connection(target, requests // CONNECTIONS) for _ in range(CONNECTIONS)))


async def _connection(target: Target, count: int) -> None:
    reader, writer = await asyncio.open_connection(target.address, target.port)
    request = target.request()
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(EXPECTED):
            raise RuntimeError(f"{target.name} answered {head[:200]!r}")
        await reader.readexactly(_content_length(head))
    writer.close()
    await writer.wait_closed()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5): fields 14 and 15, in clock ticks of 1/100 s)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100
