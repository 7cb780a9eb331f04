"""WebSocket as an intermediary must know it (RFC 6455): the handshake, and the frames that a client sends behind it.

Theory. Once protocols are switched a gateway passes octets that it does not judge any more. What makes that safe is
that nobody at the other end reads them as HTTP. So the handshake must prove that the origin speaks WebSocket (its
answer to the client's key), and the client must go on with frames: the first octet that cannot be one is an error.
Payloads are masked by the client and of no interest here; they are counted and never kept.
"""

import binascii
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping

from nfemu.wire.errors import WireError

VERSION = b"13"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_OCTETS = 16
_FIN, _RSV1, _RSV, _OPCODE, _MASKED, _LENGTH = 0x80, 0x40, 0x70, 0x0F, 0x80, 0x7F
_CONTINUATION, _DATA, _CLOSE, _CONTROL = 0x0, (0x1, 0x2), 0x8, (0x8, 0x9, 0xA)
_MAX_CONTROL = 125
_EXTENDED = {126: 2, 127: 8}
"""Octets of the length behind the one that says so, and below, the least length that needs so many."""
_LEAST = {0: 0, 2: 126, 8: 1 << 16}
_MASK_OCTETS = 4
_MAX_LENGTH = (1 << 63) - 1


def is_key(value: bytes) -> bool:
    """Whether it is a `Sec-WebSocket-Key`: 16 octets in base64 (section 4.1)."""
    try:
        key = b64decode(value, validate=True)
    except binascii.Error:
        return False
    return len(key) == _KEY_OCTETS and b64encode(key) == value


def accept_of(key: bytes) -> bytes:
    """The `Sec-WebSocket-Accept` that answers a key (section 4.2.2)."""
    return b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


def check_switch(key: bytes, answer: Mapping[str, str]) -> None:
    """The fields of a 101, by name in lower case, must say that this handshake was understood (section 4.1).

    Raises WireError.
    """
    options = {option.strip().lower() for option in answer.get("connection", "").split(",")}
    if answer.get("upgrade", "").lower() != "websocket" or "upgrade" not in options:
        raise WireError("origin switches to something other than WebSocket")
    if answer.get("sec-websocket-accept", "") != accept_of(key).decode():
        raise WireError("origin switches to WebSocket without the answer to the client's key")


class ClientFrames:
    """Checks what a client sends, as it arrives in whatever pieces (section 5.2)."""

    __slots__ = ("_closed", "_head", "_left", "_rsv", "_unfinished")

    def __init__(self, extensions: str = "") -> None:
        """`extensions`: the 101's `Sec-WebSocket-Extensions`. Compression has a bit of its own (RFC 7692)."""
        names = {each.partition(";")[0].strip().lower() for each in extensions.split(",")}
        self._rsv = _RSV1 if "permessage-deflate" in names else 0
        self._head = bytearray()
        self._left = 0
        self._unfinished = False
        """Between the first and the last frame of a message."""
        self._closed = False

    def receive(self, data: bytes) -> None:
        """Raises WireError unless all of it, behind all that came before, can belong to frames."""
        at = 0
        while at < len(data):
            taken = min(self._left, len(data) - at)
            self._left -= taken
            at += taken
            if at < len(data):
                self._read_head(data[at])
                at += 1

    def _read_head(self, octet: int) -> None:
        head = self._head
        head.append(octet)
        if len(head) == 1:
            self._check_first(octet)
            return
        extra = _EXTENDED.get(head[1] & _LENGTH, 0)
        if len(head) == 2:
            _check_second(head[0] & _OPCODE, octet)
        if len(head) == 2 + extra + _MASK_OCTETS:
            self._left = _length(head, extra)
            head.clear()
        elif len(head) == 2 + extra:
            _check_length(_length(head, extra), extra)

    def _check_first(self, octet: int) -> None:
        opcode, final = octet & _OPCODE, octet & _FIN
        if self._closed:
            raise WireError("octets behind the frame that closes the WebSocket")
        if octet & _RSV & ~(self._rsv if opcode in _DATA else 0):
            raise WireError("WebSocket frame with a reserved bit")
        if opcode in _CONTROL:
            if not final:
                raise WireError("WebSocket control frame in fragments")
            self._closed = opcode == _CLOSE
            return
        if opcode not in _DATA and opcode != _CONTINUATION:
            raise WireError("WebSocket frame with a reserved opcode")
        if self._unfinished is not (opcode == _CONTINUATION):
            raise WireError("WebSocket frame out of place in its message")
        self._unfinished = not final


def _check_second(opcode: int, octet: int) -> None:
    if not octet & _MASKED:
        raise WireError("WebSocket frame of a client is not masked")
    if opcode in _CONTROL and octet & _LENGTH > _MAX_CONTROL:
        raise WireError("WebSocket control frame is longer than 125 octets")


def _length(head: bytearray, extra: int) -> int:
    return int.from_bytes(head[2 : 2 + extra], "big") if extra else head[1] & _LENGTH


def _check_length(length: int, extra: int) -> None:
    """The shortest form is the only one."""
    if not _LEAST[extra] <= length <= _MAX_LENGTH:
        raise WireError("WebSocket frame's length is not written in its shortest form")
