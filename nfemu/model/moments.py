"""Moments as people write them."""

from datetime import datetime

from nfemu.model.errors import InvalidInput


def moment_of(text: str) -> datetime:
    """Raises InvalidInput."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"`{text}` is not a moment; write it like 2026-11-01T08:00:00+08:00") from None
