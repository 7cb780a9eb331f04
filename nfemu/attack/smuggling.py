"""One request to the proxy, two to the origin: everything that two readers end at different places."""

from nfemu.attack.expectations import (
    broken_off,
    each_enriched,
    enriched,
    first_then,
    forbidden,
    not_told,
    nothing,
    plain,
    refused,
)
from nfemu.attack.requests import HOST, SPOOF, line, send, to_other, to_trusted
from nfemu.attack.values import PLAIN, Case, Expected, Family, Send

_INNER = "GET /inner HTTP/1.1\r\nHost: $trusted_host\r\n" + SPOOF + "\r\n"
"""What an attacker wants the origin to see as a request of its own. It is no request to a proxy: it has no line."""
_LENGTH = "Content-Length: $inner_length\r\n"
_CHUNKED = "Transfer-Encoding: chunked\r\n"
_WEBSOCKET = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def _post(name: str, extra: str, body: str = "", expected: Expected | None = None) -> Case:
    return Case(name, send(to_trusted(extra, body, method="POST")), expected or refused())


def _framing(name: str, extra: str) -> Case:
    """A framing with two readings: by one of them the body is the inner request."""
    return _post(name, extra, "0\r\n\r\n" + _INNER)


def _length(name: str, value: str) -> Case:
    return _post(name, f"Content-Length: {value}\r\n", "abcde")


def _chunk(name: str, body: str) -> Case:
    return _post(name, _CHUNKED, body, broken_off())


