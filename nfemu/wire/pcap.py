"""Capture files as Wireshark and tcpdump read them: draft-ietf-opsawg-pcap, with nanoseconds, little-endian."""

import struct

_MAGIC_NANOSECONDS = 0xA1B23C4D
_VERSION = (2, 4)
_LINK_TYPE_ETHERNET = 1
_FILE = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_NANOSECONDS = 1_000_000_000


def file_header(most: int) -> bytes:
    """What a file of Ethernet frames begins with; `most`: octets that a frame can have."""
    return _FILE.pack(_MAGIC_NANOSECONDS, *_VERSION, 0, 0, most, _LINK_TYPE_ETHERNET)


def record(at: int, frame: bytes) -> bytes:
    """A whole frame. `at`: nanoseconds since 1970."""
    seconds, nanoseconds = divmod(at, _NANOSECONDS)
    return _RECORD.pack(seconds & 0xFFFFFFFF, nanoseconds, len(frame), len(frame)) + frame
