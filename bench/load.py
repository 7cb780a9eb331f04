"""A bounded HTTP load over one proxy: keep-alive connections, one request after another on each."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

REQUEST = b"GET http://news.example/ HTTP/1.1\r\nHost: news.example\r\nUser-Agent: bench\r\nAccept: */*\r\n%s\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: to `port` on loopback, `requests` in all over `connections`; `extra` are further header lines."""

    port: int
    requests: int
    connections: int = 8
    extra: bytes = b""
    expect: bytes = b"HTTP/1.1 200"


async def run(load: Load) -> None:
    """Send it all; raises RuntimeError at the first answer that is not the expected one."""
    share = load.requests // load.connections
    await asyncio.gather(*(_connection(load, share) for _ in range(load.connections)))


async def _connection(load: Load, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    request = REQUEST % load.extra
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(load.expect):
            raise RuntimeError(f"unexpected answer: {head[:200]!r}")
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
