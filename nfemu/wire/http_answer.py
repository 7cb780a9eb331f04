"""The raw head of an origin's response, checked before a lenient parser reads it and passes it on to a phone."""

import re

from nfemu.wire.errors import WireError

MAX_RESPONSE_HEAD = 256 * 1024
"""Octets of status line and header section together."""

_END = re.compile(rb"\n\r?\n")
_STRAY = re.compile(rb"\r(?!\n)|\x00")


def take_response_head(buffer: bytearray) -> list[bytes] | None:
    """The head's lines without line ends, taken off the front with its empty line; None while it is incomplete.

    Bare LF ends a line here (RFC 9112 section 2.2 lets a recipient accept it), bare CR and NUL are refused: they
    could split the response for the phone. Raises WireError, also when the head is larger than 256 KiB.
    """
    match = _END.search(bytes(buffer[: MAX_RESPONSE_HEAD + 1]))
    if match is None:
        if len(buffer) > MAX_RESPONSE_HEAD:
            raise WireError("response head is larger than 256 KiB")
        return None
    head = bytes(buffer[: match.start() + 1])
    del buffer[: match.end()]
    if _STRAY.search(head):
        raise WireError("response head contains a bare CR or a NUL")
    return [line.removesuffix(b"\r") for line in head.split(b"\n")[:-1]]
