"""PROXY protocol version 2: round trips, truncation at every byte, refusal of everything else."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.wire.errors import WireError
from nfemu.wire.proxy_protocol import SIGNATURE, ProxyHeader, decode, encode

V4 = ProxyHeader(IPv4Address("10.45.0.2"), 40000, IPv4Address("198.18.0.9"), 80, b"secret")
V6 = ProxyHeader(IPv6Address("2001:db8::2"), 40000, IPv6Address("2001:2::9"), 443, b"secret")

# The example bytes are laid out by hand from section 2.2: signature, 0x21 (version 2, PROXY), 0x11 (TCP over
# IPv4), length 12, addresses and ports in network order; no TLV.
BY_HAND = SIGNATURE + bytes.fromhex("21 11 000c 0a2d0002 c6120009 9c40 0050")


def test_the_specification_s_layout() -> None:
    header = ProxyHeader(V4.source, 40000, V4.destination, 80)
    assert decode(BY_HAND) == (header, len(BY_HAND))


@pytest.mark.parametrize("header", [V4, V6])
def test_round_trip_leaves_what_follows(header: ProxyHeader) -> None:
    data = encode(header)
    assert decode(data + b"GET / HTTP/1.1") == (header, len(data))


@pytest.mark.parametrize("header", [V4, V6])
def test_every_prefix_is_incomplete(header: ProxyHeader) -> None:
    data = encode(header)
    assert all(decode(data[:size]) is None for size in range(len(data)))


def test_unknown_tlvs_are_skipped() -> None:
    tlvs = b"\x04\x00\x02hi" + b"\xe0\x00\x01t"
    data = SIGNATURE + b"\x21\x11" + (12 + len(tlvs)).to_bytes(2, "big") + BY_HAND[16:] + tlvs
    decoded = decode(data)
    assert decoded is not None
    assert decoded[0].token == b"t"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        SIGNATURE + b"\x20\x11\x00\x0c" + b"\0" * 12,  # LOCAL
        SIGNATURE + b"\x11\x11\x00\x0c" + b"\0" * 12,  # version 1
        SIGNATURE + b"\x21\x12\x00\x0c" + b"\0" * 12,  # UDP
        SIGNATURE + b"\x21\x11\xff\xff",  # longer than anybody needs
        SIGNATURE + b"\x21\x11\x00\x04" + b"\0" * 4,  # addresses cut short
        SIGNATURE + b"\x21\x11\x00\x0e" + b"\0" * 14,  # half a TLV head
        SIGNATURE + b"\x21\x11\x00\x0f" + b"\0" * 12 + b"\xe0\x00\x05",  # TLV longer than the header
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="PROXY header"):
        decode(data)


def test_families_do_not_mix() -> None:
    with pytest.raises(WireError, match="families"):
        encode(ProxyHeader(V4.source, 1, V6.destination, 2))


@given(st.ip_addresses(v=4), st.integers(0, 65535), st.binary(max_size=64))
def test_any_header_comes_back(address: IPv4Address, port: int, token: bytes) -> None:
    header = ProxyHeader(address, port, ip_address("198.18.0.1"), port, token)
    assert decode(encode(header)) == (header, len(encode(header)))
