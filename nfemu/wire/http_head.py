"""The head of an HTTP/1 request, read strictly (RFC 9112, RFC 9110), before any lenient parser sees it.

Theory. Whoever decides on a request and whoever answers it must read the same request; where two readings are
possible, one of them is the attacker's. So a head is accepted only if it has exactly one reading:

* lines end in CRLF, and there is no other CR, LF or NUL; no line starts with a blank (obs-fold);
* names are tokens directly followed by a colon;
* there is one framing: one plain `Content-Length`, or `Transfer-Encoding: chunked` on HTTP/1.1, never both;
* there is one authority: one `Host`, equal to the authority of an absolute target, without user information.

Everything else is refused with 400, and what is too large with 431; the connection is not read any further.
Text is judged only as far as HTTP goes: whether the authority's host is a sensible name is for the caller.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nfemu.wire.errors import WireError
from nfemu.wire.websocket import VERSION, is_key

MAX_HEAD = 64 * 1024
"""Octets of request line and header section together."""
MAX_FIELDS = 200

Fields = list[tuple[bytes, bytes]]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_LINE = rb"(" + _TOKEN + rb") ([\x21-\x7e\x80-\xff]+) HTTP/(1\.[01])"
_FIELD = _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*"
_HEAD = re.compile(_LINE + rb"\r\n((?:" + _FIELD + rb"\r\n)*)\r\n")
_FIELD_LINE = re.compile(_FIELD)
_REQUEST_LINE = re.compile(_LINE)
_STRAY = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|\x00")
_AUTHORITY = re.compile(rb"([^@:/?#\\\[\]\s]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_ABSOLUTE = re.compile(rb"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)(.*)", re.DOTALL)
_NOTABLE = (
    b"host",
    b"content-length",
    b"transfer-encoding",
    b"connection",
    b"expect",
    b"upgrade",
    b"proxy-authorization",
    b"sec-websocket-key",
    b"sec-websocket-version",
)


class HeadError(WireError):
    """The head is refused; `status` is the answer's status code, 400 or 431."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Authority:
    """Host as written (name, IPv4, or IPv6 in brackets) and port, None where none was written."""

    host: str
    port: int | None

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class RequestHead:
    """One request as every reader will read it. `fields` are in order, values without surrounding blanks."""

    method: bytes
    target: bytes
    """Origin form (`/path?query`), `*`, or for CONNECT the authority."""
    version: bytes
    """`HTTP/1.0` or `HTTP/1.1`."""
    authority: Authority
    fields: Fields
    length: int | None
    """Octets of the body; None: chunked."""
    notable: Mapping[bytes, list[bytes]]
    """Values of those that framing, routing and the connection depend on, by lower-case name; empty where absent."""

    @property
    def connection_options(self) -> frozenset[bytes]:
        """Lower case (RFC 9110 section 7.6.1)."""
        options = b",".join(self.notable[b"connection"]).lower().split(b",")
        return frozenset(option.strip(b" \t") for option in options if option)

    @property
    def persistent(self) -> bool:
        """Whether the client wants to keep the connection (RFC 9112 section 9.3)."""
        options = self.connection_options
        return b"close" not in options and (self.version == b"HTTP/1.1" or b"keep-alive" in options)

    @property
    def expects_continue(self) -> bool:
        """HTTP/1.0 has no such expectation (RFC 9110 section 10.1.1)."""
        expectations = [value.lower() for value in self.notable[b"expect"]]
        return self.version == b"HTTP/1.1" and expectations == [b"100-continue"]

    @property
    def wants_websocket(self) -> bool:
        """A whole handshake of WebSocket, and no upgrade to anything else (RFC 6455 section 4.2.1)."""
        upgrades = [value.lower() for value in self.notable[b"upgrade"]]
        plain_get = self.method == b"GET" and self.version == b"HTTP/1.1" and self.length == 0
        asked = plain_get and upgrades == [b"websocket"] and b"upgrade" in self.connection_options
        keys = self.notable[b"sec-websocket-key"]
        return asked and self.notable[b"sec-websocket-version"] == [VERSION] and len(keys) == 1 and is_key(keys[0])


def head_length(buffer: bytes | bytearray, checked: int = 0) -> int | None:
    """Length of the head with its empty line, or None while it is incomplete.

    `checked` octets were looked at by an earlier call. Raises HeadError as soon as the head cannot become valid.
    """
    start = max(0, checked - 3)
    end = buffer.find(b"\r\n\r\n", start)
    if (end if end >= 0 else len(buffer)) > MAX_HEAD:
        raise HeadError("request head is larger than 64 KiB", 431)
    if end >= 0:
        return end + 4
    if _STRAY.search(buffer, start):
        raise HeadError("request head contains a bare CR or LF or a NUL")
    return None


def parse_request_head(raw: bytes) -> RequestHead:
    """Read a complete head, empty line included. Raises HeadError."""
    match = _HEAD.fullmatch(raw)
    if match is None:
        raise HeadError(_diagnosis(raw))
    method, target, version, block = match.groups()
    fields, notable = _fields(block)
    absolute = None
    if method == b"CONNECT":
        absolute = target
    elif target[0] != 0x2F:
        absolute, target = _absolute(method, target)
    _check_target(method, target)
    return RequestHead(
        method=method,
        target=target,
        version=b"HTTP/" + version,
        authority=_authority(method, absolute, notable[b"host"], version),
        fields=fields,
        length=_length(method, version, notable[b"content-length"], notable[b"transfer-encoding"]),
        notable=notable,
    )


