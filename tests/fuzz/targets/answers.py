"""Response heads of origins, before mitmproxy reads them.

* However the octets are divided, the same lines are read, and as much is left over.
* No line carries a CR, LF or NUL; written out again with CRLF they are read as the same lines.
* llhttp, where it takes the head, sees the same number of fields: nothing was split in two.
"""

import httptools
from mitmproxy.net.http import http1

from nfemu.wire.errors import WireError
from nfemu.wire.http_answer import take_response_head
from tests.fuzz.campaign import Target


def _take(raw: bytes, step: int) -> tuple[list[bytes], int] | str | None:
    """Lines and octets taken."""
    buffer = bytearray()
    try:
        for start in range(0, len(raw), step):
            buffer += raw[start : start + step]
            before = len(buffer)
            lines = take_response_head(buffer)
            if lines is not None:
                return lines, min(start + step, len(raw)) - before + before - len(buffer)
    except WireError as error:
        return str(error)
    return None


def check(raw: bytes) -> str:
    whole = _take(raw, len(raw) or 1)
    for step in (1, 7):
        assert _take(raw, step) == whole, f"by {step} octets: {_take(raw, step)}; at once: {whole}"
    if whole is None:
        return "incomplete"
    if isinstance(whole, str):
        return whole
    lines, taken = whole
    assert not any(octet in line for line in lines for octet in (b"\r", b"\n", b"\x00"))
    written = b"".join(line + b"\r\n" for line in lines) + b"\r\n"
    assert _take(written, len(written)) == (lines, len(written))
    assert _take(raw[: taken - 1], taken) is None
    try:
        response = http1.read_response_head(lines)
    except ValueError:
        return "not a response"
    fields = _llhttp_fields(written)
    assert fields is None or fields == len(response.headers.fields), f"llhttp sees {fields} fields"
    return "accepted" if fields is not None else "accepted not by llhttp"


class _Count:
    def __init__(self) -> None:
        self.fields = 0
        self.complete = False

    def on_header(self, _: bytes, __: bytes) -> None:
        self.fields += not self.complete

    def on_headers_complete(self) -> None:
        self.complete = True


def _llhttp_fields(raw: bytes) -> int | None:
    heard = _Count()
    try:
        httptools.HttpResponseParser(heard).feed_data(raw)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return heard.fields if heard.complete else None
    return heard.fields if heard.complete else None


TARGET = Target(
    "answers",
    (
        *(
            b"\r\n",
            b"\n",
            b"\r",
            b"\x00",
            b" ",
            b"\t",
            b":",
            b"\r\n\r\n",
            b"\n\n",
            b"\r\r\n",
            b"\n\r\n",
            b"\n ",
            b"\r\n\t",
        ),
        *(b"HTTP/1.1 200 OK", b"HTTP/1.0 ", b"HTTP/2 ", b" 101 ", b" 100 ", b" 999 ", b"ICY 200 OK", b"HTTP/1.1 302"),
        *(
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Set-Cookie: a=b\r\n",
            b"Location: http://x/\r\n",
        ),
    ),
    check,
    100_000,
)
