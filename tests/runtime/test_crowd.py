from dataclasses import dataclass

from nfemu.runtime.crowd import Bounds, Crowd, Guests, sender

A, B, C = "a", "b", "c"


@dataclass(eq=False)
class One:
    idle: bool = True
    was_cut: bool = False

    def cut(self) -> None:
        self.was_cut = True


def test_crowd() -> None:
    crowd: Crowd[str, str] = Crowd(Bounds(per_line=2, in_all=3))
    assert [crowd.enter(A, each) for each in ("1", "2", "3")] == [True, True, False]
    assert [crowd.enter(B, each) for each in ("4", "5")] == [True, False]
    assert (crowd.of_line(A), crowd.all(), len(crowd)) == (["1", "2"], ["1", "2", "4"], 3)
    for each in ("1", "1", "9"):
        crowd.leave(A, each)
    crowd.leave(B, "4")
    crowd.leave(B, "4")
    assert (crowd.all(), crowd.of_line(B), len(crowd)) == (["2"], [], 1)


def test_of_a_full_line_whoever_has_been_idle_longest_gives_way() -> None:
    guests: Guests[str, One] = Guests(Bounds(per_line=3, in_all=9))
    busy, first, second, third = One(idle=False), One(), One(), One()
    other = One()
    assert all(guests.enter(line, each) for line, each in ((B, other), (A, busy), (A, first), (A, second)))
    assert guests.enter(A, third)
    assert (first.was_cut, guests.of_line(A)) == (True, [busy, second, third])
    second.idle = third.idle = False
    assert not guests.enter(A, One())
    assert not any(each.was_cut for each in (busy, second, third, other))


def test_where_all_is_full_the_line_with_most_gives_way() -> None:
    guests: Guests[str, One] = Guests(Bounds(per_line=3, in_all=4))
    of_a, of_b = [One() for _ in range(3)], One()
    assert all(guests.enter(A, each) for each in of_a)
    assert guests.enter(B, of_b)
    newcomer = One()
    assert guests.enter(C, newcomer)
    assert [each.was_cut for each in of_a] == [True, False, False]
    assert (of_b.was_cut, guests.of_line(C), len(guests)) == (False, [newcomer], 4)


def test_nobody_makes_room_in_an_empty_house() -> None:
    guests: Guests[str, One] = Guests(Bounds(per_line=1, in_all=0))
    assert not guests.enter(A, One())


def test_a_line_is_an_ipv4_address_or_a_64() -> None:
    assert sender(bytes((10, 45, 0, 2))) == bytes((10, 45, 0, 2))
    assert sender(bytes(range(16))) == sender(bytes(range(8)) + b"elsewher")
