"""What the table has counted, read from nft's listing."""

import re
from collections.abc import Iterator

from nfemu.policy.compile.families import DIRECTIONS, FAMILIES

Counted = tuple[str, str, int]
"""Direction (`up` or `down`), line (its address, or the first of its /64) and mark of the use."""

COUNTERS = tuple(family.used(direction) for family in FAMILIES for direction in DIRECTIONS)
"""The sets to list."""

_SET_OR_ELEMENT = re.compile(
    r"set used_(?P<direction>up|down)"
    r"|(?P<line>[0-9a-f.:]+) \. (?P<mark>0x[0-9a-f]+)(?: (?:timeout|expires) \w+)*"
    r" counter packets \d+ bytes (?P<octets>\d+)"
)


def read_counters(listing: str) -> Iterator[tuple[Counted, int]]:
    """Octets of IP packets, headers included, since the kernel has had each counter."""
    direction = ""
    for found in _SET_OR_ELEMENT.finditer(listing):
        if found["direction"]:
            direction = found["direction"]
        else:
            yield (direction, found["line"], int(found["mark"], 16)), int(found["octets"])
