"""Who is here at the moment, by line: no line takes the place of the others."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

_PREFIX = 8
"""Octets of an IPv6 address that are the network's; a phone chooses the rest itself (TS 23.401, 5.3.1.2.2)."""


def sender(source: bytes) -> bytes:
    """Whose packed address it is: an IPv4 address, or a /64. A line with both counts as two."""
    return source[:_PREFIX]


class Guest(Hashable, Protocol):
    """A connection that can be told to go."""

    @property
    def idle(self) -> bool:
        """Nobody would miss it: it has not said yet what it wants, or has got it."""

    def cut(self) -> None:
        """End it now. It leaves by itself, later."""


Line = TypeVar("Line", bound=Hashable)
Member = TypeVar("Member", bound=Hashable)
AnyGuest = TypeVar("AnyGuest", bound=Guest)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Connections at a time, of one line and in all."""

    per_line: int
    in_all: int


class Crowd(Generic[Line, Member]):
    """Connections, each of one line."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._by_line: dict[Line, dict[Member, None]] = {}
        """In the order of coming."""
        self._count = 0

    def enter(self, line: Line, member: Member) -> bool:
        """False, and not entered, where there is no place for another one."""
        members = self._by_line.get(line, {})
        if self._count >= self._bounds.in_all or len(members) >= self._bounds.per_line:
            return False
        self._by_line.setdefault(line, members)[member] = None
        self._count += 1
        return True

    def leave(self, line: Line, member: Member) -> None:
        """No error where it is not here."""
        members = self._by_line.get(line)
        if members is None or member not in members:
            return
        del members[member]
        self._count -= 1
        if not members:
            del self._by_line[line]

    def of_line(self, line: Line) -> list[Member]:
        return list(self._by_line.get(line, ()))

    def all(self) -> list[Member]:
        return [member for members in self._by_line.values() for member in members]

    def __len__(self) -> int:
        return self._count

    def _lines_in_the_way(self, line: Line) -> Iterator[Line]:
        """Of another one of `line`: itself where it has all that a line may have, else whoever has most."""
        if len(self._by_line.get(line, ())) >= self._bounds.per_line:
            yield line
        elif self._by_line:
            yield max(self._by_line, key=lambda each: len(self._by_line[each]))


class Guests(Crowd[Line, AnyGuest]):
    """A crowd in which the idle give way, those who have been here longest first."""

    def enter(self, line: Line, member: AnyGuest) -> bool:
        """False where nobody who is in its way is idle."""
        return super().enter(line, member) or (self._make_room(line) and super().enter(line, member))

    def _make_room(self, line: Line) -> bool:
        """Somebody idle goes, so that another one of `line` can come. False: there is nobody."""
        for crowded in self._lines_in_the_way(line):
            for guest in self._by_line[crowded]:
                if guest.idle:
                    self.leave(crowded, guest)
                    guest.cut()
                    return True
        return False
