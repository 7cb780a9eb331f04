"""Durations as commands and the API write them."""

from datetime import timedelta

import pytest

from nfemu.model.durations import duration
from nfemu.model.errors import InvalidInput


def test_durations() -> None:
    assert duration("1d12h") == timedelta(hours=36)
    assert duration("90s") == timedelta(seconds=90)


@pytest.mark.parametrize("text", ["", "5", "1.5h", "-1s", "1h 5m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a duration; write it like 15m, 24h or 1d12h"):
        duration(text)