SMUGGLING = Family(
    "smuggling",
    (
        _framing("Content-Length and Transfer-Encoding", _LENGTH + _CHUNKED),
        _framing("Transfer-Encoding and Content-Length", _CHUNKED + _LENGTH),
        _framing("two different Content-Lengths", "Content-Length: 5\r\n" + _LENGTH),
        _framing("two equal Content-Lengths", "Content-Length: 5\r\nContent-Length: 5\r\n"),
        _framing("a list of Content-Lengths", "Content-Length: 5, 5\r\n"),
        _framing("Transfer-Encoding with a blank before the colon", "Transfer-Encoding : chunked\r\n" + _LENGTH),
        _framing("Content-Length with a blank before the colon", "Content-Length : 5\r\n"),
        _framing("Transfer-Encoding: xchunked", "Transfer-Encoding: xchunked\r\n"),
        _framing("Transfer-Encoding: chunked, identity", "Transfer-Encoding: chunked, identity\r\n"),
        _framing("Transfer-Encoding: identity", "Transfer-Encoding: identity\r\n" + _LENGTH),
        _framing("Transfer-Encoding: gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"),
        _framing("Transfer-Encoding twice", _CHUNKED + "Transfer-Encoding: identity\r\n"),
        _framing("Transfer-Encoding: chunked twice", _CHUNKED + _CHUNKED),
        _framing("Transfer-Encoding with a vertical tab", "Transfer-Encoding: \x0bchunked\r\n" + _LENGTH),
        _framing("Transfer-Encoding in quotes", 'Transfer-Encoding: "chunked"\r\n' + _LENGTH),
        _framing("Transfer-Encoding with a parameter", "Transfer-Encoding: chunked;q=1\r\n" + _LENGTH),
        _framing("Transfer-Encoding on a folded line", "Transfer-Encoding:\r\n chunked\r\n" + _LENGTH),
        _framing("Transfer-Encoding behind a bare LF", "X-A: a\nTransfer-Encoding: chunked\r\n" + _LENGTH),
        Case(
            "Transfer-Encoding in HTTP/1.0",
            send(to_trusted(_CHUNKED, "0\r\n\r\n" + _INNER, method="POST", version="1.0")),
            refused(),
        ),
        _length("Content-Length with a plus", "+5"),
        _length("Content-Length with a minus", "-5"),
        _length("Content-Length with a blank inside", "5 5"),
        _length("Content-Length in hexadecimal", "0x5"),
        _length("Content-Length with an underscore", "0_5"),
        _length("Content-Length with a fraction", "5.0"),
        _length("Content-Length empty", ""),
        _length("Content-Length beyond 64 bits", "18446744073709551621"),
        _length("Content-Length with a vertical tab", "5\x0b"),
        _chunk("chunk size with 0x", "0x5\r\nabcde\r\n0\r\n\r\n"),
        _chunk("chunk size with a sign", "+5\r\nabcde\r\n0\r\n\r\n"),
        _chunk("chunk size beyond 64 bits", "10000000000000005\r\nabcde\r\n0\r\n\r\n"),
        _chunk("chunk size with an underscore", "0_5\r\nabcde\r\n0\r\n\r\n"),
        _chunk("chunk size line with bare LF", "5\nabcde\r\n0\r\n\r\n"),
        _chunk("chunk size line with bare CR in its extension", "5;a\rb\r\nabcde\r\n0\r\n\r\n"),
        _chunk("chunk extension with bare LF", "5;\nabcde\r\n0\r\n\r\n" + _INNER),
        _chunk("chunk longer than its size", "3\r\nabcde\r\n0\r\n\r\n"),
        _chunk("chunk without its CRLF", "5\r\nabcde0\r\n\r\n"),
        _chunk("chunk ended by two other octets", "5\r\nabcdeXX0\r\n\r\n"),
        _chunk("empty chunk size", "\r\nabcde\r\n0\r\n\r\n"),
        _chunk("trailer with a blank before the colon", "0\r\n$header : $forged\r\n\r\n"),
        _chunk("chunk extension of 70 KiB", "5;" + "a" * 70_000 + "\r\nabcde\r\n0\r\n\r\n"),
        _post("chunk extensions", _CHUNKED, '5;a=b;c="d"\r\nabcde\r\n0\r\n\r\n', enriched()),
        _post("a request as a body of known length", _LENGTH, _INNER, enriched()),
        _post("a request as a chunk", _CHUNKED, "$inner_hex\r\n" + _INNER + "\r\n0\r\n\r\n", enriched()),
        _post("Content-Length nominated in Connection", "Connection: Content-Length\r\n" + _LENGTH, _INNER, enriched()),
        _post(
            "Transfer-Encoding nominated in Connection",
            "Connection: Transfer-Encoding\r\n" + _CHUNKED,
            "$inner_hex\r\n" + _INNER + "\r\n0\r\n\r\n",
            enriched(),
        ),
        _post("chunked in capitals", "Transfer-Encoding: Chunked\r\n", "5\r\nabcde\r\n0\r\n\r\n", enriched()),
        Case("GET with a body that is a request", send(to_trusted(_LENGTH, _INNER)), enriched()),
        Case(
            "HEAD with a body that is a request",
            (Send(to_trusted(_LENGTH + "Connection: close\r\n", _INNER, method="HEAD"), 1),),
            enriched(),
        ),
        Case(
            "a spoofed request behind a chunked one",
            send(to_trusted(_CHUNKED, "0\r\n\r\n", method="POST") + to_trusted(SPOOF), 2),
            enriched(2),
        ),
        Case("a spoofed request one octet at a time", (Send(to_trusted(SPOOF), split=True),), enriched()),
        Case(
            "a framing in two writes",
            (Send(to_trusted(_LENGTH + _CHUNKED, "0", method="POST"), split=True),),
            refused(),
        ),
        Case(
            "an upgrade to h2c",
            send(
                to_trusted(
                    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
                    + SPOOF
                )
            ),
            enriched(),
        ),
        Case("an upgrade to h2c that is not nominated", send(to_trusted("Upgrade: h2c\r\n" + SPOOF)), enriched()),
        Case(
            "a WebSocket that the origin refuses, then a request",
            send(
                to_trusted("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 7\r\n" + SPOOF)
                + to_trusted(SPOOF),
                2,
            ),
            enriched(2),
        ),
        Case(
            "a WebSocket without a key, then a request",
            send(to_trusted("Connection: Upgrade\r\nUpgrade: websocket\r\n" + SPOOF) + to_trusted(SPOOF), 2),
            each_enriched(),
        ),
        Case(
            "a WebSocket that the origin accepts without proof, then a request",
            send(to_trusted(_WEBSOCKET + SPOOF) + to_trusted(SPOOF), 2),
            each_enriched(),
        ),
        Case(
            "CONNECT with a body",
            send(
                line("CONNECT $trusted_host:$trusted_port HTTP/1.1", "Host: $trusted_host:$trusted_port\r\n" + _LENGTH)
                + _INNER
            ),
            refused(),
        ),
        Case("line breaks in the target, encoded", send(to_trusted(path="/$mark%0d%0a$header:%20$forged")), enriched()),
        Case("a line break in the target", send(to_trusted(path="/$mark\r\n" + SPOOF)), refused()),
        Case("a bare CR in the target", send(to_trusted(path="/$mark\rx")), refused()),
        Case("a blank in the target", send(to_trusted(path="/$mark x")), refused()),
        Case("a tab for the blank", send(line("GET\t$at_trusted/$mark HTTP/1.1", HOST + SPOOF)), refused()),
        Case("two blanks", send(line("GET  $at_trusted/$mark HTTP/1.1", HOST + SPOOF)), refused()),
        Case("a blank behind the version", send(line("GET $at_trusted/$mark HTTP/1.1 ", HOST + SPOOF)), refused()),
        Case("a blank before the method", send(line(" GET $at_trusted/$mark HTTP/1.1", HOST + SPOOF)), refused()),
        Case("HTTP/2.0 in text", send(line("GET $at_trusted/$mark HTTP/2.0", HOST + SPOOF)), refused()),
        Case("HTTP/1.2", send(line("GET $at_trusted/$mark HTTP/1.2", HOST + SPOOF)), refused()),
        Case("http/1.1 in lower case", send(line("GET $at_trusted/$mark http/1.1", HOST + SPOOF)), refused()),
        Case("RTSP for HTTP", send(line("GET $at_trusted/$mark RTSP/1.0", HOST + SPOOF)), nothing()),
        Case(
            "RTSP for HTTP, to somebody else",
            send(line("GET $at_other/$mark RTSP/1.0", "Host: $other\r\n" + SPOOF)),
            not_told(),
            nothing(),
            to="$other_host:$other_port",
        ),
        Case("a method in quotes", send(line('"GET" $at_trusted/$mark HTTP/1.1', HOST + SPOOF)), refused()),
        Case(
            "a forbidden request behind an allowed one",
            send(to_trusted() + to_other(SPOOF), 2),
            first_then(1, plain()),
            first_then(1, forbidden()),
            forms=PLAIN,
        ),
        Case(
            "a forbidden request behind a body",
            send(to_trusted("Content-Length: 4\r\n", "abcd", method="POST") + to_other(SPOOF), 2),
            first_then(1, plain()),
            first_then(1, forbidden()),
            forms=PLAIN,
        ),
        Case(
            "a forbidden body",
            send(to_other("Content-Length: 4\r\n" + SPOOF, "abcd", method="POST")),
            plain(),
            forbidden(),
            to="$other_host:$other_port",
        ),
        Case(
            "a forbidden body of 64 KiB",
            send(to_other("Content-Length: 65536\r\n" + SPOOF, "x" * 65_536, method="POST")),
            plain(),
            forbidden(),
            to="$other_host:$other_port",
        ),
    ),
)
