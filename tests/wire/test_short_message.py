"""Texts as parts of short messages, and joined again as a phone does."""

from hypothesis import given
from hypothesis import strategies as st

from nfemu.wire.short_message import parts
from tests.fakes.messages import joined


def test_seventy_characters_are_one_message_and_one_more_are_two() -> None:
    assert parts("欠" * 70, "ntc-1") == ["欠".encode("utf-16-be") * 70]
    assert list(map(len, parts("欠" * 71, "ntc-1"))) == [140, 14]
    assert len(parts("欠" * 134, "ntc-1")) == 2
    assert len(parts("欠" * 135, "ntc-1")) == 3


def test_a_message_that_comes_again_has_the_same_reference() -> None:
    text = "欠费" * 50
    assert parts(text, "ntc-1") == parts(text, "ntc-1")
    assert parts(text, "ntc-1")[0][3] != parts(text, "ntc-2")[0][3]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_every_text_is_joined_again_and_every_part_fits(text: str) -> None:
    found = parts(text, "ntc-1")
    assert joined(found) == text
    assert all(len(part) <= 140 for part in found)


def test_no_part_cuts_a_character_of_two_units() -> None:
    text = "a" * 66 + "😀" * 40
    found = parts(text, "ntc-1")
    assert joined(found) == text
    assert len(found[0]) == 6 + 2 * 66
