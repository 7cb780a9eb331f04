"""Doubles among singles, ranges and a bulk: the same ones that a plain set would find."""

from hypothesis import given
from hypothesis import strategies as st

from nfemu.settings.register import Place, Register

VALUES = st.integers(min_value=0, max_value=60)
RANGES = st.tuples(VALUES, st.integers(min_value=1, max_value=6))


def filled(singles: list[int], ranges: list[tuple[int, int]], bulk: list[int]) -> Register:
    register = Register(bulk_file="people.csv")
    for line, value in enumerate(singles, 1):
        register.add(value, Place("subscribers.yaml", line))
    for line, (first, count) in enumerate(ranges, 100):
        register.add_range(first, count, Place("subscribers.yaml", line))
    for line, value in enumerate(bulk, 2):
        register.add_bulk(value, line)
    return register


@given(st.lists(VALUES, max_size=8), st.lists(RANGES, max_size=4), st.lists(VALUES, max_size=12))
def test_it_finds_doubles_exactly_where_there_are_some(
    singles: list[int], ranges: list[tuple[int, int]], bulk: list[int]
) -> None:
    register = filled(singles, ranges, bulk)
    everything = [*singles, *bulk]
    for first, count in ranges:
        everything += range(first, first + count)
    doubles = list(register.doubles())
    assert bool(doubles) == (len(set(everything)) < len(everything))
    assert all(everything.count(double.value) > 1 for double in doubles)
    assert all(double.place != double.first for double in doubles)
    assert all((value in register) == (value in everything) for value in range(70))


def test_every_pair_of_kinds_is_compared() -> None:
    found = {
        (double.place.line, double.first.line)
        for double in filled([5, 5, 20], [(20, 3), (22, 3), (30, 1)], [5, 30, 7, 7]).doubles()
    }
    assert found == {(2, 1), (100, 3), (101, 100), (2, 1), (3, 102), (5, 4)}


def test_a_longer_range_before_covers_a_later_one() -> None:
    doubles = list(filled([], [(0, 50), (10, 2), (40, 2)], []).doubles())
    assert [(double.place.line, double.first.line) for double in doubles] == [(101, 100), (102, 100)]


def test_the_long_tail_of_a_bad_export_is_cut() -> None:
    assert len(list(filled([], [], [1] * 1000).doubles())) == 20


def test_places_name_the_file_where_it_is_another() -> None:
    assert Place("a.yaml", 3).seen_from("a.yaml") == "line 3"
    assert Place("a.yaml", 3).seen_from("b.csv") == "a.yaml:3"
