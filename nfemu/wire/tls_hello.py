"""The server name in a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3), without opening anything.

Only as much is read as the question "which name does this client ask for?" needs. The hello may span several
records (RFC 8446 section 5.1). An encrypted ClientHello names its public front only; that outer name is what
counts here, as it is what the network can see.
"""

from dataclasses import dataclass

from nfemu.wire.errors import WireError

MAX_HELLO = 64 * 1024
"""Octets of records that a ClientHello may take; browsers with post-quantum keys send about 2 KiB."""

_HANDSHAKE = 0x16
_CLIENT_HELLO = 0x01
_SERVER_NAME = 0x0000
_HOST_NAME = 0x00


@dataclass(frozen=True, slots=True)
class ClientHello:
    """`server_name`: lower case, as sent otherwise; None when the extension is absent."""

    server_name: str | None


def parse_client_hello(data: bytes | bytearray) -> ClientHello | None:
    """Read the hello at the start of a connection's bytes; None while it is incomplete. Raises WireError."""
    return HelloReader().receive(data)


def is_handshake(data: bytes) -> bool:
    """Whether a connection's first octets, one at the least, begin a TLS handshake: no text does."""
    return data[0] == _HANDSHAKE


class HelloReader:
    """Gathers one hello from octets as they come, each looked at once, however small its pieces are.

    `limit`: octets of records that it may take.
    """

    def __init__(self, limit: int = MAX_HELLO) -> None:
        self._limit = limit
        self._received = 0
        self._record = bytearray()
        self._message = bytearray()

    def receive(self, data: bytes | bytearray) -> ClientHello | None:
        """The hello, None while it is incomplete. What follows it is ignored. Raises WireError."""
        self._record += data[: self._limit + 1 - self._received]
        self._received += len(data)
        offset = 0
        while not self._complete() and (length := _record_length(self._record[offset : offset + 5])):
            fragment = self._record[offset + 5 : offset + 5 + length]
            if len(fragment) < length:
                break
            self._message += fragment
            offset += 5 + length
        del self._record[:offset]
        if self._complete():
            return _hello(bytes(self._message[4 : self._end()]))
        if self._received > self._limit:
            raise WireError(f"ClientHello is larger than {self._limit >> 10} KiB")
        return None

    def _complete(self) -> bool:
        """Raises WireError as soon as it cannot become one."""
        if self._message[:1] not in (b"", bytes((_CLIENT_HELLO,))):
            raise WireError("first handshake message is not a ClientHello")
        return len(self._message) >= self._end()

    def _end(self) -> int:
        return 4 + int.from_bytes(self._message[1:4], "big")


def _hello(message: bytes) -> ClientHello:
    reader = _Reader(message)
    reader.take(2 + 32)  # legacy_version, random
    reader.vector(1)  # legacy_session_id
    reader.vector(2)  # cipher_suites
    reader.vector(1)  # legacy_compression_methods
    if reader.empty:
        return ClientHello(None)
    extensions = _Reader(reader.vector(2))
    names: list[str] = []
    while not extensions.empty:
        kind = extensions.number(2)
        body = extensions.vector(2)
        if kind == _SERVER_NAME:
            names.append(_host_name(body))
    if len(names) > 1:
        raise WireError("ClientHello has more than one server_name extension")
    return ClientHello(names[0] if names else None)


def _record_length(head: bytes | bytearray) -> int:
    """Length of the handshake record that starts with `head`; 0 while the head is incomplete."""
    if head[:1] not in (b"", bytes((_HANDSHAKE,))):
        raise WireError("not a TLS handshake record")
    if head[1:2] not in (b"", b"\x03"):
        raise WireError("not a TLS record version")
    if len(head) < 5:
        return 0
    length = int.from_bytes(head[3:5], "big")
    if not 0 < length <= 2**14:
        raise WireError("TLS record has an impossible length")
    return length


def _host_name(body: bytes) -> str:
    """The one host_name of a ServerNameList (RFC 6066 allows one per type; it is the only type)."""
    names = _Reader(body)
    entries = _Reader(names.vector(2))
    if entries.number(1) != _HOST_NAME:
        raise WireError("server_name of an unknown type")
    name = entries.vector(2)
    if not name or not entries.empty or not names.empty:
        raise WireError("server_name extension is not exactly one name")
    try:
        return name.decode("ascii").lower()
    except UnicodeDecodeError:
        raise WireError("server_name is not ASCII") from None


class _Reader:
    """Takes TLS presentation-language items off the front. Raises WireError when they are cut short."""

    __slots__ = ("_data", "_offset")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    @property
    def empty(self) -> bool:
        return self._offset == len(self._data)

    def take(self, count: int) -> bytes:
        part = self._data[self._offset : self._offset + count]
        if len(part) < count:
            raise WireError("ClientHello is cut short")
        self._offset += count
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        return self.take(self.number(size))
