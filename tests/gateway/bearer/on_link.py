"""What leaves by links, at the links themselves: `python -m tests.gateway.bearer.on_link LINK…` in their namespace.

For each line of input, a moment in nanoseconds since 1970, it prints what TCP carried out by each link since the line
before: octets in all, and octets after that moment; then how many packets it could not look at. Queues of whoever
receives do not count, and nor do packets without data.
"""

import mmap
import select
import socket
import struct
import sys
from collections.abc import Iterator

_SOL_PACKET, _RX_RING, _STATISTICS, _VERSION, _V2 = 263, 5, 6, 10, 1
_ALL, _OUTGOING = 3, 4
_FRAME, _BLOCK, _BLOCKS = 256, 1 << 20, 64
_HEAD = struct.Struct("=IIIHHII")
"""tpacket2_hdr: status, length, captured, where the frame and its network part begin, seconds, nanoseconds."""
_KIND = 32 + 10
"""sll_pkttype of the sockaddr_ll behind it."""


class Link:
    """A ring of the heads of all that crosses it."""

    def __init__(self, name: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(_SOL_PACKET, _VERSION, _V2)
        frames = _BLOCK // _FRAME * _BLOCKS
        self._socket.setsockopt(_SOL_PACKET, _RX_RING, struct.pack("=4I", _BLOCK, _BLOCKS, _FRAME, frames))
        self._ring, self._frames, self._next = mmap.mmap(self._socket.fileno(), _BLOCK * _BLOCKS), frames, 0
        self._socket.bind((name, _ALL))
        self.carried: list[tuple[int, int]] = []
        """When, and how many octets."""

    def fileno(self) -> int:
        return self._socket.fileno()

    def look(self) -> None:
        self.carried += [one for one in self._frames_there() if one[1] > 0]

    def missed(self) -> int:
        return int(struct.unpack("=II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))[1])

    def _frames_there(self) -> Iterator[tuple[int, int]]:
        while True:
            at = self._next * _FRAME
            status, length, _, _, network, seconds, nanoseconds = _HEAD.unpack_from(self._ring, at)
            if not status & 1:
                return
            if self._ring[at + _KIND] == _OUTGOING:
                packet = self._ring[at + network : at + _FRAME]
                yield seconds * 1_000_000_000 + nanoseconds, _data(packet, length - 14)
            struct.pack_into("=I", self._ring, at, 0)
            self._next = (self._next + 1) % self._frames


def _data(packet: bytes, length: int) -> int:
    """Octets behind the head of TCP; 0 for what is not TCP."""
    version = packet[0] >> 4
    head, protocol = ((packet[0] & 15) * 4, packet[9]) if version == 4 else (40, packet[6])
    if protocol != socket.IPPROTO_TCP or version not in {4, 6}:
        return 0
    return length - head - (packet[head + 12] >> 4) * 4


def main(names: list[str]) -> None:
    links = [Link(name) for name in names]
    _say("looking")
    while True:
        ready, _, _ = select.select([sys.stdin, *links], [], [])
        for link in links:
            link.look()
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            figures = (f"{sum(octets for _, octets in one.carried)} {_after(one, int(line))}" for one in links)
            _say(" ".join([*figures, str(sum(link.missed() for link in links))]))
            for link in links:
                link.carried.clear()


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _after(link: Link, moment: int) -> int:
    return sum(octets for when, octets in link.carried if when > moment)


if __name__ == "__main__":
    main(sys.argv[1:])
