"""Host names and IP literals in the one spelling that policies compare.

A name becomes lower-case A-labels (UTS 46, non-transitional, RFC 5891 for new U-labels) without a trailing dot.
Letters, digits, hyphen and underscore are let through in any place of an ASCII label, because clients and DNS do
so too (`r3---sn-x.googlevideo.com`, `_dmarc.example`); they are compared byte by byte.

An IPv4 address has exactly one accepted spelling, four decimal numbers. The others that `inet_aton` and browsers
understand (`127.1`, `0x7f.1`, `2130706433`, `017700000001`) are refused: judged as names they would be nobody's,
dialled they would be an address that nobody judged. The test is the one of the WHATWG URL standard, section 3.5:
a host whose last label is a number is an IPv4 address or nothing.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

import idna

from nfemu.model.destination import IpAddress
from nfemu.model.errors import InvalidInput

MAX_NAME = 253
"""Longest name in its text form: 255 octets on the wire (RFC 1035 section 2.3.4)."""

_ASCII_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ACE = "xn--"


@lru_cache(maxsize=4096)
def normalise_host(text: str) -> str | IpAddress:
    """A host as a client or a configuration writes it, without port: a normalised name or an address.

    IPv6 literals with or without brackets; an IPv4-mapped one (RFC 4291 section 2.5.5.2) is its IPv4 address,
    since that is what is dialled. Raises InvalidInput for anything else.
    """
    if len(text) > MAX_NAME + 2:
        raise _too_long(text)
    if ":" in text or text.startswith("["):
        return _ipv6(text)
    mapped = text.lower() if text.isascii() else _mapped(text)
    labels = [_label(label, text) for label in mapped.removesuffix(".").split(".")]
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(text)
    name = ".".join(labels)
    if len(name) > MAX_NAME:
        raise _too_long(text)
    return name


def canonical_address(address: IpAddress) -> IpAddress:
    """The address that is dialled: IPv4-mapped IPv6 addresses become IPv4 ones."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def shown(text: str) -> str:
    """Foreign text for an error message: in backticks, short, and without control characters."""
    return f"`{ascii(text[:60])[1:-1]}{'…' if len(text) > 60 else ''}`"


def _too_long(text: str) -> InvalidInput:
    return InvalidInput(f"host {shown(text)} is longer than {MAX_NAME} characters; give a DNS name")


def _ipv4(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise InvalidInput(
            f"host {shown(text)} is not an IPv4 address in plain form; write four decimal numbers like 192.0.2.1"
        ) from None


def _ipv6(text: str) -> IpAddress:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = IPv6Address(bare)
    except ValueError:
        raise InvalidInput(
            f"host {shown(text)} is not an IPv6 address; write [2001:db8::1], or a name without scheme and port"
        ) from None
    if address.scope_id is not None:
        raise InvalidInput(f"host {shown(text)} names a zone; give the address without it")
    return canonical_address(address)


def _mapped(text: str) -> str:
    """UTS 46 section 4, steps 1 to 3: map, normalise, break. Full-width dots and letters become plain ones."""
    try:
        return idna.uts46_remap(text, std3_rules=False, transitional=False)
    except UnicodeError:
        raise InvalidInput(f"host {shown(text)} has characters that no DNS name can have (UTS 46)") from None


def _label(label: str, text: str) -> str:
    """UTS 46 section 4, step 4, and ToASCII for one mapped label."""
    try:
        if not label.isascii():
            return idna.alabel(label).decode("ascii")
        if _ASCII_LABEL.fullmatch(label) and (not label.startswith(_ACE) or _is_canonical_ace(label)):
            return label
    except UnicodeError:
        pass
    raise InvalidInput(f"host {shown(text)} is not a DNS name: label {shown(label)} is not well-formed")


def _is_canonical_ace(label: str) -> bool:
    """An A-label must be what its own decoding encodes to, else two spellings would name one host."""
    decoded = label.removeprefix(_ACE).encode("ascii").decode("punycode")
    if decoded.isascii() or idna.uts46_remap(decoded, std3_rules=False, transitional=False) != decoded:
        return False
    return label == _ACE + decoded.encode("punycode").decode("ascii")
