"""The server's half of the SOCKS version 5 handshake (RFC 1928, RFC 1929): CONNECT with a user name, nothing else.

Each parser takes a connection's bytes from where its message starts and returns the value and its length, or
None while the message is incomplete.
"""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address

from nfemu.wire.errors import WireError
from nfemu.wire.http_head import Authority

VERSION = 5
NO_ACCEPTABLE_METHOD = 0xFF
_AUTH_VERSION = 1
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_LENGTH = {_IPV4: 4, _IPV6: 16}


class Method(IntEnum):
    """Authentication methods (RFC 1928 section 3)."""

    NONE = 0
    USER_NAME = 2


class Reply(IntEnum):
    """Reply codes (RFC 1928 section 6)."""

    SUCCEEDED = 0
    FAILURE = 1
    NOT_ALLOWED = 2
    HOST_UNREACHABLE = 4
    REFUSED = 5
    COMMAND_UNKNOWN = 7
    ADDRESS_UNKNOWN = 8


class SocksError(WireError):
    """A request that is refused with the reply code `reply`."""

    def __init__(self, reason: str, reply: Reply) -> None:
        super().__init__(reason)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Greeting:
    methods: frozenset[int]


@dataclass(frozen=True, slots=True)
class UserName:
    name: str
    """Undecodable octets are replaced; such a name is nobody's number. The password is not kept."""


def parse_greeting(data: bytes) -> tuple[Greeting, int] | None:
    """Version and methods. Raises WireError when it is another version or no SOCKS at all."""
    if data[:1] not in (b"", bytes((VERSION,))):
        raise WireError("not a SOCKS version 5 greeting")
    if len(data) < 2 or len(data) < 2 + data[1]:
        return None
    return Greeting(frozenset(data[2 : 2 + data[1]])), 2 + data[1]


def parse_user_name(data: bytes) -> tuple[UserName, int] | None:
    """User name and password (RFC 1929 section 2). Raises WireError on another sub-negotiation version."""
    if data[:1] not in (b"", bytes((_AUTH_VERSION,))):
        raise WireError("not a user name sub-negotiation of version 1")
    if len(data) < 2 or len(data) < 3 + data[1]:
        return None
    end = 2 + data[1]
    length = end + 1 + data[end]
    if len(data) < length:
        return None
    return UserName(data[2:end].decode("utf-8", "replace")), length


def parse_request(data: bytes) -> tuple[Authority, int] | None:
    """A CONNECT request's destination; IPv6 literals come in brackets. Raises SocksError on other requests."""
    if len(data) < 5:
        return None
    if data[0] != VERSION or data[2] != 0:
        raise SocksError("not a SOCKS version 5 request", Reply.FAILURE)
    if data[1] != _CONNECT:
        raise SocksError("command other than CONNECT", Reply.COMMAND_UNKNOWN)
    kind = data[3]
    if kind not in (_IPV4, _NAME, _IPV6):
        raise SocksError("unknown address type", Reply.ADDRESS_UNKNOWN)
    start = 5 if kind == _NAME else 4
    end = start + (data[4] if kind == _NAME else _ADDRESS_LENGTH[kind])
    if len(data) < end + 2:
        return None
    port = int.from_bytes(data[end : end + 2], "big")
    if not port:
        raise SocksError("port 0", Reply.FAILURE)
    return Authority(_host(kind, data[start:end]), port), end + 2


def _host(kind: int, octets: bytes) -> str:
    if kind == _NAME:
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            raise SocksError("host name is not UTF-8", Reply.FAILURE) from None
    text = str(ip_address(octets))
    return f"[{text}]" if kind == _IPV6 else text


def method_answer(method: int) -> bytes:
    """The method chosen, or NO_ACCEPTABLE_METHOD."""
    return bytes((VERSION, method))


def user_name_answer(*, accepted: bool) -> bytes:
    return bytes((_AUTH_VERSION, 0 if accepted else 1))


def reply(code: Reply) -> bytes:
    """A reply; the bound address is of no use to a client of CONNECT and always zero."""
    return bytes((VERSION, code, 0, _IPV4)) + bytes(6)
