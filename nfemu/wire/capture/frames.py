"""What both kinds of capture files hold."""

from dataclasses import dataclass
from typing import Protocol

from nfemu.wire.errors import WireError

MAX_FRAME = 256 * 1024
"""Octets of a frame, as libpcap has it (MAXIMUM_SNAPLEN)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`at`: nanoseconds since 1970. `link`: its LINKTYPE, as https://www.tcpdump.org/linktypes.html numbers them."""

    at: int
    link: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """`octets` of the file and the frame in them, None where they hold something else."""

    octets: int
    frame: Frame | None


class Format(Protocol):
    def take(self, buffer: bytes | bytearray, start: int) -> Taken | None:
        """What begins at `start`; None while it is incomplete. Raises WireError."""


def checked(length: int) -> int:
    """The length of a frame. Raises WireError."""
    if length > MAX_FRAME:
        raise WireError(f"a packet of {length} octets, where {MAX_FRAME} are the most")
    return length
