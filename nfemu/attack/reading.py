"""HTTP as lenient servers read it: what an origin may take for requests in the bytes that it got.

A line may end in LF, a length may be said twice (the last counts), chunked wins over a length. Whatever two servers
could read differently is marked ambiguous; what is no HTTP at all is one request without fields.
"""

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"[\r\n]+")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_NOT_ALPHANUMERIC = re.compile(rb"[^a-z0-9]+")
_LENGTH = re.compile(rb"[0-9]{1,9}")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]*\r?\n")


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """`head` without its empty line; `body` decoded, with trailers at its end; `ambiguous`: see above."""

    head: bytes
    body: bytes
    trailers: bytes
    complete: bool
    ambiguous: bool

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        lines = [line.rstrip(b"\r") for line in self.head.split(b"\n")[1:]]
        pairs = [line.partition(b":") for line in lines]
        return [(name, value.strip(b" \t")) for name, _, value in pairs]

    def says(self, text: bytes) -> bool:
        """Whether any field or trailer has it in its value, but the one that the tables use for any text (`X-A`)."""
        lines = _LINE_END.split(self.head.partition(b"\n")[2] + b"\n" + self.trailers)
        return any(text in line and not line.lower().startswith(b"x-a:") for line in lines)

    def values(self, name: str) -> list[bytes]:
        """Of every field that some server takes for `name`."""
        wanted = canonical(name.encode())
        return [value for key, value in self.fields if canonical(key) == wanted]


def canonical(name: bytes) -> bytes:
    """Lower case, any run of other bytes than letters and digits as one dash."""
    return _NOT_ALPHANUMERIC.sub(b"-", name.lower()).strip(b"-")


def requests_of(raw: bytes) -> list[SeenRequest]:
    """All requests of one connection, in order; the last one may be incomplete."""
    found = []
    while raw := raw.lstrip(b"\r\n"):
        taken = take_request(raw)
        if taken is None:
            found.append(SeenRequest(raw, b"", b"", complete=False, ambiguous=True))
            break
        request, raw = taken
        found.append(request)
    return found


def take_request(raw: bytes) -> tuple[SeenRequest, bytes] | None:
    """The first request and the bytes behind it; None while its head is incomplete."""
    end = _HEAD_END.search(raw)
    if end is None:
        return None
    request = SeenRequest(raw[: end.start()], b"", b"", complete=True, ambiguous=False)
    lengths, codings = request.values("Content-Length"), request.values("Transfer-Encoding")
    ambiguous = len(lengths) + len(codings) > 1 or end[0] != b"\r\n\r\n"
    rest = raw[end.end() :]
    if codings:
        body, trailers, left = _chunked(rest)
    else:
        length = int(lengths[-1]) if lengths and _LENGTH.fullmatch(lengths[-1]) else 0
        body, trailers, left = rest[:length], b"", rest[length:] if len(rest) >= length else None
    complete = left is not None
    return SeenRequest(request.head, body, trailers, complete, ambiguous), left or b""


def _chunked(raw: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Data, trailer section, and what follows; None for the last while it is incomplete."""
    data = b""
    while True:
        size = _SIZE.match(raw)
        if size is None:
            return data, b"", None
        raw = raw[size.end() :]
        length = int(size[1], 16)
        if not length:
            break
        data, raw = data + raw[:length], raw[length:].removeprefix(b"\r").removeprefix(b"\n")
    trailers = re.match(rb"((?:[^\r\n]+\r?\n)*)\r?\n", raw)
    return (data, b"", None) if trailers is None else (data, trailers[1], raw[trailers.end() :])
