"""Datagrams many at a time: recvmmsg(2) and sendmmsg(2), which Python does not have.

Half of what a hot answer costs is the way of single datagrams through the event loop. A batch is received into buffers
that stay where they are; an answer is written over its question and goes back to where that came from, and *from where
it went to*: the kernel is told the local address that it told us (IP_PKTINFO, ip(7); IPV6_PKTINFO, RFC 3542), so that
a socket on the wildcard address works behind any redirection.
"""

import contextlib
import ctypes
import errno
import socket
from dataclasses import dataclass
from ipaddress import ip_address

BATCH = 64
_ROOM = 2_048
"""Octets for one message. Questions have a few hundred at the most, answers by UDP 1,232; a longer one is cut."""
_CONTROL_HEAD = 16
"""sizeof(struct cmsghdr)"""


@dataclass(frozen=True, slots=True)
class _Family:
    """`option` asks for a control message `pktinfo` of `pktinfo_size` octets, which tells the local address.

    `name_size`: of its sockaddr, in which `address` stands.
    """

    level: int
    option: int
    pktinfo: int
    name_size: int
    address: slice
    pktinfo_size: int

    @property
    def control_size(self) -> int:
        """CMSG_SPACE of it (cmsg(3)): aligned to eight octets."""
        return _CONTROL_HEAD + (self.pktinfo_size + 7) // 8 * 8


_IP_PKTINFO = 8
"""bits/in.h of Linux; Python's socket has it from 3.14 only."""
_FAMILIES = {
    socket.AF_INET: _Family(socket.IPPROTO_IP, _IP_PKTINFO, _IP_PKTINFO, 16, slice(4, 8), 12),
    socket.AF_INET6: _Family(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, socket.IPV6_PKTINFO, 28, slice(8, 24), 20),
}


class _Piece(ctypes.Structure):
    """struct iovec"""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Head(ctypes.Structure):
    """struct msghdr"""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("pieces", ctypes.POINTER(_Piece)),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """struct mmsghdr"""

    _fields_ = (("head", _Head), ("length", ctypes.c_uint))


_libc = ctypes.CDLL(None, use_errno=True)


_LENGTH_AT = _Message.length.offset // 4
_LENGTH_EVERY = ctypes.sizeof(_Message) // 4
_FULL_ROOMS = memoryview((ctypes.c_size_t * BATCH)(*[_ROOM] * BATCH)).cast("B").cast("L")


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a datagram came from, its address packed, and the local address that it went to as the kernel says it."""

    source: bytes
    port: int
    local: bytes


class Datagrams:
    """One UDP socket, IPv4 or IPv6, which stays the caller's."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._family = family = _FAMILIES[sock.family]
        sock.setsockopt(family.level, family.option, 1)
        self._rooms = [ctypes.create_string_buffer(_ROOM) for _ in range(BATCH)]
        self._name_rooms = [ctypes.create_string_buffer(family.name_size) for _ in range(BATCH)]
        self._control_rooms = [ctypes.create_string_buffer(family.control_size) for _ in range(BATCH)]
        self._pieces = (_Piece * BATCH)()
        self._messages = (_Message * BATCH)()
        for index in range(BATCH):
            self._pieces[index] = _Piece(ctypes.addressof(self._rooms[index]), _ROOM)
            head = self._messages[index].head
            head.name, head.name_length = ctypes.addressof(self._name_rooms[index]), family.name_size
            head.pieces, head.piece_count = ctypes.pointer(self._pieces[index]), 1
            head.control, head.control_length = ctypes.addressof(self._control_rooms[index]), family.control_size
        # Through ctypes' own attributes each access would cost as much as everything else that is done to an answer.
        self._views = [memoryview(room).cast("B") for room in self._rooms]
        self._received = memoryview(self._messages).cast("B").cast("I")[_LENGTH_AT::_LENGTH_EVERY]
        self._to_send = memoryview(self._pieces).cast("B").cast("L")[1::2]

    def receive(self) -> int:
        """How many datagrams have arrived, BATCH at the most, without waiting. Those of before are gone."""
        self._to_send[:] = _FULL_ROOMS
        found: int = _libc.recvmmsg(self._socket.fileno(), self._messages, BATCH, socket.MSG_DONTWAIT, None)
        return max(found, 0)

    def message(self, index: int) -> bytes:
        return bytes(self._views[index][: self._received[index]])

    def source(self, index: int) -> bytes:
        """The sender's address, packed."""
        return self._name_rooms[index].raw[self._family.address]

    def peer(self, index: int) -> Peer:
        """For an answer that comes later."""
        name, control = self._name_rooms[index].raw, self._control_rooms[index].raw
        end = _CONTROL_HEAD + self._family.pktinfo_size
        return Peer(name[self._family.address], int.from_bytes(name[2:4], "big"), control[_CONTROL_HEAD:end])

    def reply(self, index: int, answer: bytes) -> None:
        """Write the answer, from behind the id, over the question; `send` sends it."""
        end = 2 + len(answer)
        self._views[index][2:end] = answer
        self._to_send[index] = end

    def send(self, first: int, end: int) -> None:
        """The replies `first` to `end` − 1. What the kernel does not take at once is lost, as datagrams are."""
        descriptor = self._socket.fileno()
        while first < end:
            at = ctypes.byref(self._messages, first * ctypes.sizeof(_Message))
            sent: int = _libc.sendmmsg(descriptor, at, end - first, socket.MSG_DONTWAIT)
            if sent < 0 and ctypes.get_errno() == errno.EAGAIN:
                return
            first += max(sent, 1)

    def send_to(self, peer: Peer, answer: bytes) -> None:
        """One answer by itself. Lost where it cannot go out."""
        local = [(self._family.level, self._family.pktinfo, peer.local)]
        with contextlib.suppress(OSError):
            self._socket.sendmsg([answer], local, socket.MSG_DONTWAIT, (str(ip_address(peer.source)), peer.port))
