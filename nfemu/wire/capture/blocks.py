"""Files as Wireshark writes them: draft-ietf-opsawg-pcapng. Blocks, of which three kinds hold what is wanted."""

import struct
from collections.abc import Iterator

from nfemu.wire.capture.frames import Frame, Taken, checked
from nfemu.wire.errors import WireError

SECTION = 0x0A0D0D0A
"""Type of a Section Header Block: reads the same in either byte order."""
_ORDERS = {bytes.fromhex("4d3c2b1a"): "<", bytes.fromhex("1a2b3c4d"): ">"}
_INTERFACE, _SIMPLE, _ENHANCED = 1, 3, 6
_MAX_BLOCK = 16 * 1024 * 1024
_SMALLEST = 12
_MAX_INTERFACES = 1024
_RESOLUTION = 9
"""Option if_tsresol: a negative power of ten or, with the highest bit set, of two."""
_NANOSECONDS = 1_000_000_000
_MICROSECONDS = 1_000_000

Interface = tuple[int, int]
"""Link type, units of time in a second."""


class Blocks:
    """What earlier blocks say holds for later ones, up to the next section."""

    def __init__(self) -> None:
        self._order = "<"
        self._interfaces: list[Interface] = []

    def take(self, buffer: bytes | bytearray, start: int) -> Taken | None:
        """Raises WireError."""
        if len(buffer) < start + _SMALLEST:
            return None
        kind, length = struct.unpack_from(f"{self._order}II", buffer, start)
        if kind == SECTION:
            self._begin(bytes(buffer[start + 8 : start + 12]))
            (length,) = struct.unpack_from(f"{self._order}I", buffer, start + 4)
        if not _SMALLEST <= length <= _MAX_BLOCK or length % 4:
            raise WireError(f"a block of {length} octets, which none can have")
        if len(buffer) < start + length:
            return None
        return Taken(length, self._read(kind, bytes(buffer[start + 8 : start + length - 4])))

    def _begin(self, magic: bytes) -> None:
        if magic not in _ORDERS:
            raise WireError("a section of no known byte order")
        self._order = _ORDERS[magic]
        self._interfaces.clear()

    def _read(self, kind: int, body: bytes) -> Frame | None:
        try:
            if kind == _INTERFACE:
                self._add(body)
            elif kind == _ENHANCED:
                number, high, low, length, _ = struct.unpack_from(f"{self._order}5I", body)
                return self._frame(number, high << 32 | low, body[20:], length)
            elif kind == _SIMPLE:
                return self._frame(0, 0, body[4:], min(*struct.unpack_from(f"{self._order}I", body), len(body) - 4))
        except struct.error:
            raise WireError("a block that is shorter than its kind") from None
        return None

    def _add(self, body: bytes) -> None:
        (link,) = struct.unpack_from(f"{self._order}H", body)
        if len(self._interfaces) == _MAX_INTERFACES:
            raise WireError(f"more than {_MAX_INTERFACES} interfaces in a section")
        units = _MICROSECONDS
        for code, value in self._options(body[8:]):
            if code == _RESOLUTION and value:
                units = 1 << (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        self._interfaces.append((link, units))

    def _options(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        while len(data) >= 4:
            code, length = struct.unpack_from(f"{self._order}HH", data)
            yield code, data[4 : 4 + length]
            data = data[4 + (length + 3) // 4 * 4 :]

    def _frame(self, number: int, ticks: int, data: bytes, length: int) -> Frame:
        if number >= len(self._interfaces):
            raise WireError(f"a packet of interface {number}, which the file does not tell of")
        if checked(length) > len(data):
            raise WireError("a packet that is longer than its block")
        link, units = self._interfaces[number]
        return Frame(ticks * _NANOSECONDS // units, link, data[:length])
