"""Moments as people write them."""

from datetime import UTC, datetime

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.model.moments import moment_of


def test_a_moment() -> None:
    assert moment_of("2026-11-01T08:00:00+08:00") == datetime(2026, 11, 1, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="`yesterday` is not a moment; write it like"):
        moment_of("yesterday")
