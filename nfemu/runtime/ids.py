"""Fresh identifiers, unguessable, since payment numbers and session ids leave the house."""

import hashlib
import hmac
from collections import Counter
from zlib import crc32

_DIGITS = 24
"""96 bits; with a prefix of up to seven characters the number still fits a provider's 32 characters."""
_SEQUENCES = 1 << 16
"""Of one kind: a million accounts share them, and each number is still given to one of them only."""


class SeededIds:
    """Implements `carrier.ports.IdSource`: who has not the seed cannot tell the next one; who begins with the same seed
    gets the same ones, kind by kind and account by account."""

    def __init__(self, seed: bytes) -> None:
        """`seed` is secret, 32 bytes, and used for one content of the store only: identifiers are never given twice."""
        self._seed = seed
        self._given: Counter[tuple[str, int]] = Counter()

    def new(self, prefix: str, about: str = "") -> str:
        """Such as `ord-6fd1…`: the prefix and 24 hexadecimal digits."""
        sequence = prefix, crc32(about.encode()) % _SEQUENCES
        self._given[sequence] += 1
        text = f"{prefix} {self._given[sequence]} {about}"
        return f"{prefix}-{hmac.new(self._seed, text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]}"
