"""One request, handshake or datagram over a connection of its own, and what a phone sees of its fate."""

import asyncio
import errno
import re
import socket
import ssl
import struct
from dataclasses import dataclass

from nfemu.gateway.engine.responses import CONTENT_POLICY
from nfemu.policy.points import (
    ANSWERED,
    CLOSED,
    CONNECTED,
    FAILED,
    FORBIDDEN,
    INSERTED,
    NO_TLS,
    NOT_INSERTED,
    REFUSED,
    RESET,
    SENT,
    TLS,
)

PATIENCE_S = 15.0
_LATE = "no answer in time"
_MOST = 64 * 1024
_FIELDS = ("Host", "User-Agent", "Accept", "Connection")
_SHOWN = b"headers, as received:\n"
"""Of the emulated Internet's pages: a header per line follows."""
_ORIGINAL = re.compile(r"[?&]url=[^&]*\Z")
_UDP_PATIENCE_S = 0.5
"""Datagrams that nobody refuses are not answered either."""
_PROHIBITED = ((2, 3, 13), (3, 1, 1))
"""Origin, type and code (ip(7), IP_RECVERR) of "administratively prohibited" over IPv4 and IPv6."""
_EXTENDED_ERROR = struct.Struct("=IBBB")
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_PROXY_HEAD = "HTTP/1.1 "


@dataclass(frozen=True, slots=True)
class Stream:
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def close(self) -> None:
        self.writer.transport.abort()


async def connect(host: str, port: int) -> tuple[str, Stream | None]:
    """`host` is an address. CONNECTED with the stream, REFUSED, or what else became of it."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return CONNECTED, Stream(*await asyncio.open_connection(host, port))
    except TimeoutError:
        return _LATE, None
    except OSError:
        return REFUSED, None


async def request(stream: Stream, target: str, host: str, extra: str = "") -> tuple[str, str | None]:
    """A GET: its sign, and whether a header was inserted where the answer shows it. `extra`: whole header lines."""
    head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: nfemu\r\nAccept: text/plain\r\n"
    answer = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            stream.writer.write(f"{head}{extra}Connection: close\r\n\r\n".encode("latin-1"))
            while len(answer) < _MOST and (part := await stream.reader.read(_MOST)):
                answer += part
    except TimeoutError:
        if b"\r\n\r\n" not in answer:  # else it is one that has no end
            return _LATE, None
    except OSError:
        return RESET, None
    return read_answer(bytes(answer))


async def handshake(stream: Stream, name: str | None) -> str:
    """TLS, whoever's certificate it is. `name` is sent as SNI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(PATIENCE_S):
            await stream.writer.start_tls(context, server_hostname=name)
    except TimeoutError:
        return _LATE
    except ssl.SSLError:
        return NO_TLS
    except OSError:
        return RESET
    return TLS


async def tunnel(stream: Stream, place: str, extra: str) -> str:
    """CONNECT through a proxy: CONNECTED, or what the gateway answers."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            stream.writer.write(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{extra}\r\n".encode("latin-1"))
            head = await stream.reader.readuntil(b"\r\n\r\n")
    except TimeoutError:
        return _LATE
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return RESET
    if head.startswith(b"HTTP/1.1 200 "):
        return CONNECTED
    return read_answer(head)[0]


async def datagram(host: str, port: int) -> str:
    """To an address: SENT, unless somebody says that it is prohibited."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        if family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        try:
            sock.connect((host, port))
            async with asyncio.timeout(_UDP_PATIENCE_S):
                await loop.sock_sendall(sock, b"nfemu")
                await loop.sock_recv(sock, 1)
        except TimeoutError:
            return SENT
        except OSError as error:
            return _why(sock, error)
    return SENT


def read_answer(answer: bytes) -> tuple[str, str | None]:
    """As `request` says."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith(_PROXY_HEAD):
        return CLOSED if not answer else "no HTTP answer", None
    status = lines[0][len(_PROXY_HEAD) :][:3]
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if fields.get("content-security-policy") == CONTENT_POLICY:
        return _of_gateway(status, _ORIGINAL.sub("", fields.get("location", ""))), None
    return ANSWERED, _inserted(body)


def _of_gateway(status: str, location: str) -> str:
    if status == "302":
        return f"redirect to {location}"
    if status == "403":
        return FORBIDDEN
    return FAILED if status in ("502", "503", "504") else f"{status} from the gateway"


def _inserted(body: bytes) -> str | None:
    _, shown, fields = body.partition(_SHOWN)
    if not shown:
        return None
    names = {line.partition(b":")[0].strip().decode("latin-1") for line in fields.splitlines()} - {""}
    strange = names - {*_FIELDS, *map(str.lower, _FIELDS)}
    return INSERTED if strange else NOT_INSERTED


def _why(sock: socket.socket, error: OSError) -> str:
    try:
        _, ancillary, _, _ = sock.recvmsg(64, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return REFUSED if error.errno in (errno.ENETUNREACH, errno.EINVAL, errno.EACCES) else SENT
    reasons = [_EXTENDED_ERROR.unpack_from(data)[1:] for _, _, data in ancillary if len(data) >= _EXTENDED_ERROR.size]
    return REFUSED if any(reason in _PROHIBITED for reason in reasons) else SENT
