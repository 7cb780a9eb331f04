"""ClientHellos as no TLS library writes them (RFC 8446 section 4.1.2): enough to be read for a name, no more."""

from collections.abc import Sequence

_TLS12 = b"\x03\x03"
_CIPHERS = b"\x13\x01\x13\x02\xc0\x2f"
_GREASE = 0x0A0A
_ECH = 0xFE0D
_SERVER_NAME = 0


def hello(names: Sequence[bytes] = (), extra: bytes = b"", record: int = 16384) -> str:
    """One ClientHello with a server_name extension per name, in records of at most so many octets; Latin-1."""
    extensions = b"".join(extension(_SERVER_NAME, server_name(name)) for name in names)
    extensions += extension(0x002B, b"\x02\x03\x04") + extra
    body = _TLS12 + bytes(range(32)) + b"\x00" + _vector(_CIPHERS, 2) + b"\x01\x00" + _vector(extensions, 2)
    message = b"\x01" + _vector(body, 3)
    parts = [message[at : at + record] for at in range(0, len(message), record)]
    return b"".join(b"\x16\x03\x01" + _vector(part, 2) for part in parts).decode("latin-1")


def server_name(name: bytes) -> bytes:
    """A ServerNameList with one host_name (RFC 6066 section 3)."""
    return _vector(b"\x00" + _vector(name, 2), 2)


def extension(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _vector(body, 2)


def grease_and_ech() -> bytes:
    """What browsers send: a reserved extension (RFC 8701) and an encrypted ClientHello of random octets."""
    ech = b"\x00\x00\x01\x00\x01\x07" + _vector(bytes(range(32)), 2) + _vector(bytes(range(144)), 2)
    return extension(_GREASE, b"") + extension(_ECH, ech)


def _vector(data: bytes, size: int) -> bytes:
    return len(data).to_bytes(size, "big") + data
