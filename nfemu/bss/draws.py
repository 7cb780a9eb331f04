"""Chance that depends on nothing but a seed, whom it is about, and what for.

Counter-based: no draw follows another one, so the order in which accounts come up, a crash, or a person more change
nothing for anybody else, and a simulator that draws for a million at once agrees to the last bit. The number is the
first eight octets, big-endian, of the BLAKE2b digest (RFC 7693, 64 octets, no key) of seed, person and event: each its
UTF-8 text, behind that text's length in eight octets, big-endian.
"""

from datetime import timedelta
from hashlib import blake2b

_WIDTH = 8
"""Octets of a length, and of what is drawn."""
RANGE = 2 ** (8 * _WIDTH)
"""Draws are below it."""


def draw(seed: int, who: str, event: str) -> int:
    """From 0 up to, but not including, `RANGE`."""
    digest = blake2b()
    for part in (str(seed), who, event):
        octets = part.encode()
        digest.update(len(octets).to_bytes(_WIDTH, "big"))
        digest.update(octets)
    return int.from_bytes(digest.digest()[:_WIDTH], "big")


def spread(seed: int, who: str, event: str, window: timedelta) -> timedelta:
    """Somewhere in `window`, in whole seconds: from 0 up to, but not including it; 0 for one of less than a second.

    Scaled, not reduced modulo: a window that grows moves everybody outward and nobody past anybody else.
    """
    seconds = max(0, window // timedelta(seconds=1))
    return timedelta(seconds=draw(seed, who, event) * seconds // RANGE)
