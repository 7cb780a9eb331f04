"""Two strings of octets side by side: what of each the other lacks, and how octets are shown that nobody sees."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

_TOKEN = re.compile(rb"[A-Za-z0-9]+|.", re.DOTALL)
_MOST_TOKENS = 600
"""Of either side, of what lies between the first and the last difference; past that all of it is marked, since finding
the shortest marks takes time with the square of this."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Octets of one side; `differs`: the other side has something else there, or nothing."""

    octets: bytes
    differs: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides whole, in pieces. `first`: the offset of the first octet that differs; None: they are the same."""

    left: tuple[Piece, ...]
    right: tuple[Piece, ...]
    first: int | None


def compare(left: bytes, right: bytes) -> Comparison:
    """What differs, by octet."""
    if left == right:
        same = (Piece(left, differs=False),)
        return Comparison(same, same, None)
    head = _common(left, right)
    tail = _common(left[head:][::-1], right[head:][::-1])
    pairs = [(left[:head], right[:head]), *_between(_inner(left, head, tail), _inner(right, head, tail))]
    pairs.append((left[len(left) - tail :], right[len(right) - tail :]))
    return Comparison(_pieces(pairs, 0), _pieces(pairs, 1), head)


def _inner(side: bytes, head: int, tail: int) -> bytes:
    return side[head : len(side) - tail]


def _between(left: bytes, right: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Pairs that are the same or differ, in their order."""
    ours, theirs = _TOKEN.findall(left), _TOKEN.findall(right)
    if max(len(ours), len(theirs)) > _MOST_TOKENS:
        yield left, right
        return
    for _, start, end, other_start, other_end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        yield from _narrowed(b"".join(ours[start:end]), b"".join(theirs[other_start:other_end]))


def _narrowed(left: bytes, right: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A pair without what both begin and end with."""
    head = _common(left, right)
    tail = _common(left[head:][::-1], right[head:][::-1])
    yield left[:head], right[:head]
    yield _inner(left, head, tail), _inner(right, head, tail)
    yield left[len(left) - tail :], right[len(right) - tail :]


def _common(left: bytes, right: bytes) -> int:
    """How many octets both begin with."""
    most = min(len(left), len(right))
    if left[:most] == right[:most]:
        return most
    low, high = 0, most
    while low < high:  # the longest prefix that is the same
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _pieces(pairs: list[tuple[bytes, bytes]], side: int) -> tuple[Piece, ...]:
    """Of one side; neighbours of one kind are one."""
    made: list[Piece] = []
    for pair in pairs:
        octets, differs = pair[side], pair[0] != pair[1]
        if made and made[-1].differs is differs:
            octets = made.pop().octets + octets
        if octets:
            made.append(Piece(octets, differs))
    return tuple(made)


def visible(octets: bytes) -> str:
    """For people: a line feed is `↵` and a new line, other control characters are their pictures, what is no UTF-8 or
    has no shape is its number."""
    return "".join(map(_shown, octets.decode("utf-8", "surrogateescape")))


def visible_line(text: str) -> str:
    """The same in one line."""
    return visible(text.encode("utf-8", "surrogateescape")).replace("↵\n", "↵")


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "↵\n"
    if code < 0x20:
        return chr(0x2400 + code)
    if 0xDC80 <= code <= 0xDCFF:  # an octet that is no UTF-8 (PEP 383)
        return f"⟨{code - 0xDC00:02X}⟩"
    if unicodedata.category(character)[0] in "CZ" and character != " ":
        return f"⟨U+{code:04X}⟩"
    return character
