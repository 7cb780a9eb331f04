"""Two strings side by side: every octet is there, and what differs is marked."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nfemu.wechat.debugging.differences import Piece, compare, visible, visible_line

_OCTETS = st.binary(max_size=60) | st.text("ab\n{", max_size=60).map(str.encode)


@given(_OCTETS, _OCTETS)
def test_nothing_is_lost_and_what_is_not_marked_is_the_same(left: bytes, right: bytes) -> None:
    found = compare(left, right)
    for side, pieces in ((left, found.left), (right, found.right)):
        assert b"".join(piece.octets for piece in pieces) == side
        assert all(one.differs is not other.differs for one, other in pairwise(pieces))
    same = [b"".join(piece.octets for piece in pieces if not piece.differs) for pieces in (found.left, found.right)]
    assert same[0] == same[1]
    assert (found.first is None) is (left == right)
    if found.first is not None:
        assert left[: found.first] == right[: found.first]
        assert left[found.first : found.first + 1] != right[found.first : found.first + 1]


def test_all_that_differs_is_marked() -> None:
    found = compare(b"POST\n/v3\n1554208460\nABC\n\n", b"POST\n/v3?a\n1554208461\nABC\n")
    assert found.left == (
        Piece(b"POST\n/v3\n155420846", differs=False),
        Piece(b"0", differs=True),
        Piece(b"\nABC", differs=False),
        Piece(b"\n", differs=True),
        Piece(b"\n", differs=False),
    )
    assert [piece.octets for piece in found.right if piece.differs] == [b"?a", b"1"]
    assert found.first == 8


def test_what_is_too_long_to_be_told_apart_is_marked_whole() -> None:
    left, right = b"head" + b",;" * 400 + b"tail", b"head" + b";." * 400 + b"tail"
    found = compare(left, right)
    assert [piece.differs for piece in found.left] == [False, True, False]
    assert found.left[1].octets == left[4:-4]


def test_what_nobody_sees_is_shown() -> None:
    assert visible(b"a\n\r\t\x00\xff" + "\u200b\ufeff\u202e\u00a0 话".encode()) == (
        "a↵\n␍␉␀⟨FF⟩⟨U+200B⟩⟨U+FEFF⟩⟨U+202E⟩⟨U+00A0⟩ 话")  # fmt: skip
    assert visible_line("a\nb\x1b[31m") == "a↵b␛[31m"
