"""Files as libpcap writes them: draft-ietf-opsawg-pcap, of either byte order, with micro- or nanoseconds."""

import struct
from dataclasses import dataclass
from typing import Self

from nfemu.wire.capture.frames import Frame, Taken, checked

MAGICS = {
    bytes.fromhex("d4c3b2a1"): ("<", 1000),
    bytes.fromhex("a1b2c3d4"): (">", 1000),
    bytes.fromhex("4d3cb2a1"): ("<", 1),
    bytes.fromhex("a1b23c4d"): (">", 1),
}
"""First octets → byte order, nanoseconds of a fraction's unit."""
HEADER = 24
_RECORD = 16
_LINK_TYPE = 0xFFFF
"""What is above it tells of frame check sequences."""
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Classic:
    order: str
    unit: int
    link: int

    @classmethod
    def of(cls, header: bytes) -> Self:
        """`header`: the first HEADER octets of a file, which begin with one of MAGICS."""
        order, unit = MAGICS[header[:4]]
        (link,) = struct.unpack(f"{order}I", header[20:24])
        return cls(order, unit, link & _LINK_TYPE)

    def take(self, buffer: bytes | bytearray, start: int) -> Taken | None:
        """Raises WireError."""
        if len(buffer) < start + _RECORD:
            return None
        seconds, fraction, length, _ = struct.unpack_from(f"{self.order}IIII", buffer, start)
        begin, end = start + _RECORD, start + _RECORD + checked(length)
        if len(buffer) < end:
            return None
        at = seconds * _NANOSECONDS + fraction * self.unit
        return Taken(end - start, Frame(at, self.link, bytes(buffer[begin:end])))
