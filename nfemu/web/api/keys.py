"""How a caller names what must happen once."""

from typing import Annotated

from fastapi import Header

Key = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=64, description="Of the caller's choice.")
]
