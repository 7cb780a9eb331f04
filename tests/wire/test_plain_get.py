"""Plain GETs: whatever is read as one, the strict reader reads the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.wire.http_head import MAX_FIELDS, HeadError, parse_request_head
from nfemu.wire.plain_get import PlainGet, read_plain_get

PLAIN = b"GET /a?b HTTP/1.1\r\nUser-Agent: x\r\nHost: News.example\r\nCookie: a=b; c=\xe9\r\n\r\n"
_PIECES = (
    *(b"GET ", b"get ", b"HEAD ", b"/", b"/a#b", b"/a?b=%20\xe9", b"*", b"http://x/", b" ", b"  ", b"\t"),
    *(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b" http/1.1\r\n", b"\r\n", b"\n", b"\r", b"\x00"),
    *(
        b"Host: a.example\r\n",
        b"hOST:b\r\n",
        b"Host: a.example:80\r\n",
        b"Host: a b\r\n",
        b"Host : a\r\n",
        b"Host:\r\n",
    ),
    *(b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"X-Y: z\r\n", b" folded\r\n", b"Hosts: c\r\n"),
)


def test_plain() -> None:
    assert read_plain_get(PLAIN) == PlainGet(b"/a?b", b"News.example")


@given(st.lists(st.sampled_from(_PIECES), max_size=9), st.booleans())
def test_read_as_the_strict_reader_does(pieces: list[bytes], begun: bool) -> None:
    _compare((b"GET /a HTTP/1.1\r\n" if begun else b"") + b"".join(pieces) + b"\r\n")


@given(st.integers(0, len(PLAIN) - 1), st.binary(max_size=3))
def test_changed_anywhere(position: int, octets: bytes) -> None:
    _compare(PLAIN[:position] + octets + PLAIN[position + 1 :])


def _compare(raw: bytes) -> None:
    plain = read_plain_get(raw)
    if plain is None:
        return
    head = parse_request_head(raw)
    assert (head.method, head.version, head.length) == (b"GET", b"HTTP/1.1", 0)
    assert (head.target, head.authority.port) == (plain.target, None)
    assert head.authority.host == plain.host.decode()


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN[:-1],
        PLAIN + b"x",
        PLAIN.replace(b"Host", b"Hosts"),
        PLAIN.replace(b"Cookie", b"host"),
        PLAIN.replace(b"Cookie", b"content-length"),
        PLAIN.replace(b"Cookie", b"Transfer-Encoding"),
        PLAIN.replace(b"/a?b", b"/" + b"x" * 70_000),
    ],
)
def test_not_plain(raw: bytes) -> None:
    assert read_plain_get(raw) is None


def test_no_more_fields_than_the_strict_reader_takes() -> None:
    most = PLAIN.replace(b"User-Agent: x\r\n", b"A: b\r\n" * (MAX_FIELDS - 2))
    parse_request_head(most)
    one_more = most.replace(b"Host", b"A: b\r\nHost")
    with pytest.raises(HeadError):
        parse_request_head(one_more)
    assert read_plain_get(one_more) is None
