"""Bodies: data in any division of the bytes, and the first octet that a strict reader does not accept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.wire.errors import WireError
from nfemu.wire.http_body import MAX_CHUNK_LINE, ChunkedBody, FixedBody, OpenBody, request_body


def _feed(body: FixedBody | ChunkedBody | OpenBody, raw: bytes, step: int) -> tuple[bytes, bytes]:
    """Feed in steps; the data, and what is left behind the body."""
    buffer = bytearray()
    data = b""
    for offset in range(0, len(raw), step):
        buffer += raw[offset : offset + step]
        data += body.receive(buffer)
    return data, bytes(buffer)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_fixed(step: int) -> None:
    body = FixedBody(5)
    assert _feed(body, b"helloGET / ", step) == (b"hello", b"GET / ")
    assert body.complete
    assert body.end()


def test_fixed_cut_short() -> None:
    body = FixedBody(5)
    assert body.receive(bytearray(b"hell")) == b"hell"
    assert not body.complete
    assert not body.end()


def test_open_ends_with_the_connection() -> None:
    body = OpenBody()
    assert _feed(body, b"all of it", 4) == (b"all of it", b"")
    assert not body.complete
    assert body.end()
    assert body.complete


CHUNKED = b'5;name="v"\r\nhello\r\n0005 \r\n, you\r\n0\r\nX-Trailer: t\r\n\r\n'


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_chunked(step: int) -> None:
    body = ChunkedBody()
    assert _feed(body, CHUNKED + b"GET /", step) == (b"hello, you", b"GET /")
    assert body.complete
    assert body.end()


def test_chunked_without_trailers() -> None:
    body = request_body(None)
    assert _feed(body, b"1\r\nA\r\n0\r\n\r\n", 1) == (b"A", b"")
    assert body.complete


def test_chunked_cut_short_at_every_octet() -> None:
    for length in range(len(CHUNKED)):
        body = ChunkedBody()
        body.receive(bytearray(CHUNKED[:length]))
        assert not body.complete
        assert not body.end()


@pytest.mark.parametrize(
    "raw",
    [
        b"5\r\nhelloXX0\r\n\r\n",  # CVE-2025-43859: two octets skipped unseen
        b"5\r\nhello\rX",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n",
        b"+5\r\nhello\r\n",
        b"-5\r\nhello\r\n",
        b" 5\r\nhello\r\n",
        b"\r\n5\r\nhello\r\n",
        b"5 5\r\nhello\r\n",
        b"5;a\x00\r\nhello\r\n",
        b"5;a\rb\r\nhello\r\n",
        b"1234567890abcdef\r\n",
        b"g\r\n",
        b"0\r\nX : y\r\n\r\n",
        b"0\r\n folded\r\n\r\n",
        b"0\r\nX: y\nZ: a\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_not_chunked_strictly(raw: bytes, step: int) -> None:
    with pytest.raises(WireError):
        _feed(ChunkedBody(), raw, step)


def test_size_line_and_trailers_are_bounded() -> None:
    with pytest.raises(WireError, match="4096"):
        _feed(ChunkedBody(), b"5;" + b"x" * MAX_CHUNK_LINE, 1000)
    with pytest.raises(WireError, match="64 KiB"):
        _feed(ChunkedBody(), b"0\r\nX: " + b"x" * 70_000, 1000)


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(1, 40))
def test_round_trip(chunks: list[bytes], step: int) -> None:
    raw = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    body = ChunkedBody()
    assert _feed(body, raw + b"rest", step) == (b"".join(chunks), b"rest")


@given(st.binary(max_size=300), st.integers(1, 40))
def test_nothing_but_wire_errors_and_no_dependence_on_division(raw: bytes, step: int) -> None:
    outcomes: list[object] = []
    for size in (step, 1000):
        body = ChunkedBody()
        try:
            outcomes.append((_feed(body, raw, size), body.complete))
        except WireError:
            outcomes.append(None)
    assert outcomes[0] == outcomes[1]


def test_request_body_of_known_length() -> None:
    assert isinstance(request_body(3), FixedBody)
