"""A text as user data of short messages: UCS2, in parts that a phone joins (3GPP TS 23.038, 23.040)."""

from collections.abc import Iterator
from zlib import crc32

_WHOLE = 140
"""Octets of user data in one short message (TS 23.040 clause 9.2.3.24)."""
_HEADER = 6
"""Octets of the user data header that names a part: concatenated, 8-bit reference (clause 9.2.3.24.1)."""


def parts(text: str, about: str) -> list[bytes]:
    """The user data of each short message, with its header where there are several; UTF-16, big-endian.

    `about` names the message: the parts of one have the same reference however often it is sent.
    """
    units = list(_characters(text))
    if sum(map(len, units)) <= _WHOLE:
        return [b"".join(units)]
    bodies = list(_filled(units, _WHOLE - _HEADER))
    reference = crc32(about.encode()) & 0xFF
    return [bytes((5, 0, 3, reference, len(bodies), place)) + body for place, body in enumerate(bodies, 1)]


def _characters(text: str) -> Iterator[bytes]:
    """Two octets each, or the four of a surrogate pair, which no part may cut."""
    for character in text:
        yield character.encode("utf-16-be")


def _filled(units: list[bytes], size: int) -> Iterator[bytes]:
    body = b""
    for unit in units:
        if len(body) + len(unit) > size:
            yield body
            body = b""
        body += unit
    yield body
