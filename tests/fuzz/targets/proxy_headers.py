"""PROXY protocol version 2.

* A header is read only when all of it is there, and what follows changes nothing.
* Its addresses and ports are those at the specification's offsets; written out again it is read as the same header.
"""

import socket

from nfemu.wire.errors import WireError
from nfemu.wire.proxy_protocol import SIGNATURE, decode, encode
from tests.fuzz.campaign import Target


def check(data: bytes) -> str:
    try:
        read = decode(data)
    except WireError as error:
        return str(error)
    if read is None:
        return "incomplete"
    header, length = read
    assert length == 16 + int.from_bytes(data[14:16], "big") <= len(data)
    assert decode(data[:length]) == read == decode(data + SIGNATURE), "what follows changes it"
    for cut in range(length):
        assert decode(data[:cut]) is None, f"read at {cut} of {length}"
    family, size = (socket.AF_INET, 4) if data[13] == 0x11 else (socket.AF_INET6, 16)
    shown = [socket.inet_ntop(family, data[start : start + size]) for start in (16, 16 + size)]
    assert [header.source.packed, header.destination.packed] == [socket.inet_pton(family, text) for text in shown]
    ports = data[16 + 2 * size : 20 + 2 * size]
    assert ports == header.source_port.to_bytes(2, "big") + header.destination_port.to_bytes(2, "big")
    again = decode(encode(header))
    assert again is not None
    assert again[0] == header
    return f"accepted, IPv{header.source.version}, {'a token' if header.token else 'no token'}"


TARGET = Target(
    "proxy_headers",
    (
        *(
            SIGNATURE,
            SIGNATURE + b"\x21\x11\x00\x0c",
            SIGNATURE + b"\x21\x21\x00\x24",
            b"\x20\x00\x00\x00",
            b"\x21",
            b"\x20",
            b"\x11",
        ),
        *(
            b"\x21\x12",
            b"\x31",
            b"\x00\x0c",
            b"\x00\x24",
            b"\x04\x00",
            b"\x04\x01",
            b"\xe0\x00\x04abcd",
            b"\xe0\x00\x00",
            b"\x04\x00\x01\x00",
        ),
        *(b"\xe0\xff\xff", b"\x0a\x2d\x00\x02", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"\x00" * 16),
    ),
    check,
    100_000,
)
