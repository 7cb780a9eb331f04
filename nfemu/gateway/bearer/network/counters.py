"""What the elements of nftables' sets have counted, by a netlink dump: nft's own listing costs ten times as much, and
nothing else is done in the core meanwhile. Layouts: linux/netfilter/nf_tables.h.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator

from nfemu.gateway.bearer.network.messages import CountedElement
from nfemu.policy.compile.families import LANE_COUNTERS

_NETFILTER = 12
_GET_ELEMENTS, _NEW_ELEMENTS = 10 << 8 | 13, 10 << 8 | 12
_REQUEST, _DUMP = 0x1, 0x300
_ERROR, _DONE = 2, 3
_INET, _NETDEV = 1, 5
_TABLE, _SET, _ELEMENTS = 1, 2, 3
_KEY, _EXPRESSION = 1, 7
_NESTED = 0x3FFF
"""What is left of a type without its flags."""
_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_FAMILY = struct.Struct("!BBH")
_OCTETS = struct.Struct("!Q")
_MARK = struct.Struct("=I")
_OCTETS_AT = 4 + 12 + 4 + 4
"""Of an expression: after its header its name, `counter`, then of its data the first, within two more headers."""
_IPV4 = 4
_RECEIVED = 1 << 16


class Counters:
    """Belongs to the namespace in which it was made."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)

    def read(self, name: str) -> Iterator[CountedElement]:
        """The elements of a set with keys `address . mark` in either table `nfemu`. Raises OSError."""
        body = (
            _FAMILY.pack(_NETDEV if name in LANE_COUNTERS else _INET, 0, 0) + _text(_TABLE, "nfemu") + _text(_SET, name)
        )
        self._socket.send(_HEADER.pack(_HEADER.size + len(body), _GET_ELEMENTS, _REQUEST | _DUMP, 0, 0) + body)
        while True:
            data = self._socket.recv(_RECEIVED)
            while data:
                length, kind, *_ = _HEADER.unpack_from(data)
                body, data = data[_HEADER.size : length], data[(length + 3) & ~3 :]
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    number = -struct.unpack_from("=i", body)[0]
                    raise OSError(number, os.strerror(number))
                for listed, elements in _attributes(body, _FAMILY.size):
                    if listed == _ELEMENTS and kind == _NEW_ELEMENTS:
                        for _, element in _attributes(elements):
                            yield name, *_counted(element)


def _counted(element: bytes) -> tuple[str, int, int]:
    """As the kernel writes it, the key with its one value first, then the counter. Raises OSError where it does not."""
    size, first = _ATTRIBUTE.unpack_from(element)
    expression, second = _ATTRIBUTE.unpack_from(element, size)
    if (first & _NESTED, second & _NESTED) != (_KEY, _EXPRESSION) or expression < _OCTETS_AT:
        raise OSError(errno.EPROTO, "the kernel writes counters in another way; please report this with its version")
    mark = size - _MARK.size
    address = element[2 * _ATTRIBUTE.size : mark]
    line = socket.inet_ntop(socket.AF_INET if len(address) == _IPV4 else socket.AF_INET6, address)
    return line, _MARK.unpack_from(element, mark)[0], _OCTETS.unpack_from(element, size + _OCTETS_AT)[0]


def _attributes(data: bytes, at: int = 0) -> Iterator[tuple[int, bytes]]:
    while at < len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        yield kind & _NESTED, data[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3


def _text(kind: int, text: str) -> bytes:
    value = text.encode() + b"\0"
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)
