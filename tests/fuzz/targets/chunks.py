"""Bodies in the chunked coding.

* However the octets are divided, the same data is read, as much is left over, and it ends or is refused alike.
* No more data comes out than went in; a body cut short anywhere is not complete.
* h11, where it takes the body, reads the same data and ends at the same octet; so does everybody what we forward.
"""

from nfemu.wire.errors import WireError
from nfemu.wire.http_body import ChunkedBody
from tests.fuzz.campaign import Target
from tests.fuzz.peers import h11_reading, llhttp_reading

_HEAD = b"POST /x HTTP/1.1\r\nHost: h.example\r\nTransfer-Encoding: chunked\r\n\r\n"


def _read(raw: bytes, step: int) -> tuple[bytes, int, bool] | str:
    """Data, octets taken, complete; or why it is refused."""
    body, buffer, data = ChunkedBody(), bytearray(), b""
    try:
        for start in range(0, len(raw), step):
            buffer += raw[start : start + step]
            data += body.receive(buffer)
    except WireError as error:
        return str(error)
    return data, len(raw) - len(buffer), body.complete


def check(raw: bytes) -> str:
    whole = _read(raw, len(raw) or 1)
    for step in (1, 3, 50):
        divided = _read(raw, step)
        same = isinstance(divided, str) if isinstance(whole, str) else divided == whole
        assert same, f"by {step} octets: {divided}; at once: {whole}"
    if isinstance(whole, str):
        return whole
    data, taken, complete = whole
    assert len(data) <= taken <= len(raw)
    if not complete:
        return "incomplete"
    for length in {0, taken // 2, taken - 2, taken - 1}:
        assert _read(raw[:length], length or 1)[2] is False, f"complete at {length} of {taken}"
    _check_peers(raw[:taken], data)
    return "accepted"


def _check_peers(raw: bytes, data: bytes) -> None:
    reading = h11_reading(_HEAD + raw)
    assert reading is None or (reading.body, reading.left) == (data, 0), f"h11 reads {reading}"
    forwarded = (b"%x\r\n%s\r\n" % (len(data), data) if data else b"") + b"0\r\n\r\n"
    for peer in (h11_reading, llhttp_reading):
        reading = peer(_HEAD + forwarded)
        assert reading is not None
        assert (reading.body, reading.left) == (data, 0)


TARGET = Target(
    "chunks",
    (
        *(
            b"\r\n",
            b"\n",
            b"\r",
            b"\x00",
            b" ",
            b"\t",
            b"0\r\n\r\n",
            b"0\r\n",
            b"5\r\nhello\r\n",
            b"0x",
            b"+",
            b"-",
            b";",
            b";a=b",
        ),
        *(
            b"ffffffffffffffff",
            b"fffffffffffffff",
            b"00000000",
            b"a\r\n0123456789\r\n",
            b'1;q="\r\n"\r\n',
            b"2\r\nab",
            b"\r\nX: y",
        ),
        *(
            b"X: y\r\n",
            b" folded\r\n",
            b"Content-Length: 4\r\n",
            b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            b"X : y\r\n",
            b"_",
        ),
    ),
    check,
    150_000,
)
