"""ClientHellos.

* A hello is read only when all of it is there, and what follows changes nothing.
* OpenSSL, where it takes the hello as far as its name, sees the name that we saw; it sees none where we saw none.
"""

import contextlib
import ssl

from nfemu.wire.errors import WireError
from nfemu.wire.tls_hello import ClientHello, parse_client_hello
from tests.fuzz.campaign import Target

_UNASKED = object()


class _Server:
    """OpenSSL's reading of a hello: the server name, None where it has none, `_UNASKED` where it got no further."""

    def __init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.sni_callback = self._hear
        self._heard: object = _UNASKED

    def _hear(self, _: object, name: str | None, __: object) -> None:
        self._heard = name

    def reading(self, raw: bytes) -> object:
        self._heard = _UNASKED
        incoming = ssl.MemoryBIO()
        incoming.write(raw)
        with contextlib.suppress(ssl.SSLError):
            self._context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True).do_handshake()
        return self._heard


_SERVER = _Server()


def _parse(data: bytes) -> ClientHello | str | None:
    try:
        return parse_client_hello(data)
    except WireError as error:
        return str(error)


def check(data: bytes) -> str:
    hello = _parse(data)
    if hello is None:
        return "incomplete"
    if isinstance(hello, str):
        return hello
    assert _parse(data + b"\x16\x03\x01\x00\x05") == hello, "what follows changes it"
    length = _shortest(data)
    for cut in {0, 1, 5, length // 2, length - 1}:
        assert cut >= length or _parse(data[:cut]) is None, f"{_parse(data[:cut])} at {cut} of {length}"
    heard = _SERVER.reading(data)
    if heard is _UNASKED:
        return f"accepted, {'a name' if hello.server_name else 'no name'}, not by OpenSSL"
    name = heard.lower() if isinstance(heard, str) else None
    assert name == hello.server_name, f"OpenSSL sees {heard!r}, we {hello.server_name!r}"
    return f"accepted, {'a name' if hello.server_name else 'no name'}"


def _shortest(data: bytes) -> int:
    """Octets that the hello takes: the least that are not too few."""
    low, high = 0, len(data)
    while low < high:
        middle = (low + high) // 2
        if _parse(data[:middle]) is None:
            low = middle + 1
        else:
            high = middle
    return low


TARGET = Target(
    "hellos",
    (
        *(
            b"\x16\x03\x01",
            b"\x16\x03\x03",
            b"\x15\x03\x01\x00\x02\x02\x28",
            b"\x17\x03\x03",
            b"\x14\x03\x03\x00\x01\x01",
            b"\x80\x2e\x01",
        ),
        *(b"\x01\x00", b"\x02\x00", b"\x00\x00", b"\x00\x01", b"\x40\x00", b"\x40\x01", b"\xff\xff", b"\x00\x0b"),
        *(
            b"\x00\x00\x00\x13\x00\x11\x00\x00\x0enews.example.x",
            b"\x00\x00\x00\x00",
            b"\x00\x00\x00\x05\x00\x03\x00\x00\x00",
        ),
        *(
            b"news.example",
            b"portal.carrier.example",
            b"\x00",
            b"\x00\x0cnews.example",
            b"\xfe\x0d\x00\x00",
            b"\x00\x2b\x00\x03\x02\x03\x04",
        ),
    ),
    check,
    250_000,
)
