"""Questions that only the real Internet can answer, passed on to the system's resolvers (`internet: real`, open lines).

Addresses are not asked for here but by the gateway's name service, for all access alike. Each question gets a socket,
thus a port, and an id of its own (RFC 5452); what comes back must be the answer to it. A resolver that fails or is
silent is followed by the next. The transport is the client's: an answer cut short by UDP is handed on so, and asked
for again by TCP when the client does.
"""

import asyncio
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from pathlib import Path

from nfemu.gateway.bearer.dns.messages import HEADER, MOST_UDP, Query, Rcode, code_of
from nfemu.model.destination import IpAddress
from nfemu.model.errors import Unavailable

_PATIENCE_S = 2.0
"""Seconds that each resolver has."""
_MOST = 3
"""MAXNS of resolv.h: the C library uses no more."""
_AT_ONCE = 256
_PORT = 53
_LOOPBACK = IPv4Address("127.0.0.1")
_RD_AND_CD = 0x0110
_OPT_RECORD = struct.Struct("!BHHIH")
"""Root, type, size, flags (DO is the topmost of the lower half), length."""
_OPT, _DO = 41, 0x8000
_RESPONSE, _OPCODE = 0x8000, 0x7800
_FAILURES = frozenset({Rcode.SERVFAIL, Rcode.NOTIMP, Rcode.REFUSED})
"""This one cannot, another may."""


@dataclass(frozen=True, slots=True)
class Resolver:
    address: IpAddress
    port: int = _PORT


def system_resolvers(file: Path = Path("/etc/resolv.conf")) -> tuple[Resolver, ...]:
    """Those of resolv.conf(5), three at the most. Without any the C library asks the machine itself, and so do we."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    words = [line.split() for line in lines]
    found = [_address(each[1]) for each in words if len(each) > 1 and each[0] == "nameserver"]
    known = [Resolver(address) for address in found if address is not None]
    return tuple(known[:_MOST]) or (Resolver(_LOOPBACK),)


def _address(text: str) -> IpAddress | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


class Upstream:
    """`resolvers` in the order in which they are asked."""

    def __init__(self, resolvers: Sequence[Resolver]) -> None:
        self._resolvers = tuple(resolvers)
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, query: Query, *, tcp: bool) -> bytes:
        """The whole answer, with the client's id and spelling. Raises Unavailable when no resolver gives any."""
        exchange = _over_tcp if tcp else _over_udp
        async with self._free:
            for resolver in self._resolvers:
                asked = _Asked.anew(query)
                try:
                    async with asyncio.timeout(_PATIENCE_S):
                        answer = await exchange(resolver, asked)
                except (OSError, TimeoutError, asyncio.IncompleteReadError):
                    continue
                if code_of(answer) not in _FAILURES:
                    return query.id.to_bytes(2, "big") + answer[2:HEADER] + query.section + answer[asked.end :]
        raise Unavailable("no resolver of this machine has answered; look at `nameserver` in /etc/resolv.conf")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question under way. What the client said of cookies or its network (EDNS options) stays here."""

    id: bytes
    section: bytes
    message: bytes

    @classmethod
    def anew(cls, query: Query) -> "_Asked":
        number = secrets.token_bytes(2)
        head = struct.pack("!5H", query.flags & _RD_AND_CD, 1, 0, 0, int(query.edns))
        options = _OPT_RECORD.pack(0, _OPT, MOST_UDP, _DO if query.secure else 0, 0) if query.edns else b""
        return cls(number, query.section, number + head + query.section + options)

    @property
    def end(self) -> int:
        return HEADER + len(self.section)

    def is_answered_by(self, data: bytes) -> bool:
        """Id, kind of message and question must be the same; names are compared without regard to case."""
        if len(data) < self.end or data[:2] != self.id or _flags(data) & (_RESPONSE | _OPCODE) != _RESPONSE:
            return False
        section = data[HEADER : self.end]
        return (
            data[4:6] == b"\0\1"
            and section[:-4].lower() == self.section[:-4].lower()
            and section[-4:] == self.section[-4:]
        )


class _Waiting(asyncio.DatagramProtocol):
    """One question by UDP. What does not answer it is passed over: somebody may be guessing."""

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, _addr: object) -> None:
        if not self.answer.done() and self._asked.is_answered_by(data):
            self.answer.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


async def _over_udp(resolver: Resolver, asked: _Asked) -> bytes:
    loop = asyncio.get_running_loop()
    transport, waiting = await loop.create_datagram_endpoint(
        lambda: _Waiting(asked), remote_addr=(str(resolver.address), resolver.port)
    )
    try:
        transport.sendto(asked.message)
        return await waiting.answer
    finally:
        transport.close()


async def _over_tcp(resolver: Resolver, asked: _Asked) -> bytes:
    reader, writer = await asyncio.open_connection(str(resolver.address), resolver.port)
    try:
        writer.write(len(asked.message).to_bytes(2, "big") + asked.message)
        answer = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.close()
    if not asked.is_answered_by(answer):
        raise ConnectionError("the resolver answered another question")
    return answer


def _flags(message: bytes) -> int:
    return int.from_bytes(message[2:4], "big")
