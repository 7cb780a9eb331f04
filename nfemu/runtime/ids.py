"""Fresh identifiers, unguessable, since payment numbers and session ids leave the house."""

import secrets

_BYTES = 12
"""96 random bits; with a prefix of up to seven characters the number still fits a provider's 32 characters."""


class RandomIds:
    """Implements `carrier.ports.IdSource`."""

    def new(self, prefix: str) -> str:
        """Such as `ord-6fd1…`: the prefix and 24 hexadecimal digits."""
        return f"{prefix}-{secrets.token_hex(_BYTES)}"
