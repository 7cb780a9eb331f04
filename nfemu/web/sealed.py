"""Small facts that travel in a URL: readable by anybody, made by the holder of the key alone."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from nfemu.model.errors import NotFound


class Seal:
    """Writes and reads facts as one path segment. `purpose` keeps what the same key seals for other ends apart."""

    def __init__(self, key: bytes, purpose: bytes) -> None:
        self._key = key
        self._purpose = purpose

    def write(self, facts: Mapping[str, object]) -> str:
        payload = _encode(json.dumps(facts, separators=(",", ":")).encode())
        return f"{payload}.{_encode(self._mac(payload))}"

    def read(self, text: str) -> dict[str, Any]:
        """Raises NotFound for what was not written with this key, for this purpose."""
        payload, _, mac = text.partition(".")
        try:
            genuine = hmac.compare_digest(_decode(mac), self._mac(payload))
        except (binascii.Error, ValueError):
            genuine = False
        if not genuine:
            raise NotFound("no such order; start again at the merchant")
        facts: dict[str, Any] = json.loads(_decode(payload))
        return facts

    def _mac(self, payload: str) -> bytes:
        return hmac.new(self._key, self._purpose + b" " + payload.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
