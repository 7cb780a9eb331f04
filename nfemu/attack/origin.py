"""A recording origin: keeps every byte, answers every request that a lenient server sees, and TLS with an alert."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from nfemu.attack.limits import MAX_RECORDED
from nfemu.attack.reading import SeenRequest, take_request
from nfemu.model.errors import Unavailable

_HANDSHAKE = 0x16
_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""Fatal, handshake_failure: whoever began TLS here learns at once that it has ended."""
ORIGIN_FIELD = "X-Attack-Origin"
_REFUSED = b"7"
"""The one version of WebSocket that it answers as an ordinary request."""


@dataclass(slots=True, eq=False)
class Recorded:
    """One connection's bytes, and whether it has ended."""

    sent: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class RecordingOrigin:
    """`name` is in every answer, so that a client can tell who answered."""

    def __init__(self, name: str) -> None:
        self.connections: list[Recorded] = []
        self._name = name.encode()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen, on a free port if none is given. Raises Unavailable when the port is taken."""
        try:
            self._server = await asyncio.start_server(self._accept, host, port)
        except OSError as error:
            raise Unavailable(f"the recording origin cannot listen on `{host}:{port}`: {error.strerror}") from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._record(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _record(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recorded = Recorded()
        self.connections.append(recorded)
        unread = b""
        try:
            while len(recorded.sent) < MAX_RECORDED and (data := await reader.read(65536)):
                recorded.sent += data
                if recorded.sent[0] == _HANDSHAKE:
                    writer.write(_ALERT)
                    break
                unread = self._answer_all(unread + data, writer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            recorded.ended.set()
            with contextlib.suppress(ConnectionError):
                writer.close()

    def _answer_all(self, unread: bytes, writer: asyncio.StreamWriter) -> bytes:
        """Answer every complete request; what is left."""
        while (taken := take_request(unread.lstrip(b"\r\n"))) is not None and taken[0].complete:
            writer.write(self._answer(taken[0]))
            unread = taken[1]
        return unread

    def _answer(self, request: SeenRequest) -> bytes:
        """200; to an upgrade what makes a careless proxy open a tunnel, though it goes on with HTTP."""
        mark = f"{ORIGIN_FIELD}: ".encode() + self._name + b"\r\n"
        wanted = b",".join(request.values("Upgrade")).lower()
        if wanted == b"h2c" or (wanted == b"websocket" and request.values("Sec-WebSocket-Version") != [_REFUSED]):
            switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n" % wanted
            return switch + mark + b"\r\n"
        body = b"" if request.head.startswith(b"HEAD ") else b"ok"
        return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + mark + b"\r\n" + body
