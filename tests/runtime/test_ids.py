"""Identifiers: prefixed, fresh, short enough for a payment provider."""

import re

from nfemu.runtime.ids import RandomIds


def test_an_identifier_is_fresh_and_fits_a_provider() -> None:
    ids = RandomIds()
    one, two = ids.new("pay"), ids.new("pay")
    assert one != two
    assert re.fullmatch(r"pay-[0-9a-f]{24}", one)
    assert 6 <= len(one) <= 32
