"""The first datagram of a QUIC connection: a client's Initial with a ClientHello that names a site.

Theory (RFC 9001 section 5.2). The keys of Initial packets follow from the connection identifier that the client has
drawn, so whoever sees the datagram can open it; whether it looks like QUIC is all that a network can tell otherwise.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
"""Of version 1 (RFC 9001 section 5.2)."""
_VERSION = b"\0\0\0\1"
_SMALLEST = 1200
"""Octets of a datagram with an Initial (RFC 9000 section 14.1)."""
_PACKET_NUMBER, _TAG = 4, 16
_LONG_INITIAL = 0xC0
_CRYPTO_FRAME = b"\x06\x00"
"""At offset 0."""
_INITIAL_SOURCE_CONNECTION_ID = 0x0F


@dataclass(frozen=True, slots=True)
class Keys:
    """Of one direction."""

    key: bytes
    iv: bytes
    header: bytes


def client_keys(connection: bytes) -> Keys:
    """Of what a client sends to the connection identifier that it has drawn."""
    extract = HMAC(_SALT, SHA256())
    extract.update(connection)
    secret = _expanded(extract.finalize(), b"client in", 32)
    return Keys(
        _expanded(secret, b"quic key", 16), _expanded(secret, b"quic iv", 12), _expanded(secret, b"quic hp", 16)
    )


def initial(host: str) -> bytes:
    """A datagram that asks for HTTP/3 of `host`, with fresh identifiers and keys."""
    connection, own = secrets.token_bytes(8), secrets.token_bytes(8)
    share = X25519PrivateKey.generate().public_key().public_bytes_raw()
    return protected(connection, own, 0, client_hello(host, secrets.token_bytes(32), share, own))


def protected(connection: bytes, own: bytes, number: int, hello: bytes) -> bytes:
    """The Initial packet number `number` from `own` to `connection`, padded to the size that servers ask for."""
    keys = client_keys(connection)
    frames = _CRYPTO_FRAME + _varint2(len(hello)) + hello
    before = len(connection) + len(own) + 10  # the header without the packet number
    payload = frames.ljust(_SMALLEST - before - _PACKET_NUMBER - _TAG, b"\0")
    first = _LONG_INITIAL | (_PACKET_NUMBER - 1)
    head = bytes([first]) + _VERSION + _of_length(connection, 1) + _of_length(own, 1) + b"\0"
    head += _varint2(_PACKET_NUMBER + len(payload) + _TAG)
    packet_number = number.to_bytes(_PACKET_NUMBER)
    nonce = (int.from_bytes(keys.iv) ^ number).to_bytes(len(keys.iv))
    sealed = AESGCM(keys.key).encrypt(nonce, payload, head + packet_number)
    mask = _mask(keys.header, sealed[:16])
    return (
        bytes([first ^ (mask[0] & 0x0F)])
        + head[1:]
        + bytes(a ^ b for a, b in zip(packet_number, mask[1:5], strict=True))
        + sealed
    )


def client_hello(host: str, random: bytes, share: bytes, own: bytes) -> bytes:
    """TLS 1.3 (RFC 8446 section 4.1.2) as QUIC has it (RFC 9001 section 8): no record layer, no session."""
    name = b"\0" + _of_length(host.encode("ascii"), 2)
    extensions = (
        (0, _of_length(name, 2)),  # server_name
        (10, b"\0\x02\0\x1d"),  # supported_groups: x25519
        (13, b"\0\x08\x04\x03\x08\x04\x04\x01\x08\x07"),  # signature_algorithms
        (16, _of_length(_of_length(b"h3", 1), 2)),  # ALPN
        (43, b"\x02\x03\x04"),  # supported_versions: TLS 1.3
        (51, _of_length(b"\0\x1d" + _of_length(share, 2), 2)),  # key_share
        (57, bytes([_INITIAL_SOURCE_CONNECTION_ID]) + _of_length(own, 1)),  # quic_transport_parameters
    )
    body = b"\x03\x03" + random + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" + _extensions(extensions)
    return b"\x01" + _of_length(body, 3)


def _extensions(extensions: Iterable[tuple[int, bytes]]) -> bytes:
    return _of_length(b"".join(kind.to_bytes(2) + _of_length(data, 2) for kind, data in extensions), 2)


def _of_length(data: bytes, octets: int) -> bytes:
    return len(data).to_bytes(octets) + data


def _varint2(value: int) -> bytes:
    """RFC 9000 section 16, in two octets."""
    return (0x4000 | value).to_bytes(2)


def _expanded(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label without context (RFC 8446 section 7.1)."""
    info = length.to_bytes(2) + _of_length(b"tls13 " + label, 1) + b"\0"
    return HKDFExpand(SHA256(), length, info).derive(secret)


def _mask(key: bytes, sample: bytes) -> bytes:
    """RFC 9001 section 5.4.3."""
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(sample)  # noqa: S305 - one block, as it is said
