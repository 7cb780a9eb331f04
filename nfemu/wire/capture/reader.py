"""Frames out of a capture file, as its octets come: no more than one record is kept."""

from collections.abc import Iterator

from nfemu.wire.capture.blocks import SECTION, Blocks
from nfemu.wire.capture.classic import HEADER, MAGICS, Classic
from nfemu.wire.capture.frames import Format, Frame
from nfemu.wire.errors import WireError


class CaptureReader:
    """Both kinds of files, told apart by their first octets."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._format: Format | None = None
        self.count = 0
        """Frames so far."""

    def receive(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now. Raises WireError."""
        self._buffer += data
        start = 0
        if self._format is None and (start := self._begin()) < 0:
            return
        assert self._format is not None  # noqa: S101 - `_begin` has found it
        while (taken := self._format.take(self._buffer, start)) is not None:
            start += taken.octets
            if taken.frame is not None:
                self.count += 1
                yield taken.frame
        del self._buffer[:start]

    def end(self) -> bool:
        """There is no more: whether it ends where a packet does. Raises WireError where it has not even begun."""
        if self._format is None:
            raise WireError("it is empty" if not self._buffer else "it ends within its header")
        return not self._buffer

    def _begin(self) -> int:
        """Octets of the header that the format begins with; -1 while it is incomplete. Raises WireError."""
        magic = bytes(self._buffer[:4])
        if len(magic) < 4:
            return -1
        if magic == SECTION.to_bytes(4):
            self._format = Blocks()
            return 0
        if magic not in MAGICS:
            raise WireError(f"it begins with `{magic.hex()}`, as neither a pcap nor a pcapng file does")
        if len(self._buffer) < HEADER:
            return -1
        self._format = Classic.of(bytes(self._buffer[:HEADER]))
        return HEADER
