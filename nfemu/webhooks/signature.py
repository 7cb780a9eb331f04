"""How a webhook is signed: HMAC-SHA256 over `timestamp . body`, in hexadecimal, under the receiver's secret.

The timestamp is wall time in whole seconds and is made anew for every attempt, so that a receiver can refuse what
somebody has kept. What identifies an event is its id, which stays.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from nfemu.model.webhooks import Delivery

EVENT_ID = "Nfemu-Event-Id"
EVENT_TYPE = "Nfemu-Event-Type"
ATTEMPT = "Nfemu-Attempt"
TIMESTAMP = "Nfemu-Timestamp"
SIGNATURE = "Nfemu-Signature"
_VERSION = "v1"


def signed(delivery: Delivery, secret: str, wall: datetime) -> Mapping[str, str]:
    """The headers of the next attempt."""
    timestamp = str(int(wall.timestamp()))
    return {
        EVENT_ID: delivery.event,
        EVENT_TYPE: delivery.kind,
        ATTEMPT: str(delivery.attempts + 1),
        TIMESTAMP: timestamp,
        SIGNATURE: f"{_VERSION}={_signature(secret, timestamp, delivery.body.encode())}",
    }


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
