"""One client connection at byte level: sends, and reads responses as a patient client does. Everything is bounded."""

import asyncio
import socket
from collections.abc import Awaitable

from nfemu.attack.limits import MAX_RECEIVED, PATIENCE_S
from nfemu.attack.origin import ORIGIN_FIELD
from nfemu.attack.values import Answer
from nfemu.model.errors import Unavailable

_BODILESS = (101, 204, 304)


class Talk:
    """`received` is all that came; `closed` whether the other side has ended the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._patience_s = patience_s
        self.received = bytearray()
        self.closed = False

    @classmethod
    async def open(cls, host: str, port: int, patience_s: float = PATIENCE_S) -> "Talk":
        """`patience_s`: what each step may take. Raises Unavailable when nobody listens there."""
        try:
            async with asyncio.timeout(patience_s):
                return cls(*await asyncio.open_connection(host, port, limit=MAX_RECEIVED), patience_s)
        except (OSError, TimeoutError):
            raise Unavailable(f"nobody answers on `{host}:{port}`; is the proxy running there?") from None

    @classmethod
    async def on(cls, sock: socket.socket, host: str, port: int, patience_s: float = PATIENCE_S) -> "Talk":
        """On a socket that is to be connected; one that is refused has ended, without an octet."""
        sock.setblocking(False)
        try:
            async with asyncio.timeout(patience_s):
                await asyncio.get_running_loop().sock_connect(sock, (host, port))
        except (OSError, TimeoutError):
            sock.close()
            sock, peer = socket.socketpair()
            peer.close()
        return cls(*await asyncio.open_connection(sock=sock, limit=MAX_RECEIVED), patience_s)

    async def send(self, data: bytes, *, split: bool = False) -> None:
        """A connection that was ended meanwhile is no error: what the proxy said before is still to be read."""
        try:
            async with asyncio.timeout(self._patience_s):
                for part in [data[at : at + 1] for at in range(len(data))] if split else [data]:
                    self._writer.write(part)
                    await self._writer.drain()
        except (OSError, TimeoutError):
            pass

    async def take(self, count: int) -> bytes:
        """So many octets; fewer when the connection ends or nothing more comes."""
        return await self._patiently(self._reader.readexactly(count)) or b""

    async def answer(self, *, head_only: bool = False) -> Answer | None:
        """One final response with its body; None when there is none in time."""
        while True:
            head = await self._patiently(self._reader.readuntil(b"\r\n\r\n"))
            fields = _fields(head or b"")
            if fields is None:
                return None
            status = int(fields["status"])
            if status in (101, *range(200, 600)):
                break
        if not head_only and status not in _BODILESS:
            await self._body(fields)
        closes = "close" in fields.get("connection", "").lower()
        return Answer(status, fields.get(ORIGIN_FIELD.lower()), closes)

    async def rest(self) -> None:
        """Read until the end of the connection, or until nothing more comes."""
        while len(self.received) < MAX_RECEIVED and await self._patiently(self._reader.read(65536)):
            pass

    def close(self) -> None:
        self._writer.close()

    async def _body(self, fields: dict[str, str]) -> None:
        if "chunked" in fields.get("transfer-encoding", "").lower():
            while int((await self._patiently(self._reader.readline()) or b"0").split(b";")[0] or b"0", 16):
                await self._patiently(self._reader.readuntil(b"\r\n"))
            await self._patiently(self._reader.readline())
        elif "content-length" in fields:
            await self.take(min(int(fields["content-length"]), MAX_RECEIVED))
        else:
            await self.rest()

    async def _patiently(self, reading: Awaitable[bytes]) -> bytes:
        """What was read, kept in `received`; empty at the end or when nothing comes."""
        try:
            async with asyncio.timeout(self._patience_s):
                data = await reading
        except asyncio.IncompleteReadError as end:
            data, self.closed = end.partial, True
        except OSError as error:
            data, self.closed = b"", not isinstance(error, TimeoutError)
        except asyncio.LimitOverrunError:
            data = b""
        self.closed = self.closed or self._reader.at_eof()
        self.received += data
        return data


def _fields(head: bytes) -> dict[str, str] | None:
    """Lower-case names, the last value of each, and `status`; None when it is no complete response head."""
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if not head.endswith(b"\r\n\r\n") or len(parts) < 2 or not parts[0].startswith("HTTP/") or not parts[1].isdigit():
        return None
    pairs = [line.partition(":") for line in lines[1:]]
    return {"status": parts[1]} | {name.lower(): value.strip() for name, _, value in pairs}
