"""What is signed, and how: RSA with SHA-256 and PKCS#1 v1.5 padding, in base64.

    request        METHOD LF target LF timestamp LF nonce LF body LF
    answer, notice timestamp LF nonce LF body LF

`target` is path and query as they stand in the request line, `timestamp` wall time in whole seconds.
"""

import base64
import binascii
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

ALGORITHM = "WECHATPAY2-SHA256-RSA2048"
FRESHNESS = timedelta(minutes=5)
"""Either side of the timestamp."""
PROBE = "WECHATPAY/SIGNTEST/"
"""What the signature of a probe begins with: whoever accepts it does not check signatures."""


def request_message(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a merchant signs of a request."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What the provider signs of an answer or a notification."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def sign(key: RSAPrivateKey, message: bytes) -> str:
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether `signature` is that of `message`, in the one spelling that base64 has for it."""
    octets = strict_base64(signature)
    if octets is None:
        return False
    try:
        key.verify(octets, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def strict_base64(text: str) -> bytes | None:
    """The octets; None for anything but their one spelling: lenient decoders skip foreign characters, and take other
    last characters for the same octets (RFC 4648 section 3.5)."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return octets if base64.b64encode(octets).decode() == text else None


def is_fresh(timestamp: str, wall: datetime) -> bool:
    """Whether it is a number of seconds within FRESHNESS of `wall`."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(wall.timestamp() - int(timestamp)) <= FRESHNESS.total_seconds()
