"""One direction of a TCP connection, put in order (RFC 9293 section 3.4): repeated, late and overlapping segments.

Of octets that came twice, the first copy counts, as with most receivers.
"""

_SPACE = 1 << 32
"""Sequence numbers begin anew behind it."""


class Stream:
    """Octets from sequence number `first` on, `most` of them; as many may wait for what is missing before them."""

    def __init__(self, first: int, most: int) -> None:
        self._first = first
        self._most = most
        self._early: dict[int, bytes] = {}
        self._waiting = 0
        self.data = bytearray()
        self.cut = False
        """There was more than is kept."""

    @property
    def has_gap(self) -> bool:
        """Something is missing before the last of what came."""
        return bool(self._early)

    def add(self, sequence: int, data: bytes) -> None:
        """A segment, in whichever order."""
        at = (sequence - self._first) % _SPACE
        if at >= _SPACE // 2:  # before the first: it can only be a repetition, or a probe of a kept connection
            data, at = data[_SPACE - at :], 0
        if not data:
            return
        if at > len(self.data):
            self._wait(at, data)
            return
        self._append(at, data)
        while (ready := min(self._early, default=_SPACE)) <= len(self.data):
            early = self._early.pop(ready)
            self._waiting -= len(early)
            self._append(ready, early)

    def _append(self, at: int, data: bytes) -> None:
        new = data[len(self.data) - at :]
        room = self._most - len(self.data)
        self.cut |= len(new) > room
        self.data += new[:room]

    def _wait(self, at: int, data: bytes) -> None:
        """The longer one where two begin at the same place."""
        known = self._early.get(at, b"")
        if len(data) <= len(known) or self.cut:
            return
        if self._waiting + len(data) - len(known) > self._most:
            self.cut = True
            return
        self._early[at] = known + data[len(known) :]
        self._waiting += len(data) - len(known)
