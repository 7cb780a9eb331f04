"""Identifiers: prefixed, fresh, short enough for a payment provider, and the same after the same seed."""

import re

from nfemu.runtime.ids import SeededIds


def test_an_identifier_is_fresh_and_fits_a_provider() -> None:
    ids = SeededIds(b"s" * 32)
    one, two = ids.new("pay"), ids.new("pay")
    assert one != two
    assert re.fullmatch(r"pay-[0-9a-f]{24}", one)
    assert 6 <= len(one) <= 32


def test_a_seed_gives_the_same_identifiers_whatever_is_asked_for_in_between() -> None:
    one, other = SeededIds(b"s" * 32), SeededIds(b"s" * 32)
    other.new("cor")
    other.new("ord", "zhang")
    assert [one.new("ord"), one.new("ord")] == [other.new("ord"), other.new("ord")]
    assert one.new("ord", "zhang") not in {one.new("ord"), one.new("ord", "li"), one.new("ord", "zhang")}
    assert SeededIds(b"t" * 32).new("ord") not in {SeededIds(b"s" * 32).new("ord"), one.new("ord")}