def parse_fields(block: bytes) -> Fields:
    """Field lines, each ended by CRLF, such as a trailer section. Raises HeadError."""
    lines = block.split(b"\r\n")
    if lines.pop() != b"" or len(lines) > MAX_FIELDS:
        raise HeadError("field section is cut short or has too many fields")
    for line in lines:
        if not _FIELD_LINE.fullmatch(line):
            raise HeadError(_field_diagnosis(line))
    return [_split(line) for line in lines]


def parse_authority(text: bytes) -> Authority:
    """`host`, `host:port` or `[v6]:port`. Raises HeadError on user information, a bad port or stray characters."""
    if b"@" in text:
        raise HeadError("user information in the authority is not accepted")
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise HeadError("authority is not a host with an optional port")
    port = None if match[2] is None else int(match[2])
    if port is not None and not 0 < port < 65536:
        raise HeadError("port of the authority is out of range")
    try:
        host = match[1].decode()
    except UnicodeDecodeError:
        raise HeadError("host of the authority is not UTF-8") from None
    return Authority(host, port)


def _split(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.strip(b" \t")


def _fields(block: bytes) -> tuple[Fields, Mapping[bytes, list[bytes]]]:
    """All fields in order, and the values of those that framing, routing and the connection depend on."""
    lines = block.split(b"\r\n")
    if len(lines) > MAX_FIELDS + 1:
        raise HeadError(f"request head has more than {MAX_FIELDS} fields", 431)
    fields: Fields = []
    notable: dict[bytes, list[bytes]] = {name: [] for name in _NOTABLE}
    for line in lines[:-1]:
        name, _, value = line.partition(b":")
        value = value.strip(b" \t")
        fields.append((name, value))
        values = notable.get(name.lower())
        if values is not None:
            values.append(value)
    return fields, notable


def _absolute(method: bytes, target: bytes) -> tuple[bytes | None, bytes]:
    """Authority and origin form of a target that does not start with a slash (RFC 9112 section 3.2)."""
    if target == b"*" and method == b"OPTIONS":
        return None, target
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise HeadError("request target is neither a path nor an absolute URI")
    scheme, authority, rest = match.groups()
    if scheme.lower() != b"http":
        raise HeadError("request target has a scheme other than http; use CONNECT for https")
    return authority, rest if rest.startswith(b"/") else b"/" + rest


def _check_target(method: bytes, target: bytes) -> None:
    if b"#" in target:
        raise HeadError("request target contains a fragment")
    if method.upper() == b"CONNECT" and method != b"CONNECT":
        raise HeadError("method CONNECT is written in capitals")


def _authority(method: bytes, absolute: bytes | None, hosts: list[bytes], version: bytes) -> Authority:
    """The one authority of target and Host (RFC 9112 sections 3.2 and 3.3)."""
    if len(hosts) > 1:
        raise HeadError("more than one Host field")
    named = parse_authority(hosts[0]) if hosts else None
    if named is None and version == b"1.1":
        raise HeadError("no Host field")
    if absolute is None:
        if named is None:
            raise HeadError("no Host field and no absolute target: the destination is unknown")
        return named
    authority = parse_authority(absolute)
    if method == b"CONNECT" and authority.port is None:
        raise HeadError("CONNECT target has no port")
    # beside a CONNECT target, Host may leave the port out (RFC 9110 sections 7.2 and 9.3.6)
    default_port = authority.port or 80 if method == b"CONNECT" else 80
    if named is not None and _comparable(named, default_port) != _comparable(authority, default_port):
        raise HeadError("Host differs from the authority of the request target")
    return authority


def _comparable(authority: Authority, default_port: int) -> tuple[str, int]:
    return authority.host.lower().removesuffix("."), default_port if authority.port is None else authority.port


def _length(method: bytes, version: bytes, lengths: list[bytes], codings: list[bytes]) -> int | None:
    """The body's framing (RFC 9112 section 6.3), narrowed to the two unambiguous forms."""
    if codings:
        if lengths:
            raise HeadError("both Content-Length and Transfer-Encoding")
        if version == b"1.0":
            raise HeadError("Transfer-Encoding in an HTTP/1.0 request")
        if len(codings) > 1 or codings[0].lower() != b"chunked" or method == b"CONNECT":
            raise HeadError("Transfer-Encoding other than chunked")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise HeadError("Content-Length is not one plain number")
    length = int(lengths[0])
    if length and method == b"CONNECT":
        raise HeadError("CONNECT with a body")
    return length


def _diagnosis(raw: bytes) -> str:
    """Why a complete head was not accepted, for the answer's text."""
    line, _, block = raw.partition(b"\r\n")
    if not _REQUEST_LINE.fullmatch(line):
        return "request line is not `METHOD target HTTP/1.1`"
    if _STRAY.search(raw):
        return "request head contains a bare CR or LF or a NUL"
    bad = next(line for line in block.split(b"\r\n") if not _FIELD_LINE.fullmatch(line))
    return _field_diagnosis(bad)


def _field_diagnosis(line: bytes) -> str:
    if line[:1] in (b" ", b"\t"):
        return "folded header line (obs-fold)"
    name, colon, _ = line.partition(b":")
    if colon and name.rstrip(b" \t") != name:
        return "blank between a header name and its colon"
    return "header line is not `name: value` in permitted characters"
