"""Patterns: `*` stands for anything, line ends included."""

import re
from functools import lru_cache


def matches(pattern: str, text: str) -> bool:
    """Whether all of `text` is like `pattern`."""
    return _compiled(pattern).fullmatch(text) is not None


def contains(pattern: str, text: str) -> bool:
    """Whether something in `text` is like `pattern`."""
    return _compiled(pattern).search(text) is not None


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
