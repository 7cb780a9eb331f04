"""Mutations of bytes: what a random octet changes, and what somebody who knows the protocol would try."""

from collections.abc import Callable, Sequence
from random import Random

LONGEST = 6000
"""Octets of a mutated input; limits beyond it (64 KiB heads) have tests of their own."""

_NUMBERS = (b"0", b"00", b"1", b"-1", b"+1", b"0x10", b"255", b"256", b"65535", b"65536", b"4294967296", b"9" * 20)
_OCTETS = bytes((0, 1, 9, 10, 13, 32, 34, 35, 37, 44, 58, 59, 64, 91, 92, 95, 127, 128, 194, 255))

Pool = Sequence[bytes]
_Mutation = Callable[[Random, bytes, Pool, Pool], bytes]


def mutate(random: Random, pool: Pool, tokens: Pool) -> bytes:
    """One of `pool` after one to six mutations; `tokens` are the protocol's own words."""
    data = random.choice(pool)
    for _ in range(1 + min(random.getrandbits(3), random.getrandbits(3), 5)):
        data = random.choice(_MUTATIONS)(random, data, pool, tokens)
    return data[:LONGEST]


def _span(random: Random, data: bytes) -> tuple[int, int]:
    """Somewhere in `data`; mostly short, possibly empty."""
    start = random.randint(0, len(data))
    length = random.choice((0, 1, 1, 2, 4, 8, 16, 64, len(data)))
    return start, min(len(data), start + length)


def _flip(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    if not data:
        return data
    place = random.randrange(len(data))
    return data[:place] + bytes((data[place] ^ (1 << random.randrange(8)),)) + data[place + 1 :]


def _octet(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    start, end = _span(random, data)
    return data[:start] + bytes((random.choice(_OCTETS),)) + data[min(end, start + 1) :]


def _remove(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    start, end = _span(random, data)
    return data[:start] + data[end:]


def _repeat(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    start, end = _span(random, data)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 7)) + data[end:]


def _move(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    start, end = _span(random, data)
    part, rest = data[start:end], data[:start] + data[end:]
    place = random.randint(0, len(rest))
    return rest[:place] + part + rest[place:]


def _insert(random: Random, data: bytes, _: Pool, tokens: Pool) -> bytes:
    place = random.randint(0, len(data))
    return data[:place] + random.choice(tokens) + data[place:]


def _overwrite(random: Random, data: bytes, _: Pool, tokens: Pool) -> bytes:
    start, end = _span(random, data)
    return data[:start] + random.choice(tokens) + data[end:]


def _exchange(random: Random, data: bytes, _: Pool, tokens: Pool) -> bytes:
    """One of the protocol's words for another, wherever the first stands."""
    known = [token for token in tokens if token in data]
    return data.replace(random.choice(known), random.choice(tokens), 1) if known else data


def _number(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    """A run of digits for another number."""
    places = [place for place, octet in enumerate(data) if 48 <= octet < 58]
    if not places:
        return data
    start = end = random.choice(places)
    while end < len(data) and 48 <= data[end] < 58:
        end += 1
    return data[:start] + random.choice(_NUMBERS) + data[end:]


def _case(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    start, end = _span(random, data)
    return data[:start] + data[start:end].swapcase() + data[end:]


def _line(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    """A line once more, somewhere else."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    lines.insert(random.randint(0, len(lines)), random.choice(lines))
    return b"".join(lines)


def _splice(random: Random, data: bytes, pool: Pool, _: Pool) -> bytes:
    other = random.choice(pool)
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _cut(random: Random, data: bytes, _: Pool, __: Pool) -> bytes:
    return data[: random.randint(0, len(data))]


_MUTATIONS: tuple[_Mutation, ...] = (
    _flip,
    _octet,
    _remove,
    _repeat,
    _move,
    _insert,
    _insert,
    _overwrite,
    _exchange,
    _number,
    _case,
    _line,
    _splice,
    _cut,
)
