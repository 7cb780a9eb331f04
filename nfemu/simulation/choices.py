"""Choices by draw: of a hundred, by shares, within a time. Whole numbers only, so they agree to the last bit."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from nfemu.bss.draws import RANGE, draw

T = TypeVar("T")


def among(seed: int, who: str, event: str, percent: int) -> bool:
    """Whether this one is among so many of a hundred."""
    return up_to(seed, who, event, 99) < percent


def up_to(seed: int, who: str, event: str, most: int) -> int:
    """From 0 to `most`, each as likely."""
    drawn: int = draw(seed, who, event) * (most + 1) // RANGE
    return drawn


def share(seed: int, who: str, event: str, shares: Mapping[T, int]) -> T:
    """One of them, as likely as its share of the sum, which is more than 0."""
    left = up_to(seed, who, event, sum(shares.values()) - 1)
    for each, weight in shares.items():
        if left < weight:
            return each
        left -= weight
    raise AssertionError("a draw is less than the sum of all shares")


def soon(seed: int, who: str, event: str, window: timedelta) -> timedelta:
    """Somewhere in `window`, in whole seconds, sooner rather than later: half of all within its first quarter."""
    drawn = draw(seed, who, event)
    return timedelta(seconds=window // timedelta(seconds=1) * drawn * drawn // (RANGE * RANGE))
