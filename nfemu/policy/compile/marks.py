"""The numbers that packets carry for their line's profile."""

from collections.abc import Iterable
from zlib import crc32

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import PolicyName


def mark_of(name: PolicyName) -> int:
    """The same on every machine and after every reload, so that the elements that carry it outlive the rules.

    Never 0, which is the mark of a line without profile.
    """
    return crc32(name.encode()) or 1


def marks_of(names: Iterable[PolicyName]) -> dict[int, PolicyName]:
    """Raises InvalidInput where two names have one number, which is one chance in four thousand millions."""
    marks: dict[int, PolicyName] = {}
    for name in names:
        other = marks.setdefault(mark_of(name), name)
        if other != name:
            raise InvalidInput(f"profiles `{other}` and `{name}` cannot be told apart on bearers; rename one of them")
    return marks
