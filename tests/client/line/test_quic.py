"""A QUIC client's Initial against the worked example of RFC 9001, appendix A."""

import shutil
import subprocess
from pathlib import Path

import pytest

from nfemu.client.line.quic import Keys, client_hello, client_keys, initial, protected
from nfemu.wire.pcap import file_header, record

CONNECTION = bytes.fromhex("8394c8f03e515708")
HELLO = bytes.fromhex(
    "010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e0000"
    "0b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e0005000501000000000033002600240"
    "01d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305030603020"
    "3080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901"
    "100f088394c8f03e51570806048000ffff"
)


def test_the_worked_example() -> None:
    assert client_keys(CONNECTION) == Keys(
        bytes.fromhex("1f369613dd76d5467730efcbe3b1a22d"),
        bytes.fromhex("fa044b2f42a3fd3b46fb255c"),
        bytes.fromhex("9f50449e04a0e810283a1e9933adedd2"),
    )
    packet = protected(CONNECTION, b"", 2, HELLO)
    assert len(packet) == 1200
    assert packet[:22].hex() == "c000000001088394c8f03e5157080000449e7b9aec34"
    assert packet[22:38].hex() == "d1b1c98dd7689fb8ec11d242b123dc9b"


def test_each_is_fresh_and_of_the_size_that_servers_ask_for() -> None:
    one, other = initial("news.example"), initial("news.example")
    assert (len(one), len(other), one[6:14] != other[6:14]) == (1200, 1200, True)
    hello = client_hello("news.example", b"r" * 32, b"s" * 32, b"own-conn")
    assert int.from_bytes(hello[1:4]) == len(hello) - 4


@pytest.mark.lab
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_an_independent_reader_finds_the_name(tmp_path: Path) -> None:
    datagram = initial("news.example")
    udp = (50000).to_bytes(2) + (443).to_bytes(2) + (8 + len(datagram)).to_bytes(2) + b"\0\0" + datagram
    ip = b"\x45\0" + (20 + len(udp)).to_bytes(2) + b"\0\0\0\0\x40\x11\0\0" + b"\xc6\x12\0\x01\xc6\x12\0\x02" + udp
    frame = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip
    file = tmp_path / "quic.pcap"
    file.write_bytes(file_header(262144) + record(0, frame))
    shown = subprocess.run(
        ["tshark", "-r", file, "-T", "fields", "-e", "tls.handshake.extensions_server_name", "-e", "quic.version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["news.example", "0x00000001"]
