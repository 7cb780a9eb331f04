"""The SOCKS5 handshake: greeting, user name, request, one after another.

* Each message is read only when all of it is there, and what follows changes nothing.
* Written out again from what was read, a message is the same octets: it has no second reading.
* A user name is nobody's or one number in its one spelling.
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn
from nfemu.wire.errors import WireError
from nfemu.wire.http_head import Authority
from nfemu.wire.socks5 import Greeting, UserName, parse_greeting, parse_request, parse_user_name
from tests.fuzz.campaign import Target

T = TypeVar("T")


def check(data: bytes) -> str:
    try:
        for step, length in _STEPS.items():
            taken = length(data)
            if taken is None:
                return f"incomplete: {step}"
            data = data[taken:]
    except WireError as error:
        return str(error)
    return "accepted"


def _length(
    parse: Callable[[bytes], tuple[T, int] | None], again: Callable[[T, bytes], bytes], data: bytes
) -> int | None:
    """Octets of the message at the front; None: incomplete."""
    read = parse(data)
    if read is None:
        return None
    value, length = read
    assert length <= len(data)
    assert parse(data[:length]) == read == parse(data + b"\x05\x01"), "what follows changes it"
    for cut in range(length):
        assert parse(data[:cut]) is None, f"read at {cut} of {length}"
    assert again(value, data[:length]) == data[:length]
    return length


def _greeting(greeting: Greeting, raw: bytes) -> bytes:
    assert set(raw[2:]) == greeting.methods
    return bytes((5, len(raw) - 2)) + raw[2:]


def _user_name(user: UserName, raw: bytes) -> bytes:
    try:
        number = Msisdn.parse(user.name, "86")
        assert Msisdn.parse(f"+{number}", "86") == number
        assert number.e164.isascii()
        assert number.e164.isdigit()
    except InvalidInput:
        pass
    if "�" in user.name:
        return raw
    name = user.name.encode()
    return bytes((1, len(name))) + name + raw[2 + len(name) :]


def _request(authority: Authority, raw: bytes) -> bytes:
    assert authority.port is not None
    port = authority.port.to_bytes(2, "big")
    if raw[3] == 3:
        name = authority.host.encode()
        return b"\x05\x01\x00\x03" + bytes((len(name),)) + name + port
    address = ip_address(authority.host.strip("[]"))
    return b"\x05\x01\x00" + (b"\x01" if address.version == 4 else b"\x04") + address.packed + port


_STEPS: dict[str, Callable[[bytes], int | None]] = {
    "greeting": lambda data: _length(parse_greeting, _greeting, data),
    "user name": lambda data: _length(parse_user_name, _user_name, data),
    "request": lambda data: _length(parse_request, _request, data),
}

TARGET = Target(
    "socks",
    (
        *(
            b"\x05",
            b"\x05\x01\x02",
            b"\x05\x02\x00\x02",
            b"\x05\x00",
            b"\x04\x01",
            b"\x01\x0b13800138000\x01x",
            b"\x01\x00\x00",
            b"\x00",
        ),
        *(
            b"\x05\x01\x00\x03",
            b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50",
            b"\x05\x01\x00\x04",
            b"\x05\x02\x00\x01",
            b"\x05\x03\x00",
        ),
        *(b"\x0cnews.example\x01\xbb", b"\x00\x00", b"\xff", b"\xe4\xb8\xad", b"+8613800138000", b"GET / HTTP/1.1\r\n"),
        *(b"\xd9\xa1\xd9\xa3\xd9\xa8", b"\xef\xbc\x91"),
    ),
    check,
    100_000,
)
