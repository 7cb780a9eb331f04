"""ClientHello: hand-built ones in every shape, and real ones from OpenSSL as an independent writer."""

import contextlib
import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.wire.errors import WireError
from nfemu.wire.tls_hello import MAX_HELLO, ClientHello, HelloReader, is_handshake, parse_client_hello


def _vector(size: int, body: bytes) -> bytes:
    return len(body).to_bytes(size, "big") + body


def _sni(*names: bytes, kind: int = 0) -> bytes:
    return _vector(2, b"".join(bytes((kind,)) + _vector(2, name) for name in names))


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack("!H", kind) + _vector(2, body)


def _hello(extensions: bytes | None) -> bytes:
    """A handshake message."""
    body = b"\x03\x03" + bytes(32) + _vector(1, b"session") + _vector(2, b"\x13\x01") + _vector(1, b"\x00")
    return b"\x01" + _vector(3, body + (b"" if extensions is None else _vector(2, extensions)))


def _records(message: bytes, size: int = 2**14) -> bytes:
    parts = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + _vector(2, part) for part in parts)


NAMED = _hello(_extension(10, b"\x00\x02\x00\x1d") + _extension(0, _sni(b"Pay.Provider.example")))


@pytest.mark.parametrize("size", [1, 3, 50, 2**14])
def test_name_over_any_records(size: int) -> None:
    raw = _records(NAMED, size)
    assert parse_client_hello(raw + b"early data") == ClientHello("pay.provider.example")
    assert all(parse_client_hello(raw[:length]) is None for length in range(len(raw)))


@pytest.mark.parametrize("message", [_hello(None), _hello(b""), _hello(_extension(16, b"\x00\x03\x02h2"))])
def test_no_name(message: bytes) -> None:
    assert parse_client_hello(_records(message)) == ClientHello(None)


def test_written_by_openssl() -> None:
    for name in ("portal.carrier.example", "192.0.2.1"):
        outgoing = ssl.MemoryBIO()
        context = ssl.create_default_context()
        client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        expected = None if name[0] == "1" else name  # an address is never sent as a server name
        assert parse_client_hello(outgoing.read()) == ClientHello(expected)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x15\x03\x01\x00\x02\x01\x00", "handshake record"),
        (b"GET / HTTP/1.1", "handshake record"),
        (b"\x16\x02", "record version"),
        (b"\x16\x03\x01\x00\x00", "impossible length"),
        (b"\x16\x03\x01\x40\x01", "impossible length"),
        (_records(b"\x02" + NAMED[1:]), "not a ClientHello"),
        (_records(NAMED[:20]) + b"\x17\x03\x01\x00\x01x", "handshake record"),
        (_records(_hello(_extension(0, _sni(b"a")) + _extension(0, _sni(b"b")))), "more than one server_name"),
        (_records(_hello(_extension(0, _sni(b"a", b"b")))), "exactly one"),
        (_records(_hello(_extension(0, _sni(b"")))), "exactly one"),
        (_records(_hello(_extension(0, _sni(b"a") + b"x"))), "exactly one"),
        (_records(_hello(_extension(0, _sni(b"a", kind=1)))), "unknown type"),
        (_records(_hello(_extension(0, _sni(b"\xff")))), "not ASCII"),
        (_records(_hello(_extension(0, b""))), "cut short"),
        (_records(_hello(b"\x00\x00\x00\x09")), "cut short"),
        (_records(b"\x01\x00\x00\x01\x03"), "cut short"),
        (_records(b"\x01\x00\x00\x00"), "cut short"),
        (_records(b"\x01\xff\xff\xff" + bytes(MAX_HELLO)), "64 KiB"),
    ],
)
def test_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        parse_client_hello(raw)


@given(st.integers(0, len(NAMED) - 1), st.integers(0, 255))
def test_one_changed_octet_never_crashes(position: int, value: int) -> None:
    changed = bytearray(NAMED)
    changed[position] = value
    with contextlib.suppress(WireError):
        parse_client_hello(_records(bytes(changed)))


@given(st.binary(max_size=300))
def test_nothing_but_wire_errors(raw: bytes) -> None:
    for attempt in (raw, b"\x16\x03\x01" + raw, _records(_hello(raw))):
        try:
            parse_client_hello(attempt)
        except WireError:
            continue


@pytest.mark.parametrize("size", [1, 3, 2**14])
def test_octet_by_octet(size: int) -> None:
    """Nothing is looked at twice, and the hello is there with its last octet."""
    reader, raw = HelloReader(), _records(NAMED, size)
    found = [reader.receive(raw[at : at + 1]) for at in range(len(raw))]
    assert found[-1] == ClientHello("pay.provider.example")
    assert not any(found[:-1])


def test_limit_of_a_reader() -> None:
    reader, raw = HelloReader(1024), _records(b"\x01\x00\xff\xff" + bytes(2000), 10)
    assert reader.receive(raw[:1024]) is None
    with pytest.raises(WireError, match="1 KiB"):
        reader.receive(raw[1024:1025])


@pytest.mark.parametrize(
    ("first", "expected"), [(b"\x16", True), (b"\x16\x03", True), (b"GET", False), (b"\r\x16", False)]
)
def test_a_handshake_by_its_first_octet(first: bytes, expected: bool) -> None:
    assert is_handshake(first) is expected
