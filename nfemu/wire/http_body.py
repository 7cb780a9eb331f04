"""Bodies of HTTP/1 messages as they arrive: fixed length, or the chunked coding read strictly (RFC 9112 section 7.1).

Lenient readers of the chunked coding disagree about where a message ends (CVE-2025-43859 is one such case).
Here a chunk ends in exactly CRLF, its size is plain hexadecimal, and what follows is forwarded re-serialised.
Chunk extensions and trailers are read, bounded and dropped, as an intermediary may (RFC 9110 section 6.5.1).
"""

import re
from enum import Enum

from nfemu.wire.errors import WireError
from nfemu.wire.http_head import head_length, parse_fields

MAX_CHUNK_LINE = 4096
"""Octets of one chunk size line with its extensions."""

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")


class FixedBody:
    """A body of known length. `receive` takes its part off the front of the buffer."""

    __slots__ = ("_left",)

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def complete(self) -> bool:
        return self._left == 0

    def receive(self, buffer: bytearray) -> bytes:
        data = bytes(buffer[: self._left])
        del buffer[: self._left]
        self._left -= len(data)
        return data


class _State(Enum):
    SIZE = "size"
    DATA = "data"
    END = "end"
    TRAILER = "trailer"
    COMPLETE = "complete"


class ChunkedBody:
    """A chunked body. `receive` takes what it can off the front of the buffer and returns the data in it.

    Raises WireError at the first octet that a strict reader would not accept.
    """

    __slots__ = ("_left", "_state")

    def __init__(self) -> None:
        self._state = _State.SIZE
        self._left = 0

    @property
    def complete(self) -> bool:
        return self._state is _State.COMPLETE

    def receive(self, buffer: bytearray) -> bytes:
        steps = {_State.SIZE: self._size, _State.END: self._end, _State.TRAILER: self._trailer}
        parts: list[bytes] = []
        while self._state is not _State.COMPLETE:
            if self._state is _State.DATA:
                if not buffer:
                    break
                parts.append(self._data(buffer))
            elif not steps[self._state](buffer):
                break
        return b"".join(parts)

    def _size(self, buffer: bytearray) -> bool:
        end = buffer.find(b"\n", 0, MAX_CHUNK_LINE)
        if end < 0:
            if len(buffer) >= MAX_CHUNK_LINE:
                raise WireError("chunk size line is longer than 4096 octets")
            return False
        match = _SIZE_LINE.fullmatch(bytes(buffer[: end + 1]))
        if match is None:
            raise WireError("chunk size line is not a hexadecimal number and CRLF")
        del buffer[: end + 1]
        self._left = int(match[1], 16)
        self._state = _State.DATA if self._left else _State.TRAILER
        return True

    def _data(self, buffer: bytearray) -> bytes:
        data = bytes(buffer[: self._left])
        del buffer[: self._left]
        self._left -= len(data)
        if not self._left:
            self._state = _State.END
        return data

    def _end(self, buffer: bytearray) -> bool:
        if not b"\r\n".startswith(buffer[:2]):
            raise WireError("chunk data is not followed by CRLF")
        if len(buffer) < 2:
            return False
        del buffer[:2]
        self._state = _State.SIZE
        return True

    def _trailer(self, buffer: bytearray) -> bool:
        if buffer[:2] == b"\r\n":
            del buffer[:2]
            self._state = _State.COMPLETE
            return True
        length = head_length(buffer)
        if length is None:
            return False
        parse_fields(bytes(buffer[: length - 2]))
        del buffer[:length]
        self._state = _State.COMPLETE
        return True


RequestBody = FixedBody | ChunkedBody


def body_for(length: int | None) -> RequestBody:
    """The reader for a head's `length`: octets, or None for chunked."""
    return ChunkedBody() if length is None else FixedBody(length)
