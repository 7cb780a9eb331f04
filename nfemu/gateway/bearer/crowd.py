"""Who is here at the moment, by line: no line takes the place of the others."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from nfemu.model.identity import Imsi

Member = TypeVar("Member", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Connections at a time, of one line and in all."""

    per_line: int
    in_all: int


class Crowd(Generic[Member]):
    """Connections, each of one line."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._by_line: dict[Imsi, set[Member]] = {}
        self._count = 0

    def enter(self, imsi: Imsi, member: Member) -> bool:
        """False, and not entered, where there is no place for another one."""
        members = self._by_line.get(imsi)
        if self._count >= self._bounds.in_all or (members is not None and len(members) >= self._bounds.per_line):
            return False
        self._by_line.setdefault(imsi, set()).add(member)
        self._count += 1
        return True

    def leave(self, imsi: Imsi, member: Member) -> None:
        """No error where it is not here."""
        members = self._by_line.get(imsi)
        if members is None or member not in members:
            return
        members.discard(member)
        self._count -= 1
        if not members:
            del self._by_line[imsi]

    def of_line(self, imsi: Imsi) -> list[Member]:
        return list(self._by_line.get(imsi, ()))

    def all(self) -> list[Member]:
        return [member for members in self._by_line.values() for member in members]

    def __len__(self) -> int:
        return self._count
