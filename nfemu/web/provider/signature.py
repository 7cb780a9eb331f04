"""How a notification is signed, for both sides: HMAC-SHA256 over `timestamp LF nonce LF body LF`.

The timestamp is wall time in whole seconds, since freshness is what foreign programs check (architecture, section 7).
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from nfemu.model.errors import InvalidInput

TIMESTAMP = "provider-timestamp"
NONCE = "provider-nonce"
SIGNATURE = "provider-signature"
FRESHNESS = timedelta(minutes=5)
"""A notification is believed for this long before and after its timestamp."""


@dataclass(frozen=True, slots=True)
class SignedNotification:
    body: bytes
    headers: Mapping[str, str]


def sign(key: bytes, body: bytes, nonce: str, wall: datetime) -> SignedNotification:
    """`nonce` is fresh for every attempt: 16 to 64 letters and digits."""
    timestamp = str(int(wall.timestamp()))
    headers = {TIMESTAMP: timestamp, NONCE: nonce, SIGNATURE: _signature(key, timestamp, nonce, body)}
    return SignedNotification(body, headers)


def verify(key: bytes, body: bytes, headers: Mapping[str, str], wall: datetime) -> str:
    """The nonce of an authentic, fresh notification. Header names are lower case.

    Raises InvalidInput when signature or timestamp is wrong. That the nonce was not used before is for the
    caller to check, who has the memory.
    """
    timestamp, nonce = headers.get(TIMESTAMP, ""), headers.get(NONCE, "")
    if re.fullmatch(r"[0-9]{1,12}", timestamp) is None or re.fullmatch(r"[A-Za-z0-9]{16,64}", nonce) is None:
        raise InvalidInput(f"notification without valid `{TIMESTAMP}` and `{NONCE}` headers")
    expected = _signature(key, timestamp, nonce, body)
    if not hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode()):
        raise InvalidInput("notification signature is wrong; sign `timestamp\\nnonce\\nbody\\n` with the merchant key")
    if abs(wall.timestamp() - int(timestamp)) > FRESHNESS.total_seconds():
        raise InvalidInput(f"notification timestamp `{timestamp}` is more than {FRESHNESS} away from now")
    return nonce


def _signature(key: bytes, timestamp: str, nonce: str, body: bytes) -> str:
    signed = timestamp.encode() + b"\n" + nonce.encode() + b"\n" + body + b"\n"
    return hmac.new(key, signed, hashlib.sha256).hexdigest()
