"""Request heads: what has one reading is read, everything else is refused with the right status."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nfemu.wire.http_head import (
    MAX_FIELDS,
    MAX_HEAD,
    Authority,
    HeadError,
    head_length,
    parse_authority,
    parse_fields,
    parse_request_head,
)


def _head(*lines: str, end: str = "\r\n\r\n") -> bytes:
    return ("\r\n".join(lines) + end).encode("latin-1")


def test_a_browser_request_through_a_proxy() -> None:
    head = parse_request_head(
        _head(
            "GET http://News.Example:8080/a/b?c=d HTTP/1.1",
            "Host: news.example.:8080",
            "User-Agent:  Mozilla/5.0 (X) ",
            "X-Empty:",
            "Accept: */*\t",
        )
    )
    assert (head.method, head.target, head.version) == (b"GET", b"/a/b?c=d", b"HTTP/1.1")
    assert head.authority == Authority("News.Example", 8080)
    assert head.fields == [
        (b"Host", b"news.example.:8080"),
        (b"User-Agent", b"Mozilla/5.0 (X)"),
        (b"X-Empty", b""),
        (b"Accept", b"*/*"),
    ]
    assert head.length == 0
    assert head.persistent
    assert not head.expects_continue
    assert not head.wants_websocket


@pytest.mark.parametrize(
    ("line", "target", "authority"),
    [
        ("GET / HTTP/1.1", b"/", Authority("h.example", None)),
        ("GET http://h.example HTTP/1.1", b"/", Authority("h.example", None)),
        ("GET HTTP://h.example?x HTTP/1.1", b"/?x", Authority("h.example", None)),
        ("GET http://h.example:80/ HTTP/1.1", b"/", Authority("h.example", 80)),
        ("OPTIONS * HTTP/1.1", b"*", Authority("h.example", None)),
        ("CONNECT h.example:443 HTTP/1.1", b"h.example:443", Authority("h.example", 443)),
        ("GET /%E4%B8%AD/\xe4\xb8\xad HTTP/1.1", b"/%E4%B8%AD/\xe4\xb8\xad", Authority("h.example", None)),
        ("GET //evil.example/ HTTP/1.1", b"//evil.example/", Authority("h.example", None)),
    ],
)
def test_target_forms(line: str, target: bytes, authority: Authority) -> None:
    head = parse_request_head(_head(line, "Host: h.example"))
    assert (head.target, head.authority) == (target, authority)


def test_connect_host_may_repeat_the_port() -> None:
    assert parse_request_head(_head("CONNECT a.example:8443 HTTP/1.1", "Host: A.example:8443")).authority.port == 8443


def test_http_1_0_needs_no_host_with_an_absolute_target() -> None:
    head = parse_request_head(_head("GET http://h.example/ HTTP/1.0"))
    assert head.authority == Authority("h.example", None)
    assert not head.persistent


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("GET  / HTTP/1.1", "Host: h"), "request line"),
        (("GET\t/\tHTTP/1.1", "Host: h"), "request line"),
        (("GET / HTTP/1.1 ", "Host: h"), "request line"),
        (("GET /", "Host: h"), "request line"),
        (("GET / HTTP/2.0", "Host: h"), "request line"),
        (("GET / HTTP/1.2", "Host: h"), "request line"),
        (("GET / HTTP/0.9", "Host: h"), "request line"),
        (("GET / http/1.1", "Host: h"), "request line"),
        (("PRI * HTTP/2.0",), "request line"),
        (("G@T / HTTP/1.1", "Host: h"), "request line"),
        (("GET /\x01 HTTP/1.1", "Host: h"), "request line"),
        (("GET /\x7f HTTP/1.1", "Host: h"), "request line"),
        (("GET /#x HTTP/1.1", "Host: h"), "fragment"),
        (("GET http://h#@evil/ HTTP/1.1", "Host: h"), "fragment"),
        (("GET https://h/ HTTP/1.1", "Host: h"), "scheme"),
        (("GET ftp://h/ HTTP/1.1", "Host: h"), "scheme"),
        (("GET h.example HTTP/1.1", "Host: h.example"), "neither a path"),
        (("GET * HTTP/1.1", "Host: h"), "neither a path"),
        (("connect / HTTP/1.1", "Host: h"), "capitals"),
        (("CONNECT h HTTP/1.1", "Host: h"), "no port"),
        (("CONNECT h:443 HTTP/1.1", "Host: other:443"), "differs"),
        (("CONNECT h:443 HTTP/1.1", "Host: h:444"), "differs"),
        (("CONNECT http://h:443 HTTP/1.1", "Host: h"), "not a host"),
        (("GET / HTTP/1.1",), "no Host"),
        (("GET / HTTP/1.0",), "no Host"),
        (("GET http://h/ HTTP/1.1",), "no Host"),
        (("GET / HTTP/1.1", "Host: a", "Host: a"), "more than one Host"),
        (("GET http://a/ HTTP/1.1", "Host: b"), "differs"),
        (("GET http://a/ HTTP/1.1", "Host: a:81"), "differs"),
        (("GET http://portal@evil/ HTTP/1.1", "Host: evil"), "user information"),
        (("GET / HTTP/1.1", "Host: portal@evil"), "user information"),
        (("GET / HTTP/1.1", "Host: "), "not a host"),
        (("GET http:/// HTTP/1.1", "Host: h"), "not a host"),
        (("GET / HTTP/1.1", "Host: h:"), "not a host"),
        (("GET / HTTP/1.1", "Host: h:0"), "out of range"),
        (("GET / HTTP/1.1", "Host: h:65536"), "out of range"),
        (("GET / HTTP/1.1", "Host: h:+80"), "not a host"),
        (("GET / HTTP/1.1", "Host: h:123456"), "not a host"),
        (("GET / HTTP/1.1", "Host: h\\x"), "not a host"),
        (("GET / HTTP/1.1", "Host: a b"), "not a host"),
        (("GET / HTTP/1.1", "Host: h/x"), "not a host"),
        (("GET / HTTP/1.1", "Host: \xff"), "not UTF-8"),
        (("GET / HTTP/1.1", "Host: h", " folded"), "obs-fold"),
        (("GET / HTTP/1.1", "Host: h", "A: b", "\tfolded"), "obs-fold"),
        (("GET / HTTP/1.1", " Host: h"), "obs-fold"),
        (("GET / HTTP/1.1", "Host: h", "X-MSISDN : 1"), "blank between"),
        (("GET / HTTP/1.1", "Host: h", "Transfer-Encoding\t: chunked"), "blank between"),
        (("GET / HTTP/1.1", "Host: h", "A\x00: b"), "NUL"),
        (("GET / HTTP/1.1", "Host: h", "A: b\x00c"), "NUL"),
        (("GET / HTTP/1.1", "Host: h", "A: b\rc"), "bare CR"),
        (("GET / HTTP/1.1", "Host: h", "A: b\nX-MSISDN: 1"), "bare CR or LF"),
        (("GET / HTTP/1.1", "Host: h", "A: \x0b"), "permitted characters"),
        (("GET / HTTP/1.1", "Host: h", "A(b): c"), "permitted characters"),
        (("GET / HTTP/1.1", "Host: h", "caf\xe9: c"), "permitted characters"),
        (("GET / HTTP/1.1", "Host: h", ": c"), "permitted characters"),
        (("GET / HTTP/1.1", "Host: h", "no colon"), "permitted characters"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: 1", "Transfer-Encoding: chunked"), "both"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: 1", "Content-Length: 2"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: 1", "content-length: 1"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: +1"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: -1"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: 1 1"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: 1, 1"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: 0x1"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length:"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Content-Length: 1234567890123456789"), "one plain number"),
        (("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: xchunked"), "other than chunked"),
        (("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: gzip, chunked"), "other than chunked"),
        (("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: identity"), "other than chunked"),
        (("POST / HTTP/1.1", "Host: h", "Transfer-Encoding:"), "other than chunked"),
        (("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked", "TRANSFER-ENCODING: chunked"), "other than"),
        (("POST http://h/ HTTP/1.0", "Transfer-Encoding: chunked"), "HTTP/1.0"),
        (("CONNECT h:443 HTTP/1.1", "Host: h", "Transfer-Encoding: chunked"), "other than chunked"),
        (("CONNECT h:443 HTTP/1.1", "Host: h", "Content-Length: 1"), "CONNECT with a body"),
    ],
)
def test_refused_with_400(lines: tuple[str, ...], reason: str) -> None:
    with pytest.raises(HeadError, match=re.escape(reason)) as caught:
        parse_request_head(_head(*lines))
    assert caught.value.status == 400


def test_framing() -> None:
    assert parse_request_head(_head("POST / HTTP/1.1", "Host: h", "Content-Length: 0042")).length == 42
    assert parse_request_head(_head("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: Chunked")).length is None
    assert parse_request_head(_head("CONNECT h:443 HTTP/1.1", "Host: h", "Content-Length: 0")).length == 0


def test_underscores_are_legal_in_names() -> None:
    assert parse_request_head(_head("GET / HTTP/1.1", "Host: h", "X_MSISDN: 1")).fields[1] == (b"X_MSISDN", b"1")


def test_too_many_fields() -> None:
    most = [f"A{n}: b" for n in range(MAX_FIELDS - 1)]
    assert len(parse_request_head(_head("GET / HTTP/1.1", "Host: h", *most)).fields) == MAX_FIELDS
    with pytest.raises(HeadError) as caught:
        parse_request_head(_head("GET / HTTP/1.1", "Host: h", "One: more", *most))
    assert caught.value.status == 431


@pytest.mark.parametrize(
    ("version", "connection", "persistent"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "Foo, CLOSE", False),
        ("1.1", "keep-alive", True),
        ("1.0", None, False),
        ("1.0", "Keep-Alive", True),
    ],
)
def test_persistence(version: str, connection: str | None, persistent: bool) -> None:
    lines = [f"GET http://h/ HTTP/{version}", "Host: h"]
    head = parse_request_head(_head(*lines, *([f"Connection: {connection}"] if connection else [])))
    assert head.persistent is persistent


def test_connection_options_of_several_lines() -> None:
    head = parse_request_head(_head("GET / HTTP/1.1", "Host: h", "Connection: X-A,, Close", "Connection: X-B\t"))
    assert head.connection_options == {b"x-a", b"close", b"x-b"}


def test_expectation() -> None:
    assert parse_request_head(_head("PUT / HTTP/1.1", "Host: h", "Expect: 100-Continue")).expects_continue
    assert not parse_request_head(_head("PUT http://h/ HTTP/1.0", "Expect: 100-continue")).expects_continue
    assert not parse_request_head(_head("PUT / HTTP/1.1", "Host: h", "Expect: gold")).expects_continue


def test_websocket() -> None:
    key, version = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"
    lines = ("Host: h", "Connection: keep-alive, Upgrade", "Upgrade: WebSocket", key, version)
    assert parse_request_head(_head("GET / HTTP/1.1", *lines)).wants_websocket
    assert not parse_request_head(_head("POST / HTTP/1.1", *lines)).wants_websocket
    assert not parse_request_head(_head("GET / HTTP/1.0", *lines)).wants_websocket
    for index, other in enumerate(("X: y", "Upgrade: h2c", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 7"), 1):
        changed = (*lines[:index], other, *lines[index + 1 :])
        assert not parse_request_head(_head("GET / HTTP/1.1", *changed)).wants_websocket
    for twice in (key, version, "Upgrade: h2c"):
        assert not parse_request_head(_head("GET / HTTP/1.1", *lines, twice)).wants_websocket


def test_head_length() -> None:
    assert head_length(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nbody") == 27
    assert head_length(b"GET / HTTP/1.1\r\nHost: h\r\n") is None
    assert head_length(b"GET / HTTP/1.1\r\nHost: h\r\n\r") is None


@pytest.mark.parametrize("part", [b"GET / HTTP/1.1\nHost: h\n", b"GET /\r ", b"\x16\x03\x01\x02\x00", b"\n"])
def test_a_head_that_cannot_become_valid_is_refused_early(part: bytes) -> None:
    with pytest.raises(HeadError, match="bare CR or LF"):
        head_length(part)


def test_a_bare_line_feed_is_found_in_any_division() -> None:
    raw = b"GET / HTTP/1.1\r\nHost: h\nX: y\r\n"
    first_bad = raw.index(b"h\n") + 2
    for cut in range(first_bad):
        assert head_length(raw[:cut]) is None
        with pytest.raises(HeadError):
            head_length(raw, cut)


def test_size_limit() -> None:
    filler = b"GET / HTTP/1.1\r\nHost: h\r\nA: "
    fits = filler + b"x" * (MAX_HEAD - len(filler))
    assert head_length(fits) is None
    assert head_length(fits + b"\r\n\r\n") == MAX_HEAD + 4
    for raw in (fits + b"x", fits + b"x\r\n\r\n"):
        with pytest.raises(HeadError) as caught:
            head_length(raw)
        assert caught.value.status == 431


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        (b"h.example", Authority("h.example", None)),
        (b"192.0.2.1:8080", Authority("192.0.2.1", 8080)),
        (b"[2001:db8::1]", Authority("[2001:db8::1]", None)),
        (b"[::1]:80", Authority("[::1]", 80)),
        ("bücher.example".encode(), Authority("bücher.example", None)),
    ],
)
def test_authority(text: bytes, authority: Authority) -> None:
    assert parse_authority(text) == authority
    assert str(authority).encode() == text


@pytest.mark.parametrize("text", [b"", b":80", b"[::1", b"::1", b"[::1]x", b"a:b:80", b"[v1.x]"])
def test_no_authority(text: bytes) -> None:
    with pytest.raises(HeadError):
        parse_authority(text)


def test_trailer_fields() -> None:
    assert parse_fields(b"") == []
    assert parse_fields(b"A: b\r\nC:d\r\n") == [(b"A", b"b"), (b"C", b"d")]


@pytest.mark.parametrize("block", [b"A: b", b"A : b\r\n", b"A: b\r\n c\r\n", b"nothing\r\n", b"A: b\r\n" * 201])
def test_bad_trailer_fields(block: bytes) -> None:
    with pytest.raises(HeadError):
        parse_fields(block)


@given(st.binary(max_size=200))
@example(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
def test_nothing_but_head_errors(raw: bytes) -> None:
    for attempt in (raw, b"GET / HTTP/1.1\r\nHost: h\r\n" + raw + b"\r\n\r\n"):
        try:
            head = parse_request_head(attempt)
        except HeadError:
            continue
        rebuilt = b"".join(b"%s: %s\r\n" % item for item in head.fields)
        assert parse_fields(rebuilt) == head.fields


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\x00", b" ", b":", b"a", b"GET / HTTP/1.1", b"Host: h"]), max_size=14))
def test_what_is_accepted_has_no_stray_line_ends(parts: list[bytes]) -> None:
    raw = b"".join(parts) + b"\r\n\r\n"
    try:
        parse_request_head(raw)
    except HeadError:
        return
    lines = raw.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or b"\x00" in line for line in lines)
    assert not any(line[:1] in (b" ", b"\t") for line in lines)
