"""What a client's first bytes in a tunnel are: TLS, HTTP/1, or something else.

The question is put for every tunnel, whatever its port, because plain HTTP must meet the gateway's HTTP engine
everywhere. So whatever a lenient HTTP server might still take for a request counts as HTTP here.
"""

import re
from enum import Enum

from nfemu.wire.http_head import MAX_HEAD

_HANDSHAKE = 0x16
_TEXT = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t][^\r\n]*)?\r?")
_HTTP = re.compile(rb"HTTP/", re.IGNORECASE)
_LIKE_HTTP = re.compile(rb"(?:RTSP|ICE)/", re.IGNORECASE)


class FirstBytes(Enum):
    TLS = "tls"
    HTTP = "http"
    LIKE_HTTP = "like http"
    """Another protocol's request line (RTSP, ICE), which servers built on llhttp answer as they answer HTTP."""
    OTHER = "other"


def classify(data: bytes | bytearray) -> FirstBytes | None:
    """None while the bytes could still become an HTTP request line; blank lines before it are skipped."""
    text = bytes(data).lstrip(b"\r\n")
    if not text:
        return FirstBytes.HTTP if len(data) > MAX_HEAD else None
    if text[0] == _HANDSHAKE:
        return FirstBytes.TLS
    line, newline, _ = text.partition(b"\n")
    if _HTTP.search(line):
        return FirstBytes.HTTP
    if _LIKE_HTTP.search(line):
        return FirstBytes.LIKE_HTTP
    if newline or not _TEXT.fullmatch(line):
        return FirstBytes.OTHER
    return FirstBytes.HTTP if len(text) > MAX_HEAD else None
