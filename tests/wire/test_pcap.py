"""Capture files, as an independent reader understands them."""

from decimal import Decimal
from pathlib import Path

import pytest
from scapy.layers.l2 import Ether
from scapy.utils import PcapReader

from nfemu.wire.pcap import file_header, record

FRAME = bytes.fromhex("020000000001 020000000002 0800".replace(" ", "")) + b"payload"


@pytest.mark.parametrize("at", [0, 1, 1_793_500_000_123_456_789, 4_294_967_295_999_999_999])
def test_another_reader_sees_the_frame_and_its_time(at: int, tmp_path: Path) -> None:
    file = tmp_path / "journey.pcap"
    file.write_bytes(file_header(65536) + record(at, FRAME) + record(at, FRAME[:14]))
    with PcapReader(str(file)) as reader:
        frame, short = reader.read_packet(), reader.read_packet()
    assert (type(frame), bytes(frame), bytes(short)) == (Ether, FRAME, FRAME[:14])
    assert (frame.time, frame.wirelen) == (Decimal(at) / 1_000_000_000, len(FRAME))
