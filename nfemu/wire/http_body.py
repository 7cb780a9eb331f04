"""Bodies of HTTP/1 messages as they arrive: of fixed length, up to the connection's end, or chunked (RFC 9112).

Each reader's `receive` takes what belongs to the body off the front of a buffer and returns the data in it.

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
    """A body of known length."""

    __slots__ = ("_left",)

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def complete(self) -> bool:
        return self._left == 0

    def receive(self, buffer: bytearray) -> bytes:
        data = _take(buffer, self._left)
        self._left -= len(data)
        return data

    def end(self) -> bool:
        """The connection has ended; whether the body had."""
        return self.complete


class OpenBody:
    """A response body that lasts until the connection ends (RFC 9112 section 6.3, rule 8)."""

    __slots__ = ("complete",)

    def __init__(self) -> None:
        self.complete = False

    def receive(self, buffer: bytearray) -> bytes:
        return _take(buffer, len(buffer))

    def end(self) -> bool:
        """The connection has ended, and with it the body."""
        self.complete = True
        return True


class _State(Enum):
    SIZE = "size"
    DATA = "data"
    END = "end"
    TRAILER = "trailer"
    COMPLETE = "complete"


class ChunkedBody:
    """A body in the chunked coding. `receive` raises WireError at the first octet that a strict reader refuses."""

    __slots__ = ("_left", "_state")

    def __init__(self) -> None:
        self._state = _State.SIZE
        self._left = 0

    @property
    def complete(self) -> bool:
        return self._state is _State.COMPLETE

    def end(self) -> bool:
        """The connection has ended; whether the body had."""
        return self.complete

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
        data = _take(buffer, self._left)
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


Body = FixedBody | OpenBody | ChunkedBody


def request_body(length: int | None) -> Body:
    """The reader for a head's `length`: octets, or None for chunked."""
    return ChunkedBody() if length is None else FixedBody(length)


def _take(buffer: bytearray, count: int) -> bytes:
    """At most `count` octets off the front."""
    if len(buffer) <= count:
        data = bytes(buffer)
        buffer.clear()
        return data
    data = bytes(buffer[:count])
    del buffer[:count]
    return data
