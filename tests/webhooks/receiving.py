"""Receivers on real sockets: what they answer is given, what came is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

NOTHING = b""


@dataclass(slots=True)
class Receiver:
    """`answer`: the octets for each request, in turn, then the last for ever; `NOTHING`: it hangs."""

    answers: list[bytes]
    came: list[bytes] = field(default_factory=list)
    port: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    served: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events?of=nfemu"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        self.came.append(head + await reader.readexactly(length))
        self.heard.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        writer.write(answer)
        if not answer:
            await reader.read()
        writer.close()
        self.served.release()


def status(code: int, *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {code} Whatever", *fields, "Content-Length: 0"]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def receiver(*answers: bytes) -> AsyncIterator[Receiver]:
    """Listening on loopback; 204 where nothing else is said."""
    it = Receiver(list(answers) or [status(204)])
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        for _ in it.came:
            await it.served.acquire()


async def until(condition: Callable[[], bool], changed: asyncio.Event) -> None:
    """Return when it holds; it is looked at whenever `changed` is set."""
    async with asyncio.timeout(20):
        while not condition():
            changed.clear()
            await changed.wait()
