"""Independent readers of HTTP/1 requests: h11 (strict Python), llhttp (Node's, by httptools), and CGI's of names."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import h11
import httptools

_MAX_HEAD = 128 * 1024


@dataclass(frozen=True, slots=True)
class Reading:
    """One complete request. `left`: octets behind it. `fields` with lower-case names."""

    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    body: bytes
    left: int


Peer = Callable[[bytes], Reading | None]
"""None: refused or incomplete."""


def cgi_variable(name: bytes) -> bytes:
    """What CGI makes of a header name (RFC 3875 section 4.1.18), of every odd byte as lighttpd does it."""
    return re.sub(rb"[^A-Z0-9]", b"_", name.strip(b" \t\r\n\x00\x0b\x0c").upper())


def h11_reading(raw: bytes) -> Reading | None:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
    connection.receive_data(raw)
    request, body = None, bytearray()
    try:
        while True:
            event = connection.next_event()
            match event:
                case h11.Request():
                    request = event
                case h11.Data():
                    body += event.data
                case h11.EndOfMessage():
                    break
                case _:
                    return None
    except h11.RemoteProtocolError:
        return None
    assert request is not None
    left = len(connection.trailing_data[0])
    return Reading(request.method, request.target, list(request.headers), bytes(body), left)


class _Heard:
    """httptools' callbacks."""

    def __init__(self) -> None:
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.headers_complete = self.complete = False
        self.begun = 0

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.headers_complete:
            self.fields.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.headers_complete = True

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.complete = True


def llhttp_reading(raw: bytes) -> Reading | None:
    """The last octet apart, since it does not tell how much it took.

    Where a body follows an Upgrade it takes the body for the other protocol (RFC 9110 section 7.8 does not); nothing
    is forwarded with both, so that counts as refused.
    """
    heard = _Heard()
    parser = httptools.HttpRequestParser(heard)
    taken = 0
    try:
        for part in (raw[:-1], raw[-1:]):
            parser.feed_data(part)
            taken += len(part)
            if heard.complete:
                break
    except httptools.HttpParserUpgrade as upgrade:
        taken += upgrade.args[0]
        if taken < len(raw):
            return None
    except httptools.HttpParserError:
        return None
    if not heard.complete or heard.begun > 1:
        return None
    return Reading(parser.get_method(), heard.target, heard.fields, heard.body, len(raw) - taken)
