"""Patterns: `*` stands for anything, line ends included.

The pieces between are looked for one after the other, each as early as it can be: whatever a pattern looks like, a text
is gone through once.
"""


def matches(pattern: str, text: str) -> bool:
    """Whether all of `text` is like `pattern`."""
    first, star, rest = pattern.partition("*")
    if not star:
        return text == pattern
    middle, _, last = rest.rpartition("*")
    inner = text[len(first) : len(text) - len(last)]
    fits = len(first) + len(last) <= len(text) and text.startswith(first) and text.endswith(last)
    return fits and contains(middle, inner)


def contains(pattern: str, text: str) -> bool:
    """Whether something in `text` is like `pattern`."""
    at = 0
    for piece in pattern.split("*"):
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True
