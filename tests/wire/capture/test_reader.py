"""Capture files of every kind: what an independent program wrote is read, and what is none is said."""

import struct
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import PcapNgWriter, PcapWriter

from nfemu.wire.capture.frames import MAX_FRAME, Frame
from nfemu.wire.capture.reader import CaptureReader
from nfemu.wire.errors import WireError
from nfemu.wire.pcap import file_header, record

PACKETS = [Ether() / IP(dst="192.0.2.1") / UDP(dport=port) / (b"x" * port) for port in (1, 2, 7)]
AT = 1_793_500_000_123_456_789


def read(data: bytes, step: int = 1 << 20) -> tuple[list[Frame], bool]:
    """Its frames, and whether it ends where one does."""
    reader = CaptureReader()
    found = [frame for at in range(0, len(data), step) for frame in reader.receive(data[at : at + step])]
    return found, reader.end()


def frames(data: bytes, step: int = 1 << 20) -> list[Frame]:
    found, whole = read(data, step)
    assert whole
    return found


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    length = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + length + body + length


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(order: str = "<", options: bytes = b"", link: int = 101) -> bytes:
    return block(1, struct.pack(f"{order}HHI", link, 0, 0) + options, order)


def enhanced(data: bytes, ticks: int = 5, order: str = "<", number: int = 0, length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    head = struct.pack(f"{order}5I", number, ticks >> 32, ticks & 0xFFFFFFFF, size, size)
    return block(6, head + data + bytes(-len(data) % 4), order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_files_of_libpcap(order: str, nano: bool, tmp_path: Path) -> None:
    file = tmp_path / "a.pcap"
    with PcapWriter(str(file), linktype=1, endianness=order, nano=nano) as writer:
        for packet in PACKETS:
            packet.time = 3.5
            writer.write(packet)
    data = file.read_bytes()
    expected = [Frame(3_500_000_000, 1, bytes(packet)) for packet in PACKETS]
    assert frames(data) == frames(data, 1) == expected


def test_files_of_our_own() -> None:
    assert frames(file_header(65536) + record(AT, b"frame") + record(AT + 1, b"")) == [
        Frame(AT, 1, b"frame"),
        Frame(AT + 1, 1, b""),
    ]


def test_files_of_wireshark(tmp_path: Path) -> None:
    file = tmp_path / "a.pcapng"
    with PcapNgWriter(str(file)) as writer:
        for packet in PACKETS:
            packet.time = 3.5
            writer.write(packet)
    data = file.read_bytes()
    assert frames(data) == frames(data, 1) == [Frame(3_500_000_000, 1, bytes(packet)) for packet in PACKETS]


@pytest.mark.parametrize("order", ["<", ">"])
def test_blocks(order: str) -> None:
    resolution = struct.pack(f"{order}HHB3x", 9, 1, 9) + struct.pack(f"{order}HH", 0, 0)
    binary = struct.pack(f"{order}HHB3x", 9, 1, 0x80 | 1)
    unknown, nothing = struct.pack(f"{order}HHI", 2, 4, 7), struct.pack(f"{order}HH", 9, 0)
    data = section(order) + interface(order) + interface(order, unknown + resolution)
    data += interface(order, binary) + interface(order, nothing, link=1)
    data += block(5, b"stat", order) + b"".join(enhanced(b"abc", AT, order, number) for number in range(4))
    data += block(3, struct.pack(f"{order}I", 9) + b"whole000", order) + section(order) + interface(order, link=1)
    data += enhanced(b"", 1, order)
    assert frames(data) == [
        Frame(AT * 1000, 101, b"abc"),
        Frame(AT, 101, b"abc"),
        Frame(AT * 500_000_000, 101, b"abc"),
        Frame(AT * 1000, 1, b"abc"),
        Frame(0, 101, b"whole000"),
        Frame(1000, 1, b""),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"\n\r\r", "ends within its header"),
        (file_header(65536)[:23], "ends within its header"),
        (b"GIF89a", "begins with `47494638`"),
        (file_header(65536) + struct.pack("<IIII", 0, 0, MAX_FRAME + 1, 0), f"a packet of {MAX_FRAME + 1} octets"),
        (block(0x0A0D0D0A, b"\0" * 16), "a section of no known byte order"),
        (section() + struct.pack("<III", 6, 13, 0), "a block of 13 octets"),
        (section() + struct.pack("<III", 6, 1 << 25, 0), "a block of 33554432 octets"),
        (section() + block(6, b"\0" * 8), "shorter than its kind"),
        (section() + enhanced(b"abc"), "a packet of interface 0, which"),
        (section() + interface() + enhanced(b"abc", length=9), "longer than its block"),
        (section() + interface() * 1025, "more than 1024 interfaces"),
    ],
)
def test_what_is_no_capture(data: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        frames(data)


def test_what_is_whole_in_a_file_that_is_cut() -> None:
    found, ended = read(file_header(65536) + record(0, b"one") + record(0, b"two")[:-1])
    assert ([each.data for each in found], ended) == ([b"one"], False)


def test_every_cut_is_said(tmp_path: Path) -> None:
    for whole in (file_header(65536) + record(AT, b"frame"), section() + interface() + enhanced(b"frame")):
        cuts = 0
        for length in range(len(whole)):
            try:
                found, ended = read(whole[:length])
                assert found == []
                cuts += not ended
            except WireError:
                cuts += 1
        assert cuts >= len(whole) - 3  # the ends of a header or a block are none
