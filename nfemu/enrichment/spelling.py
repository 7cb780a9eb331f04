"""When two header names are the same name to some server."""

import re
from urllib.parse import unquote_to_bytes

from nfemu.model.errors import InvalidInput

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_ALPHANUMERIC = re.compile(rb"[^a-z0-9]+")

HOP_BY_HOP = b"proxy-"
"""Headers for this proxy alone (RFC 9110 section 11.7); none of them leaves it."""

_OF_THE_MESSAGE = frozenset(
    {
        b"host",
        b"connection",
        b"content-length",
        b"content-type",
        b"content-encoding",
        b"cookie",
        b"expect",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


def canonical(name: bytes) -> bytes:
    """Lower case, each run of other bytes than letters and digits as one `-`, none at the ends.

    CGI and its heirs turn `-` into `_`, some servers (lighttpd, Apache before 2.4) every byte that is not alphanumeric;
    blanks and control characters at the ends are cut by others. What is taken for the same here may be more than any
    one server does: nothing legitimate differs from an identity header by punctuation alone.
    """
    return _NOT_ALPHANUMERIC.sub(b"-", name.lower()).strip(b"-")


def readings(name: bytes) -> tuple[bytes, ...]:
    """What a client's `name` can be taken for: as it stands, and with its percent-escapes resolved (`%2d`: a dash).

    Both, since one server's escape is another's punctuation: `X-Up%Calling-Line-ID` holds the escape `%Ca`.
    """
    if b"%" not in name:
        return (canonical(name),)
    return canonical(name), canonical(unquote_to_bytes(name))


def checked_name(text: str, where: str) -> bytes:
    """A configured header name. Raises InvalidInput: no field name (RFC 9110 section 5.1), or one that HTTP needs."""
    if not _TOKEN.fullmatch(text) or not canonical(text.encode()):
        raise InvalidInput(f"{where} {_shown(text)} is not a header name; write it like X-MSISDN")
    spelling = canonical(text.encode())
    if spelling in _OF_THE_MESSAGE or spelling.startswith(HOP_BY_HOP):
        raise InvalidInput(f"{where} {_shown(text)} is a header that HTTP itself needs; choose a name of your own")
    return text.encode()


def checked_cookie(text: str) -> bytes:
    """A configured cookie name. Raises InvalidInput."""
    if not _TOKEN.fullmatch(text) or not canonical(text.encode()):
        raise InvalidInput(f"cookie {_shown(text)} is not a cookie name; write it like User-Identity-Forward-msisdn")
    return text.encode()


def _shown(text: str) -> str:
    return f"`{ascii(text[:60])[1:-1]}`"
