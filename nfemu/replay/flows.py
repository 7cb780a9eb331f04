"""The flows of a capture, and of each what its client sent."""

import struct
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from nfemu.model.destination import IpAddress
from nfemu.replay.names import Names
from nfemu.replay.reassembly import Stream
from nfemu.wire.capture.packet import ACK, ICMP, ICMP6, SYN, TCP, UDP, Packet

MOST_FLOWS = 10_000
MOST_OCTETS = 256 * 1024
"""Of one client that are kept."""
MOST_IN_ALL = 64 * 1024 * 1024
MOST_DATAGRAMS = 64
_DNS = 53
_ECHO_REQUEST = {ICMP: 8, ICMP6: 128}
_HEAD = 8
"""Of an ICMP echo message."""


class Transport(Enum):
    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"


@dataclass(frozen=True, slots=True)
class Flow:
    """`at`: nanoseconds since 1970. Ports are 0 for ICMP. `sent`: a TCP client's octets in one piece, else a datagram
    each. `name`: what the server's address was called when it began. `missing`: what of `sent` is not there, in words.
    """

    at: int
    transport: Transport
    client: IpAddress
    client_port: int
    server: IpAddress
    server_port: int
    name: str | None
    sent: tuple[bytes, ...]
    missing: str

    @property
    def octets(self) -> int:
        return sum(map(len, self.sent))


@dataclass(frozen=True, slots=True)
class Found:
    """`left_out`: why packets belong to none of the flows, and how many."""

    flows: tuple[Flow, ...]
    left_out: dict[str, int]


_TRANSPORTS = {TCP: Transport.TCP, UDP: Transport.UDP, ICMP: Transport.ICMP, ICMP6: Transport.ICMP}
_Key = tuple[int, IpAddress, int, IpAddress, int]
"""Protocol, client, its port (of ICMP: the identifier), server, its port."""


@dataclass(slots=True)
class _Growing:
    at: int
    name: str | None
    first: int
    stream: Stream
    datagrams: list[bytes] = field(default_factory=list)
    more: bool = False
    partly: bool = False

    def finished(self, key: _Key) -> Flow:
        protocol, client, client_port, server, server_port = key
        transport = _TRANSPORTS[protocol]
        sent = (bytes(self.stream.data),) if transport is Transport.TCP else tuple(self.datagrams)
        port = 0 if transport is Transport.ICMP else client_port
        return Flow(self.at, transport, client, port, server, server_port, self.name, sent, self._missing())

    def _missing(self) -> str:
        if self.partly:
            return "packets were captured in part"
        if self.stream.has_gap:
            return "packets are missing"
        return "it is longer than is kept" if self.more or self.stream.cut else ""


class FlowFinder:
    """Takes packets as they were captured."""

    def __init__(self) -> None:
        self._names = Names()
        self._open: dict[_Key, _Growing] = {}
        self._ended: list[Flow] = []
        self._left_out: Counter[str] = Counter()
        self._kept = 0

    def found(self) -> Found:
        """In the order in which they began."""
        flows = [*self._ended, *(each.finished(key) for key, each in self._open.items())]
        return Found(tuple(sorted(flows, key=lambda flow: flow.at)), dict(self._left_out))

    def leave_out(self, why: str) -> None:
        """One packet."""
        self._left_out[why] += 1

    def add(self, at: int, packet: Packet | None) -> None:
        """None: it was something else."""
        if packet is None:
            self._left_out["neither TCP nor UDP nor ICMP, or fragments"] += 1
        elif packet.target.is_multicast or packet.target.is_link_local or str(packet.target) == "255.255.255.255":
            self._left_out["to the link's own neighbours"] += 1
        elif packet.protocol == TCP:
            self._tcp(at, packet)
        elif packet.protocol == UDP:
            self._udp(at, packet)
        else:
            self._icmp(at, packet)

    def _tcp(self, at: int, packet: Packet) -> None:
        key = (TCP, packet.source, packet.source_port, packet.target, packet.target_port)
        first = (packet.sequence + 1) % (1 << 32) if packet.flags & SYN else packet.sequence
        growing = self._open.get(key)
        if packet.flags & (SYN | ACK) == SYN and (growing is None or growing.first != first):
            growing = self._begin(at, key, packet, first)
        elif growing is None:
            if _reversed(key) not in self._open:
                self._left_out["of connections that began before the capture"] += 1
            return
        if growing is None:
            return
        growing.partly |= not packet.whole
        if self._has_room(len(packet.payload), growing):
            growing.stream.add(first, packet.payload)

    def _udp(self, at: int, packet: Packet) -> None:
        key = (UDP, packet.source, packet.source_port, packet.target, packet.target_port)
        if _reversed(key) in self._open:
            if packet.source_port == _DNS:
                self._names.learn(packet.payload)
            return
        self._datagram(at, key, packet, packet.payload)

    def _icmp(self, at: int, packet: Packet) -> None:
        kind, _, _, identifier, _ = struct.unpack_from("!BBHHH", packet.payload)
        if kind != _ECHO_REQUEST[packet.protocol]:
            return
        key = (packet.protocol, packet.source, identifier, packet.target, 0)
        self._datagram(at, key, packet, packet.payload[_HEAD:])

    def _datagram(self, at: int, key: _Key, packet: Packet, data: bytes) -> None:
        growing = self._open.get(key) or self._begin(at, key, packet, 0)
        if growing is None:
            return
        growing.partly |= not packet.whole
        if len(growing.datagrams) == MOST_DATAGRAMS:
            growing.more = True
        elif self._has_room(len(data), growing):
            growing.datagrams.append(data)

    def _begin(self, at: int, key: _Key, packet: Packet, first: int) -> _Growing | None:
        """None where there are too many."""
        if len(self._open) + len(self._ended) == MOST_FLOWS:
            self._left_out[f"of flows past the first {MOST_FLOWS}"] += 1
            return None
        if key in self._open:  # the client has used the same port again
            self._ended.append(self._open.pop(key).finished(key))
        growing = _Growing(at, self._names.of(packet.target), first, Stream(first, MOST_OCTETS))
        self._open[key] = growing
        return growing

    def _has_room(self, octets: int, growing: _Growing) -> bool:
        if self._kept + octets > MOST_IN_ALL:
            growing.more = True
            return False
        self._kept += octets
        return True


def _reversed(key: _Key) -> _Key:
    protocol, source, source_port, target, target_port = key
    return protocol, target, target_port, source, source_port
