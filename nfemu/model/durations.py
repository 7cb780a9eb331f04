"""Durations as commands and the API write them."""

import re
from datetime import timedelta

from nfemu.model.errors import InvalidInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration(text: str) -> timedelta:
    """Read `90s`, `15m`, `24h`, `30d`, or several of them (`1d12h`). Raises InvalidInput."""
    if not re.fullmatch(r"([0-9]{1,7}[smhd])+", text, re.ASCII):
        raise InvalidInput(f"`{text}` is not a duration; write it like 15m, 24h or 1d12h")
    return timedelta(seconds=sum(int(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"[0-9]+[smhd]", text)))
