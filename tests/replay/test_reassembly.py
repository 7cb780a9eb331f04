"""A client's octets out of its segments, however they came."""

from hypothesis import given
from hypothesis import strategies as st

from nfemu.replay.reassembly import Stream

DATA = bytes(range(64))
FIRST = 0xFFFFFFF0


@st.composite
def segments(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    """All of DATA, cut, repeated, overlapping, in any order."""
    cuts = sorted({0, *draw(st.lists(st.integers(1, 63), max_size=12))})
    ends = [*cuts[1:], len(DATA)]
    own = list(zip(cuts, ends, strict=True))
    more = draw(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 64)), max_size=12))
    return [(at, DATA[at:end]) for at, end in draw(st.permutations(own + more))]


@given(segments(), st.integers(0, (1 << 32) - 1))
def test_any_order_gives_the_octets(parts: list[tuple[int, bytes]], first: int) -> None:
    stream = Stream(first, 4096)
    for at, data in parts:
        stream.add((first + at) % (1 << 32), data)
    assert (bytes(stream.data), stream.has_gap, stream.cut) == (DATA, False, False)


def test_the_first_copy_counts() -> None:
    stream = Stream(FIRST, 64)
    stream.add(FIRST, b"abc")
    stream.add(FIRST + 1, b"XXde")
    assert bytes(stream.data) == b"abcde"


def test_a_probe_of_a_kept_connection_is_no_data() -> None:
    stream = Stream(FIRST, 64)
    stream.add(FIRST - 1, b"\0")
    stream.add(FIRST, b"abc")
    stream.add(FIRST - 1, b"\0abcd")
    assert bytes(stream.data) == b"abcd"


def test_gaps_are_known() -> None:
    stream = Stream(0, 64)
    stream.add(0, b"ab")
    stream.add(4, b"ef")
    assert (bytes(stream.data), stream.has_gap) == (b"ab", True)


def test_no_more_than_is_wanted_is_kept() -> None:
    stream = Stream(0, 4)
    for at in range(2, 20, 2):
        stream.add(at, b"xx")
    assert stream.cut
    stream.add(0, b"yyy")
    assert bytes(stream.data) == b"yyyx"
