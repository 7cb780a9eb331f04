"""What is sent without a connection, UDP and echo requests, and whether anybody on the way has refused it."""

import errno
import secrets
import socket
import struct
from collections.abc import Callable

from nfemu.client.line.deadline import Deadline
from nfemu.model.signs import REFUSED

_LARGEST = 64 * 1024
_PROHIBITED = ((2, 3, 13), (3, 1, 1))
"""Origin, type and code (ip(7), IP_RECVERR) of "administratively prohibited" over IPv4 and IPv6."""
_EXTENDED_ERROR = struct.Struct("=IBBB")
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_ECHO = struct.Struct("!BBHHH")
"""Type, code, checksum, identifier, sequence number (RFC 792, RFC 4443)."""
_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}

Came = tuple[bytes, str]
"""What came back, and the sign of a refusal; both empty where there was silence."""


def datagrams(address: str, port: int, sent: list[bytes], patience_s: float) -> Came:
    """All of them from one port; the first that comes back."""
    with socket.socket(_family(address), socket.SOCK_DGRAM) as sock:
        return _exchange(sock, (address, port), sent, Deadline(patience_s), lambda came: came)


def echo(address: str, data: bytes, patience_s: float) -> Came:
    """`data` there and back. Raises PermissionError where the process may open no raw socket."""
    family, identifier = _family(address), secrets.randbits(16)
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    plain = _ECHO.pack(_REQUEST[family], 0, 0, identifier, 1) + data
    request = plain[:2] + _checksum(plain).to_bytes(2) + plain[4:]  # the kernel writes that of ICMPv6 itself

    def reply(came: bytes) -> bytes:
        message = came[(came[0] & 0x0F) * 4 :] if family == socket.AF_INET else came
        ours = len(message) >= 8 and _ECHO.unpack_from(message)[::3] == (_REPLY[family], identifier)
        return message[8:] or b"\0" if ours else b""

    with socket.socket(family, socket.SOCK_RAW, protocol) as sock:
        return _exchange(sock, (address, 0), [request], Deadline(patience_s), reply)


def _exchange(
    sock: socket.socket, target: tuple[str, int], sent: list[bytes], deadline: Deadline, taken: Callable[[bytes], bytes]
) -> Came:
    """`taken`: what of a datagram that came is an answer; empty where it is none."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    try:
        sock.connect(target)
        for each in sent:
            deadline.allot(sock).send(each)
        while not (answer := taken(deadline.allot(sock).recv(_LARGEST))):
            pass
    except TimeoutError:
        return b"", ""
    except OSError as error:
        return b"", _why_not_sent(sock, error)
    return answer, ""


def _why_not_sent(sock: socket.socket, error: OSError) -> str:
    try:
        _, ancillary, _, _ = sock.recvmsg(64, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return REFUSED if error.errno in (errno.ENETUNREACH, errno.EINVAL, errno.EACCES) else ""
    reasons = [_EXTENDED_ERROR.unpack_from(data)[1:] for _, _, data in ancillary if len(data) >= _EXTENDED_ERROR.size]
    return REFUSED if any(reason in _PROHIBITED for reason in reasons) else ""


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
