"""A small Internet: `python -m tests.journeys.real_world LOG FOLDER` in a network namespace where every address of its
networks is its own. What reaches it is written to LOG, a line each: what, on which port, for which address, from whom.

A resolver on port 53; on 80 HTTP that shows what it received; on 443 the same behind TLS; on 7 an echo; on 22 a server
that speaks first; on 9 as many octets as are asked for; on any other port nobody.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from dnslib import AAAA, QTYPE, RR, TXT, A, DNSRecord

from nfemu.web.origins.ca import CertificateAuthority

SITE, PARTNER, REBOUND, MACHINE = "site.example", "partner.example", "rebound.example", "machine.example"
HOST4, HOST6 = "93.184.216.2", "2606:2800:220:1::2"
"""The machine that the carrier runs on."""
NAMES = {
    SITE: ("93.184.217.10", "2606:2800:220:2::10"),
    "other.example": ("93.184.217.11", "2606:2800:220:2::11"),
    "cdn-a.example": ("93.184.217.12", "2606:2800:220:2::12"),
    "cdn-b.example": ("93.184.217.12", "2606:2800:220:2::12"),
    PARTNER: ("93.184.217.20", "2606:2800:220:2::20"),
    "allowed.example": ("93.184.217.30", "2606:2800:220:2::30"),
    REBOUND: ("10.1.2.3", "fd00:1::3"),
    MACHINE: (HOST4, HOST6),
}
_MOST = 65536
_PART = bytes(_MOST)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class World:
    """What is said and written down."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", buffering=1)

    def say(self, *words: object) -> None:
        self._log.write(" ".join(map(str, words)) + "\n")

    def answer(self, message: bytes) -> bytes:
        asked = DNSRecord.parse(message)
        name, kind = str(asked.q.qname).rstrip(".").lower(), QTYPE[asked.q.qtype]
        self.say("dns", kind, name)
        reply = asked.reply()
        known = NAMES.get(name)
        if known is None:
            reply.header.rcode = 3
        elif kind in ("A", "AAAA"):
            data = A(known[0]) if kind == "A" else AAAA(known[1])
            reply.add_answer(RR(asked.q.qname, asked.q.qtype, rdata=data, ttl=30))
        elif kind == "TXT":
            reply.add_answer(RR(asked.q.qname, QTYPE.TXT, rdata=TXT("of the world"), ttl=30))
        packed: bytes = reply.pack()
        return packed

    def connected(self, serve: Serve) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            (address, port), peer = writer.get_extra_info("sockname")[:2], writer.get_extra_info("peername")[0]
            self.say("open", port, address, peer)
            try:
                await serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                self.say("end", port, address, peer)
                writer.close()

        return run


class Resolver(asyncio.DatagramProtocol):
    def __init__(self, world: World) -> None:
        self._world = world

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(self._world.answer(data), addr)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_MOST):
        writer.write(data)
        await writer.drain()


async def speak_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-world\r\n")
    await reader.read(_MOST)


async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    left = int(await reader.readline())
    while left:
        part = _PART[:left]
        writer.write(part)
        await writer.drain()
        left -= len(part)


async def show(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As the pages of the emulated Internet do, and over a connection that is kept."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        fields = head.decode("latin-1").split("\r\n")[1:-2]
        body = ("of the world\nheaders, as received:\n" + "".join(f"  {field}\n" for field in fields)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        if "connection: close" in map(str.lower, fields):
            return


async def resolve(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        answer = world.answer(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))
        writer.write(len(answer).to_bytes(2) + answer)


async def main(log: Path, folder: Path) -> None:
    world = World(log)
    loop = asyncio.get_running_loop()
    for address in ("93.184.216.1", "2606:2800:220:1::1"):
        await loop.create_datagram_endpoint(lambda: Resolver(world), local_addr=(address, 53))
    await asyncio.start_server(world.connected(lambda *streams: resolve(world, *streams)), port=53)
    for port, serve in ((7, echo), (9, give), (22, speak_first), (80, show)):
        await asyncio.start_server(world.connected(serve), port=port, limit=_MOST)
    context = CertificateAuthority.load_or_create(folder, lambda: datetime.now(UTC)).server_context(SITE)
    await asyncio.start_server(world.connected(show), port=443, ssl=context)
    world.say("ready")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
